"""Load generation and what is measured under it."""

from __future__ import annotations

from deepsched.measure.benchmark import benchmark_model
from deepsched.measure.bootstrap import Estimate
from deepsched.measure.closed_loop import ClosedLoop, measure_closed_loop
from deepsched.measure.comparison import Comparison, compare_rounds
from deepsched.measure.examples import find_example, list_examples, make_example_input, read_example_output
from deepsched.measure.index_bounds import find_index_bounds
from deepsched.measure.inputs import generate_inputs, read_inputs
from deepsched.measure.interleave import Measurement, measure_interleaved
from deepsched.measure.load import ClosedLoad, OpenLoad, Times
from deepsched.measure.result import BenchmarkResult
from deepsched.measure.rounds import Round, measure_round
from deepsched.measure.setting import Setting
from deepsched.measure.stability import Stability
from deepsched.measure.statistics import Statistics, analyse

__all__ = [
    "BenchmarkResult",
    "ClosedLoad",
    "ClosedLoop",
    "Comparison",
    "Estimate",
    "Measurement",
    "OpenLoad",
    "Round",
    "Setting",
    "Stability",
    "Statistics",
    "Times",
    "analyse",
    "benchmark_model",
    "compare_rounds",
    "find_example",
    "find_index_bounds",
    "generate_inputs",
    "list_examples",
    "make_example_input",
    "measure_closed_loop",
    "measure_interleaved",
    "measure_round",
    "read_example_output",
    "read_inputs",
]
