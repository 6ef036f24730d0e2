"""Notebooks for the tests, in files: each cell is a text of code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = "pack:2 l3:1 core:8 pu:1"

GOLDEN_LAB = f"""\
from deepsched_widgets import StreamLab

lab = StreamLab(topology="{GOLDEN}", num_streams=2)
lab"""

# The golden machine, and this one.
TWO_LABS = [GOLDEN_LAB, "here = StreamLab(num_streams=1, clients=2)\nhere"]

# The same, but with runs that are soon over, and little time to tune.
SHORT_LABS = [
    GOLDEN_LAB,
    "here = StreamLab(num_streams=1, clients=2, seconds=10, budget=8)\nhere",
]

# The golden machine, and two labs on one engine.
THREE_LABS = [
    GOLDEN_LAB,
    """\
from deepsched import compile_model
from deepsched.measure import find_example

engine = compile_model(find_example("light_squeezenet"), scheduler="multi_stream", num_streams=1)
first = StreamLab(engine, clients=2)
first""",
    "second = StreamLab(engine, clients=2)\nsecond",
]

# One of each, in the states that show the most.
GALLERY = [
    f"""\
from deepsched import Topology, plan_streams, simulate
from deepsched.render import SweepPoint, Timeline
from deepsched_widgets import MachineMap, RequestTimeline, StreamLab, SweepChart, ThroughputChart

golden = Topology.from_synthetic("{GOLDEN}")


def imagine(**schedule):
    plan = plan_streams(golden, **schedule)
    return simulate(plan, "small convnet", clients=16, requests=2000)


def describe(found):
    rate, latency = found.throughput, found.snapshot.latency
    what = rate.value, rate.low, rate.high, latency.p50, latency.p99
    return SweepPoint(found.plan.num_streams, *what, origin="simulated")


single, multi = imagine(scheduler="single_stream"), imagine(num_streams=4)""",
    "MachineMap(plan_streams(golden, 3))",
    'RequestTimeline([Timeline(f.plan.scheduler.value, f.records, origin="simulated") for f in (single, multi)])',
    "SweepChart([describe(imagine(num_streams=n)) for n in (1, 2, 3, 4, 8, 16)], golden)",
    'ThroughputChart(16, "simulated")',
    f'StreamLab(topology="{GOLDEN}", num_streams=3)',
]

# The golden machine, and one of 128 cores.
STATES = [GOLDEN_LAB, 'StreamLab(topology="epyc-7763", num_streams=24)']

# A model of almost no work, so that as many requests as a real one serves in half an hour take a minute, and periods as
# short as the runs, so that each has as many samples as one of a minute.
HASTY_LAB = """\
import onnx.parser

from deepsched_widgets import StreamLab
from deepsched_widgets.lab import live_run

text = '<ir_version: 9, opset_import: ["": 17]> tiny (float[1] x) => (float[1] y) { y = Relu(x) }'
live_run.PERIOD /= 60
lab = StreamLab(onnx.parser.parse_model(text), num_streams=1, rate=1000, seconds=2)
lab"""

LIVE_LAB = """\
from deepsched_widgets import StreamLab

lab = StreamLab()
lab"""

NOTEBOOKS = {
    "golden.ipynb": [GOLDEN_LAB],
    "two-labs.ipynb": TWO_LABS,
    "three-labs.ipynb": THREE_LABS,
    "gallery.ipynb": GALLERY,
    "hasty.ipynb": [HASTY_LAB],
    "live.ipynb": [LIVE_LAB],
    "states.ipynb": STATES,
    "short-labs.ipynb": SHORT_LABS,
}


def write_notebook(path: Path, *cells: str) -> Path:
    """Write a notebook of these code cells, not yet run."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, path)
    return path
