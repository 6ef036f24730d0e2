"""``set_num_streams`` while requests run: how long it takes, and whether any request notices."""

from __future__ import annotations

from functools import partial
from time import perf_counter, sleep
from typing import TYPE_CHECKING

from benchmarks.contenders import count_cores
from benchmarks.jobs import Job
from benchmarks.load import keep_calling
from benchmarks.samples import Sample
from benchmarks.workloads import load_examples
from deepsched import compile_model

if TYPE_CHECKING:
    from benchmarks.jobs import Effort
    from benchmarks.workloads import Workload

_CALLERS = 2
_CHANGES = 6


def plan_switching(effort: Effort) -> list[Job]:
    """Change squeezenet's streams between one and one a core, under two callers."""
    return [Job("set_num_streams", partial(_measure, load_examples()[0], number)) for number in range(effort.rounds)]


def _measure(workload: Workload, number: int) -> list[Sample]:
    cores = count_cores()
    seconds = []
    with compile_model(workload.model, num_streams=cores, scheduler="multi_stream") as engine:
        run = partial(engine.run, [workload.array])
        with keep_calling(lambda _: run, _CALLERS) as callers:
            for change in range(_CHANGES):
                sleep(0.1)
                begin = perf_counter()
                engine.set_num_streams(cores if change % 2 else 1)
                seconds.append(perf_counter() - begin)
    samples = [Sample("switching", "s", workload.name, "deepsched", number, value) for value in seconds]
    return [*samples, Sample("switching", "errors", workload.name, "deepsched", number, len(callers.errors))]
