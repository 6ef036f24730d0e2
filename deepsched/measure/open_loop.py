"""Open-loop load: requests that are sent at moments fixed beforehand, whether or not earlier ones are answered."""

from __future__ import annotations

from concurrent.futures import wait
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from deepsched.measure.clock import Clock

    Floats = NDArray[np.float64]


_PAUSE = 0.01  # seconds between two looks at what is still unanswered


class OpenLoop:
    """Sends requests on a schedule, from the thread that calls it.

    A request that is late because the one before took long to hand over is sent at once; its moment stays the one
    in the schedule.

    Parameters
    ----------
    submit : callable
        Starts one request, and gives its future.
    schedule : numpy.ndarray
        When to send each, in seconds from now, in order.
    clock : Clock
        Where time is read and waited for.
    """

    def __init__(self, submit: Callable[[], Future[Any]], schedule: Floats, clock: Clock) -> None:
        self._submit = submit
        self._clock = clock
        self._start = clock.now()
        self._due = self._start + schedule
        self._sent = np.full(len(schedule), np.nan)
        self._answered = np.full(len(schedule), np.nan)
        self._next = 0
        # Only those under way: a future holds its outputs.
        self._pending: dict[int, Future[Any]] = {}
        self._error: BaseException | None = None

    def send(self, until: float, report: Callable[[float], None], every: float) -> None:
        """Send what is due before `until`, and return then; `report` the seconds gone by now and then.

        Raises
        ------
        Exception
            What a request failed with.
        """
        told = self._start
        while (now := self._clock.now()) < until:
            self._check()
            self._clock.sleep_until(min(self._next_due(), told + every, until))
            if (now := self._clock.now()) >= told + every:
                told = now
                report(min(told, until) - self._start)
            if min(now, until) >= self._next_due():
                self._send_next()

    def send_until_answered(self, before: float, limit: float) -> None:
        """Go on until every request due before `before` is answered, but not beyond `limit`.

        Raises
        ------
        Exception
            What a request failed with.
        """
        last = int(np.searchsorted(self._due, before))
        oldest = 0
        while self._clock.now() < limit:
            self._check()
            while oldest < last and not np.isnan(self._answered[oldest]):
                oldest += 1
            if oldest == last:
                return
            self._clock.sleep_until(min(self._next_due(), self._clock.now() + _PAUSE))
            if self._clock.now() >= self._next_due():
                self._send_next()

    def stop(self) -> None:
        """Take back the requests that still wait, and wait for those that run."""
        wait([future for future in list(self._pending.values()) if not future.cancel()])

    def records(self, before: float) -> tuple[Floats, Floats, Floats]:
        """Give when each request should have been sent, was, and was answered; NaN if never.

        Those due before `before` are all in it, and those that were sent later.
        """
        known = max(self._next, int(np.searchsorted(self._due, before)))
        return self._due[:known], self._sent[:known], self._answered[:known]

    def _next_due(self) -> float:
        return float(self._due[self._next]) if self._next < len(self._due) else np.inf

    def _send_next(self) -> None:
        index = self._next
        self._next += 1
        self._sent[index] = self._clock.now()
        future = self._pending[index] = self._submit()
        future.add_done_callback(partial(self._finish, index))

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _finish(self, index: int, future: Future[Any]) -> None:
        self._pending.pop(index, None)
        if future.cancelled():
            return
        if (error := future.exception()) is not None:
            self._error = error
            return
        self._answered[index] = self._clock.now()
