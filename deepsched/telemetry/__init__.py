"""What happened: one record a request, and the statistics of many. The engine and the simulation both speak it."""

from __future__ import annotations

from deepsched.telemetry.record import RequestRecord, Trace
from deepsched.telemetry.snapshot import Percentiles, Snapshot, summarise

__all__ = ["Percentiles", "RequestRecord", "Snapshot", "Trace", "summarise"]
