"""What each stream did since the engine was opened: counts that only grow, also across changes of num_streams."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import ref

if TYPE_CHECKING:
    from weakref import ReferenceType


@dataclass(slots=True)
class StreamTotals:
    """The counts of one stream; only who holds the stream writes them, so they need no lock.

    Attributes
    ----------
    stream : int
        The stream's index.
    requests, items : int
        Requests that were answered, and the entries of their batches.
    errors : int
        Requests that failed or were stopped while they ran.
    run_seconds : float
        How long the answered requests ran, in sum.
    """

    stream: int
    requests: int = 0
    items: int = 0
    errors: int = 0
    run_seconds: float = 0.0


class Totals:
    """The counts of all streams that ever ran an engine's requests, by the streams' indexes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[tuple[ReferenceType[object], StreamTotals]] = []
        self._past: dict[int, StreamTotals] = {}

    def open(self, stream: int, owner: object) -> StreamTotals:
        """Begin to count for a stream; `owner` is what lives as long as it may still count."""
        counts = StreamTotals(stream)
        with self._lock:
            self._fold()
            self._open.append((ref(owner), counts))
        return counts

    def read(self) -> tuple[StreamTotals, ...]:
        """Copy the counts, in the order of the streams' indexes."""
        with self._lock:
            self._fold()
            sums = {index: replace(past) for index, past in self._past.items()}
            for _, counts in self._open:
                _add(sums, counts)
        return tuple(sums[index] for index in sorted(sums))

    def _fold(self) -> None:
        """Move the counts of streams that are gone to those of the past: a live change must not leave a trail."""
        still_open = []
        for owner, counts in self._open:
            if owner() is None:
                _add(self._past, counts)
            else:
                still_open.append((owner, counts))
        self._open = still_open


def _add(sums: dict[int, StreamTotals], counts: StreamTotals) -> None:
    sums[counts.stream] = _sum(sums.get(counts.stream, StreamTotals(counts.stream)), counts)


def _sum(a: StreamTotals, b: StreamTotals) -> StreamTotals:
    return StreamTotals(
        a.stream, a.requests + b.requests, a.items + b.items, a.errors + b.errors, a.run_seconds + b.run_seconds
    )
