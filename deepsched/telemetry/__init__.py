"""What happened: one record a request, and the statistics of many. The engine and the simulation both speak it."""

from __future__ import annotations

from deepsched.telemetry.record import RequestRecord, Trace
from deepsched.telemetry.snapshot import Percentiles, Snapshot, summarise
from deepsched.telemetry.totals import StreamTotals, Totals

__all__ = ["Percentiles", "RequestRecord", "Snapshot", "StreamTotals", "Totals", "Trace", "summarise"]
