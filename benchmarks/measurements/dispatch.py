"""One caller and a model that costs next to nothing: what is left is what the engine costs a request."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.contenders import count_cores, open_engine, open_with_threads
from benchmarks.jobs import Job, take_turns
from benchmarks.load import drive
from benchmarks.samples import Sample
from benchmarks.workloads import make_one_matmul

if TYPE_CHECKING:
    from benchmarks.contenders import Opener
    from benchmarks.jobs import Effort


# Microseconds follow each whim of the machine's clock: many short turns bring all contenders through the same ones.
_TURNS = 4


def plan_dispatch(effort: Effort) -> list[Job]:
    """Compare ``engine.run`` with ``session.run`` at the same number of threads: all cores' first, then one."""
    cores = count_cores()
    contenders: dict[str, Opener] = {
        "session.run": partial(open_with_threads, num_threads=cores),
        "engine.run": partial(open_engine, num_streams=1),
        "session.run, 1 thread": partial(open_with_threads, num_threads=1),
        "engine.run, one stream a core": partial(open_engine, num_streams=cores),
    }
    return [
        Job(f"dispatch: {name}", partial(_measure, name, contenders[name], number, effort))
        for number, name in take_turns(list(contenders), _TURNS * effort.rounds)
    ]


def _measure(name: str, open_contender: Opener, number: int, effort: Effort) -> list[Sample]:
    workload = make_one_matmul()
    with open_contender(workload) as connect:
        load = drive(connect, 1, effort.seconds / _TURNS, effort.warm_up)
    return [Sample("dispatch", "p50, s", workload.name, name, number, float(np.median(load.latencies())))]
