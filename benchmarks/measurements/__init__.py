"""What is measured, one module each: a function from an `Effort` to the list of its jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.measurements.crowd import plan_crowd
from benchmarks.measurements.dispatch import plan_dispatch
from benchmarks.measurements.equality import plan_equality
from benchmarks.measurements.memory import plan_memory
from benchmarks.measurements.opening import plan_opening
from benchmarks.measurements.switching import plan_switching
from benchmarks.measurements.telemetry import plan_telemetry
from benchmarks.measurements.throughput import plan_throughput

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.jobs import Effort, Job

MEASUREMENTS: dict[str, Callable[[Effort], list[Job]]] = {
    "equality": plan_equality,
    "dispatch": plan_dispatch,
    "telemetry": plan_telemetry,
    "crowd": plan_crowd,
    "throughput": plan_throughput,
    "memory": plan_memory,
    "opening": plan_opening,
    "switching": plan_switching,
}
