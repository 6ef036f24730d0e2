"""What one request left behind, and the bounded memory of the last ones."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

DEFAULT_TRACE_LENGTH = 16_384


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request: on which stream it ran, and when it was queued, started and ended.

    The times are seconds of `time.perf_counter`; `items` is the request's batch size (1 without a batch dimension).
    """

    stream: int
    queued: float
    started: float
    ended: float
    items: int = 1


class Trace:
    """The last requests, oldest first; older ones are forgotten.

    Parameters
    ----------
    length : int
        How many requests are kept, at least 1.
    """

    def __init__(self, length: int = DEFAULT_TRACE_LENGTH) -> None:
        self._rows: deque[tuple[int, float, float, float, int]] = deque(maxlen=max(1, length))
        # A bare tuple costs a request some 50 ns, a frozen dataclass ten times that: records are built on reading.
        self.add = self._rows.append

    def records(self) -> tuple[RequestRecord, ...]:
        """Copy what is there now; requests go on being added meanwhile."""
        return tuple(RequestRecord(*row) for row in self._rows.copy())

    def recent_rows(self, at: float, window: float) -> tuple[list[tuple[int, float, float, float, int]], float]:
        """Give the rows of requests that ended in the `window` seconds before `at`, as plain tuples for numpy.

        The second value is the window that they cover: shorter than asked where older requests were forgotten.
        """
        rows = self._rows.copy()
        if len(rows) == rows.maxlen:
            window = min(window, at - rows[0][3])
        return [row for row in rows if at - window <= row[3] <= at], window

    def __len__(self) -> int:
        return len(self._rows)
