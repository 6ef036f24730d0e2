"""How long a further stream of a model takes to open, beside a session built from the model itself."""

from __future__ import annotations

from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.contenders import build_session, count_cores
from benchmarks.jobs import Job, take_turns
from benchmarks.samples import Sample
from benchmarks.workloads import load_examples, make_transformer_stack, write_wide_mlp
from deepsched import compile_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.jobs import Effort
    from benchmarks.workloads import Workload


def plan_opening(effort: Effort) -> list[Job]:
    """Time a session, a stream and an engine of each model, all of them as wide as the machine."""
    contenders: dict[str, Callable[[Workload], float]] = {
        "session": _time_session,
        "further stream": _time_stream,
        "further engine": _time_engine,
    }
    if count_cores() == 1:
        del contenders["further stream"]  # one core has one layout
    workloads = (*load_examples(), make_transformer_stack(), write_wide_mlp(effort.folder))
    return [
        Job(f"opening {workload.name}: {name}", partial(_measure, workload, name, contenders[name], number))
        for workload in workloads
        for number, name in take_turns(list(contenders), effort.rounds)
    ]


def _measure(workload: Workload, name: str, time_opening: Callable[[Workload], float], number: int) -> list[Sample]:
    return [Sample("opening", "s", workload.name, name, number, time_opening(workload))]


def _time_session(workload: Workload) -> float:
    begin = perf_counter()
    session = build_session(workload.model, count_cores())
    seconds = perf_counter() - begin
    del session  # closing it is not opening it
    return seconds


def _time_stream(workload: Workload) -> float:
    """Time the change to one stream, the switch itself included; from a layout of none that is as wide."""
    with compile_model(workload.model, num_streams=count_cores(), scheduler="multi_stream") as engine:
        begin = perf_counter()
        engine.set_num_streams(1)
        return perf_counter() - begin


def _time_engine(workload: Workload) -> float:
    """Time a whole engine beside one that is there: reading the model and planning are in it."""
    with compile_model(workload.model):
        begin = perf_counter()
        engine = compile_model(workload.model)
        seconds = perf_counter() - begin
        engine.close()
        return seconds
