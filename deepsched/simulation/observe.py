"""From what became of every request to what an engine would tell of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from deepsched.simulation.estimate import Estimate, estimate_mean
from deepsched.telemetry import RequestRecord, Snapshot, summarise
from deepsched.telemetry.record import DEFAULT_TRACE_LENGTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.simulation.queueing import Requests

_MOST_SUMMARISED = 1 << 20


def estimate_arrivals(requests: Requests) -> Estimate:
    """Estimate the requests per second that arrive, and so are answered where the queue does not grow."""
    gaps = len(requests.queued) - 1
    return estimate_mean(gaps / (requests.queued[-1] - requests.queued[0]))


def estimate_capacity(requests: Requests, service_seconds: Sequence[float]) -> Estimate:
    """Estimate the requests per second of streams that are never idle: those of each stream, added up.

    Counting requests until the last one ends would cut off those that other streams have half done.
    """
    chains = requests.stream.shape[1]
    count = len(service_seconds)
    place = requests.stream + np.arange(chains) * count
    run_seconds = (requests.ended - requests.started).ravel()
    served = np.bincount(place.ravel(), minlength=count * chains)
    busy = np.bincount(place.ravel(), run_seconds, minlength=count * chains)
    means = np.where(served > 0, busy / np.maximum(served, 1), np.tile(service_seconds, chains))
    return estimate_mean((1 / means).reshape(chains, count).sum(axis=1))


def take_snapshot(requests: Requests, num_streams: int, throughput: float) -> Snapshot:
    """Give the statistics in the engine's form; of very many requests, those of the first chains.

    The chains count as one long run: its window is the time in which an engine of that throughput answers as many
    requests.
    """
    length, chains = requests.stream.shape
    few = slice(None, max(1, min(chains, _MOST_SUMMARISED // length)))
    stream, queued, started, ended = (
        array[:, few].ravel() for array in (requests.stream, requests.queued, requests.started, requests.ended)
    )
    # Only differences of a request's times are meaningful across chains: each is laid at the start of the window.
    rows = np.column_stack([stream, np.zeros(len(queued)), started - queued, ended - queued, np.ones(len(queued))])
    window = max(len(rows) / throughput, float(rows[:, 3].max()))
    now = requests.queued[-1, 0]
    waiting = int(np.count_nonzero((requests.queued[:, 0] <= now) & (requests.started[:, 0] > now)))
    snapshot = summarise(rows, at=window, window=window, num_streams=num_streams, queue_depth=waiting)  # type: ignore[arg-type]
    return replace(snapshot, at=float(requests.ended[:, 0].max()))


def list_records(requests: Requests) -> tuple[RequestRecord, ...]:
    """List the last requests of the first chain by the time they ended, as an engine's trace does."""
    last = slice(-DEFAULT_TRACE_LENGTH, None)
    columns = (requests.stream, requests.queued, requests.started, requests.ended)
    rows = zip(*(column[last, 0].tolist() for column in columns), strict=True)
    return tuple(RequestRecord(*row) for row in sorted(rows, key=lambda row: row[3]))
