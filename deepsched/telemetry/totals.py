"""What each stream did since the engine was opened: counts that only grow, also across changes of num_streams."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import ref

if TYPE_CHECKING:
    from weakref import ReferenceType


@dataclass(frozen=True, slots=True)
class StreamTotals:
    """The counts of one stream.

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


@dataclass(slots=True, eq=False)
class Counter:
    """One stream's counts as they grow: only who holds the stream writes them, so they need no lock."""

    stream: int
    requests: int = 0
    items: int = 0
    errors: int = 0
    run_seconds: float = 0.0


class Totals:
    """The counts of all streams that ever ran an engine's requests, by the streams' indexes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[tuple[ReferenceType[object], Counter]] = []
        self._past: dict[int, StreamTotals] = {}

    def open(self, stream: int, owner: object) -> Counter:
        """Begin to count for a stream; `owner` is what lives as long as it may still count."""
        counter = Counter(stream)
        with self._lock:
            self._fold()
            self._open.append((ref(owner), counter))
        return counter

    def read(self) -> tuple[StreamTotals, ...]:
        """Copy the counts, in the order of the streams' indexes."""
        with self._lock:
            self._fold()
            sums = dict(self._past)
            for _, counter in self._open:
                _add(sums, counter)
        return tuple(sums[index] for index in sorted(sums))

    def _fold(self) -> None:
        """Move the counts of streams that are gone to those of the past: a live change must not leave a trail."""
        still_open = []
        for owner, counter in self._open:
            if owner() is None:
                _add(self._past, counter)
            else:
                still_open.append((owner, counter))
        self._open = still_open


def _add(sums: dict[int, StreamTotals], more: Counter) -> None:
    so_far = sums.get(more.stream, StreamTotals(more.stream))
    sums[more.stream] = StreamTotals(
        more.stream,
        so_far.requests + more.requests,
        so_far.items + more.items,
        so_far.errors + more.errors,
        so_far.run_seconds + more.run_seconds,
    )
