"""OpenVINO as its guide has it for throughput: the THROUGHPUT hint, and AsyncInferQueue with the requests it asks for.

https://docs.openvino.ai/2026/openvino-workflow/running-inference/optimize-inference/high-level-performance-hints.html
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.load import Connect
    from benchmarks.workloads import Workload


def has_openvino() -> bool:
    """Say whether OpenVINO is installed (``pip install deepsched[bench]``)."""
    return find_spec("openvino") is not None


@contextmanager
def open_queue(workload: Workload, precision: str | None = None) -> Iterator[Connect]:
    """Compile for throughput; `precision` is ``"f32"``, or None for OpenVINO's own choice.

    To be driven by one caller: its ``start_async`` waits for an idle request, so that OPTIMAL_NUMBER_OF_INFER_REQUESTS
    are in flight all the time. Inputs are shared, not copied, and outputs are left where they are: its best case.
    """
    import openvino  # noqa: PLC0415 - an extra, and slow to load

    config = {"PERFORMANCE_HINT": "THROUGHPUT"} | ({"INFERENCE_PRECISION_HINT": precision} if precision else {})
    core = openvino.Core()
    # Read by it from the file or the bytes: both runtimes are given the same model.
    model = core.read_model(workload.model)
    compiled = core.compile_model(model, "CPU", config)
    queue = openvino.AsyncInferQueue(compiled, compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
    run = partial(queue.start_async, {0: workload.array}, share_inputs=True)
    try:
        yield lambda _: run
    finally:
        queue.wait_all()
