"""Requests that have only so long: one thread calls back when a time is up, and lives only while it has any."""

from __future__ import annotations

import threading
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING, Any

from deepsched.errors import OptionError, RequestTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable


class Deadlines:
    """What is to be called when, unless it is dropped before.

    A request that is answered in time costs two changes of a dict: the thread is woken only for a deadline earlier
    than all that it knows of.
    """

    def __init__(self) -> None:
        self._pending: dict[int, tuple[float, Callable[[], object]]] = {}
        self._numbers = count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._wakes_at = 0.0

    def add(self, seconds: float, expire: Callable[[], object]) -> int:
        """Call `expire` in `seconds` seconds, from another thread; give a number to drop it by."""
        number = next(self._numbers)
        at = monotonic() + min(max(0.0, seconds), threading.TIMEOUT_MAX)
        with self._changed:
            self._pending[number] = (at, expire)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="deepsched-deadlines", daemon=True)
                self._thread.start()
            elif at < self._wakes_at:
                self._changed.notify()
        return number

    def drop(self, number: int) -> None:
        """Forget a deadline; it may have passed."""
        self._pending.pop(number, None)

    def close(self) -> None:
        """Forget all of them, and wait for the thread."""
        with self._changed:
            thread = self._thread
            self._pending.clear()
            self._changed.notify()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _watch(self) -> None:
        while due := self._wait():
            for expire in due:
                expire()

    def _wait(self) -> list[Callable[[], object]]:
        """Wait for the next deadlines that pass; give none, and end the thread, when nothing is pending."""
        with self._changed:
            while self._pending:
                now = monotonic()
                # A copy, made in one call: others drop theirs without the lock.
                pending = list(self._pending.items())
                passed = [self._pending.pop(number, None) for number, (at, _) in pending if at <= now]
                due = [entry[1] for entry in passed if entry is not None]
                if due:
                    return due
                self._wakes_at = min((at for _, (at, _) in pending), default=now)
                self._changed.wait(max(0.0, self._wakes_at - now))
            self._thread = None
            return []


def check_timeout(timeout: Any) -> None:
    """Refuse what is no time.

    Raises
    ------
    OptionError
        If it is neither None nor a number.
    """
    number = isinstance(timeout, int | float) and not isinstance(timeout, bool) and timeout == timeout  # noqa: PLR0124 - NaN
    if timeout is not None and not number:
        raise OptionError(f"timeout is {timeout!r}; expected a number of seconds, or None to wait for ever.")


def make_timeout_error(timeout: float) -> RequestTimeoutError:
    """Say that a request was taken back while it waited or ran."""
    return RequestTimeoutError(
        f"the request was not answered within {timeout:g} s and was taken back. Allow more time, use more streams, "
        f"or send fewer requests at once."
    )
