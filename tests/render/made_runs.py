"""Runs that nobody measured: their numbers are known."""

from __future__ import annotations

from typing import Any

import numpy as np

from deepsched import Topology, plan_streams
from deepsched.render import Run, SweepPoint, read_alignment
from deepsched.telemetry import RequestRecord

GOLDEN = Topology.from_synthetic("pack:2 l3:1 core:8 pu:1")


def make_records(num_streams: int, requests: int, *, run: float = 0.010, gap: float = 0.002) -> tuple[Any, ...]:
    """Make requests that come every `gap` seconds and run for `run`, each on the stream that is free first."""
    free = [0.0] * num_streams
    records = []
    for number in range(requests):
        stream = min(range(num_streams), key=lambda index: free[index])
        started = max(number * gap, free[stream])
        free[stream] = started + run
        records.append(RequestRecord(stream, number * gap, started, free[stream], items=2))
    return tuple(records)


def make_run(name: str, num_streams: int, throughput: float, p99: float, *, origin: str = "measured") -> Run:
    """Make a run on the golden machine, its latencies spread evenly up to p99."""
    plan = plan_streams(GOLDEN, num_streams)
    aligned, findings = read_alignment(plan)
    spread = (throughput * 0.9, throughput * 1.1)
    interval = (p99 * 0.9, p99 * 1.2)
    point = SweepPoint(num_streams, throughput, *spread, p99 / 2, p99, aligned, findings, origin, interval, interval)
    latencies = np.linspace(0, p99, 1000) if np.isfinite(p99) else ()
    return Run(name, point, latencies, make_records(num_streams, 30), plan, {"cores": "16"})
