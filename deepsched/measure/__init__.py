"""Load generation and what is measured under it."""

from __future__ import annotations

from deepsched.measure.closed_loop import ClosedLoop, measure_closed_loop
from deepsched.measure.examples import find_example, list_examples, make_example_input, read_example_output
from deepsched.measure.inputs import generate_inputs

__all__ = [
    "ClosedLoop",
    "find_example",
    "generate_inputs",
    "list_examples",
    "make_example_input",
    "measure_closed_loop",
    "read_example_output",
]
