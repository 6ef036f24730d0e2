"""The engine must not change a single bit: its outputs beside onnxruntime's at the same number of threads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.contenders import bind_run, build_session, count_cores, open_engine
from benchmarks.jobs import Job
from benchmarks.samples import Sample
from benchmarks.workloads import (
    load_examples,
    make_mlp_512,
    make_one_matmul,
    make_transformer_stack,
    write_wide_mlp,
)

if TYPE_CHECKING:
    from benchmarks.jobs import Effort
    from benchmarks.workloads import Workload


def plan_equality(effort: Effort) -> list[Job]:
    """Compare every model that is measured here, under both schedulers. Once: bits do not vary by round."""
    workloads = (
        *load_examples(),
        make_transformer_stack(),
        make_mlp_512(),
        make_one_matmul(),
        write_wide_mlp(effort.folder),
    )
    return [
        Job(f"bits of {workload.name}: num_streams {num_streams}", partial(_measure, workload, num_streams))
        for workload in workloads
        for num_streams in sorted({1, count_cores()})
    ]


def _measure(workload: Workload, num_streams: int) -> list[Sample]:
    num_threads = count_cores() // num_streams
    expected = bind_run(build_session(workload.model, num_threads), workload)()
    with open_engine(workload, num_streams) as connect:
        given = connect(0)()
    differs = not have_same_bits(expected, given)
    return [Sample("equality", "models that differ", workload.name, "deepsched", 0, float(differs))]


def have_same_bits(expected: Any, given: Any) -> bool:
    """Say whether two lists of arrays agree to the last bit: NaN equals itself, and -0 is not 0."""
    return len(expected) == len(given) and all(
        a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
        for a, b in zip(map(np.asarray, expected), map(np.asarray, given), strict=True)
    )
