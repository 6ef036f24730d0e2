"""The statistics of many requests, frozen at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.telemetry.totals import StreamTotals


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Percentiles of a time in seconds; NaN where there was no request."""

    p50: float
    p90: float
    p99: float
    p999: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an engine did in the window of time before `at`.

    Attributes
    ----------
    at : float
        When it was taken, in seconds of `time.perf_counter`.
    window : float
        The window's length in seconds.
    requests : int
        Requests that ended in the window.
    throughput : float
        Items per second, an item being one entry of the batch.
    latency, queue_time, run_time : Percentiles
        From queued to ended, from queued to started, from started to ended.
    utilisation : tuple of float
        For each stream the share of the window in which it ran requests, from 0 to 1.
    queue_depth : int
        Requests that were waiting for a stream at `at`.
    totals : tuple of StreamTotals
        For each stream the counts since the start, whatever the window. Empty where nobody counted.
    """

    at: float
    window: float
    requests: int
    throughput: float
    latency: Percentiles
    queue_time: Percentiles
    run_time: Percentiles
    utilisation: tuple[float, ...]
    queue_depth: int = 0
    totals: tuple[StreamTotals, ...] = ()


def summarise(
    rows: Sequence[tuple[int, float, float, float, int]],
    *,
    at: float,
    window: float,
    num_streams: int,
    queue_depth: int = 0,
    totals: tuple[StreamTotals, ...] = (),
) -> Snapshot:
    """Compute the statistics of the requests `rows`, all of which ended between ``at - window`` and `at`.

    Parameters
    ----------
    rows : sequence of (stream, queued, started, ended, items)
        Times in seconds.
    at, window : float
        The window's end and length in seconds; `window` is above 0.
    num_streams : int
        How many streams to give a utilisation for.
    queue_depth, totals
        Passed on.
    """
    table = np.asarray(rows, dtype=np.float64).reshape(-1, 5)
    streams, queued, started, ended, items = table.T
    busy = ended - np.maximum(started, at - window)
    utilisation = [float(busy[streams == index].sum() / window) for index in range(num_streams)]
    return Snapshot(
        at=at,
        window=window,
        requests=len(table),
        throughput=float(items.sum() / window),
        latency=_percentiles(ended - queued),
        queue_time=_percentiles(started - queued),
        run_time=_percentiles(ended - started),
        utilisation=tuple(min(1.0, share) for share in utilisation),
        queue_depth=queue_depth,
        totals=totals,
    )


def _percentiles(seconds: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Percentiles:
    if not len(seconds):
        return Percentiles(np.nan, np.nan, np.nan, np.nan)
    return Percentiles(*(float(p) for p in np.percentile(seconds, (50, 90, 99, 99.9))))
