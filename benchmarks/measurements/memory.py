"""What one more stream or engine of a model costs in memory, as a share of the model's weights.

Measured as PSS (proportional set size, see proc(5)) in processes of their own, so that no heap hides what grows.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.contenders import count_cores
from benchmarks.holder import start_holder
from benchmarks.jobs import Job, take_turns
from benchmarks.samples import Sample
from benchmarks.workloads import WIDE_WEIGHT_BYTES, write_wide_mlp

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.jobs import Effort
    from benchmarks.workloads import Workload

_FURTHER = 4
_MOST_ROUNDS = 3  # memory does not vary as time does


def plan_memory(effort: Effort) -> list[Job]:
    """Measure further streams, engines in one process, an engine in a second process, and onnxruntime's sessions."""
    contenders: dict[str, Callable[[Workload], float]] = {
        "session": partial(_grow_in_one_process, kind="session", size=count_cores()),
        "stream": _grow_by_streams,
        "engine": partial(_grow_in_one_process, kind="engine", size=1),
        "engine in a second process": _grow_by_process,
    }
    if count_cores() == 1:
        del contenders["stream"]  # one core has one stream
    workload = write_wide_mlp(effort.folder)
    return [
        Job(f"memory: further {name}", partial(_measure, workload, name, contenders[name], number))
        for number, name in take_turns(list(contenders), min(effort.rounds, _MOST_ROUNDS))
    ]


def _measure(workload: Workload, name: str, grow: Callable[[Workload], float], number: int) -> list[Sample]:
    with start_holder() as holder:
        holder.open("engine", 1, workload)  # preparing the model, if it is the first time, is nobody's growth
    share = grow(workload) / WIDE_WEIGHT_BYTES
    return [Sample("memory", "PSS / weights", workload.name, name, number, share)]


def _grow_in_one_process(workload: Workload, kind: str, size: int) -> float:
    with start_holder() as holder:
        holder.open(kind, size, workload)
        before = holder.read_pss()
        for _ in range(_FURTHER):
            holder.open(kind, size, workload)
        return (holder.read_pss() - before) / _FURTHER


def _grow_by_process(workload: Workload) -> float:
    with start_holder() as first, start_holder() as second:
        first.open("engine", 1, workload)
        before = first.read_pss() + second.read_pss()
        second.open("engine", 1, workload)
        return first.read_pss() + second.read_pss() - before


def _grow_by_streams(workload: Workload) -> float:
    """Compare two engines; streams of two cores where there are enough, because those of one share a session."""
    streams = max(2, count_cores() // 2)
    return (_read_engine(workload, streams) - _read_engine(workload, 1)) / (streams - 1)


def _read_engine(workload: Workload, num_streams: int) -> int:
    with start_holder() as holder:
        holder.open("engine", num_streams, workload)
        return holder.read_pss()
