"""What it costs to note a request, alone."""

from __future__ import annotations

from functools import partial
from timeit import Timer
from typing import TYPE_CHECKING

from benchmarks.jobs import Job
from benchmarks.samples import Sample
from deepsched.telemetry import Trace

if TYPE_CHECKING:
    from benchmarks.jobs import Effort

_REQUESTS = 100_000


def plan_telemetry(effort: Effort) -> list[Job]:
    """Add a request to a trace that is full, as it is in an engine that has run for a while."""
    return [Job("telemetry", partial(_measure, number)) for number in range(effort.rounds)]


def _measure(number: int) -> list[Sample]:
    trace = Trace()
    times = 1.0, 2.0, 3.0
    timer = Timer(lambda: trace.add((0, *times, 1)))
    timer.timeit(_REQUESTS)
    return [Sample("telemetry", "us a request", "", "deepsched", number, timer.timeit(_REQUESTS) / _REQUESTS * 1e6)]
