"""What happened: one record a request, and the statistics of many. The engine and the simulation both speak it."""

from __future__ import annotations

from deepsched.telemetry.record import RequestRecord, Trace
from deepsched.telemetry.snapshot import Percentiles, Snapshot, summarise
from deepsched.telemetry.totals import Counter, StreamTotals, Totals

__all__ = ["Counter", "Percentiles", "RequestRecord", "Snapshot", "StreamTotals", "Totals", "Trace", "summarise"]
