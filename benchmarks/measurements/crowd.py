"""Many more callers than cores: whether the queue keeps the cores busy, and whether it is fair."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.contenders import count_cores, open_default, open_engine
from benchmarks.jobs import Job, take_turns
from benchmarks.load import drive
from benchmarks.samples import Sample
from benchmarks.workloads import make_mlp_512

if TYPE_CHECKING:
    from benchmarks.contenders import Opener
    from benchmarks.jobs import Effort

CALLERS = 32


def plan_crowd(effort: Effort) -> list[Job]:
    """Let 32 callers share onnxruntime's default session, and an engine of one stream a core."""
    contenders: dict[str, Opener] = {
        "default session": open_default,
        "deepsched": partial(open_engine, num_streams=count_cores()),
    }
    return [
        Job(f"32 callers: {name}", partial(_measure, name, contenders[name], number, effort))
        for number, name in take_turns(list(contenders), effort.rounds)
    ]


def _measure(name: str, open_contender: Opener, number: int, effort: Effort) -> list[Sample]:
    workload = make_mlp_512()
    with open_contender(workload) as connect:
        load = drive(connect, CALLERS, effort.seconds, effort.warm_up)
    figures = {
        "requests/s": load.throughput(),
        "p99, s": float(np.percentile(load.latencies(), 99)),
        "unluckiest share": load.unluckiest_share(),
    }
    return [Sample("crowd", quantity, workload.name, name, number, value) for quantity, value in figures.items()]
