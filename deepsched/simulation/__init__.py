"""A machine that you do not have: service times from a model of the costs, and requests that queue for them."""

from __future__ import annotations

from deepsched.simulation.costs import Costs
from deepsched.simulation.estimate import Estimate
from deepsched.simulation.result import Simulation
from deepsched.simulation.service import ServiceTime, predict_service_times
from deepsched.simulation.simulate import simulate, simulate_all
from deepsched.simulation.workload import WORKLOADS, Workload

__all__ = [
    "WORKLOADS",
    "Costs",
    "Estimate",
    "ServiceTime",
    "Simulation",
    "Workload",
    "predict_service_times",
    "simulate",
    "simulate_all",
]
