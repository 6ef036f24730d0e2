"""Who gets which cores: pure functions from a topology and a wish to a plan with its findings."""

from __future__ import annotations

from deepsched.planning.cores import choose_cores
from deepsched.planning.plan import Adjustment, Finding, PlannedStream, StreamPlan
from deepsched.planning.planner import plan_all, plan_streams
from deepsched.planning.scheduler import Scheduler

__all__ = [
    "Adjustment",
    "Finding",
    "PlannedStream",
    "Scheduler",
    "StreamPlan",
    "choose_cores",
    "plan_all",
    "plan_streams",
]
