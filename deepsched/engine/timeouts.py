"""Requests that have only so long: one thread calls back when a time is up."""

from __future__ import annotations

import threading
from itertools import count
from numbers import Real
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any
from weakref import finalize

from deepsched.errors import OptionError, RequestTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable

_Pending = dict[int, tuple[float, "Callable[[], object]"]]


class Deadlines:
    """What is to be called when, unless it is dropped before.

    A request that is answered in time costs two changes of a dict: the thread, which starts with the first deadline,
    is woken only for one earlier than all that it knows of. What is called must not wait for anything.
    """

    def __init__(self) -> None:
        self._pending: _Pending = {}
        self._numbers = count()
        self._starting = threading.Lock()
        # Wakes the thread: True to look again, False to end. Ctrl-C cannot leave it locked, as it could a Condition.
        self._bell: SimpleQueue[bool] = SimpleQueue()
        self._wakes_at = [0.0]
        # One, unless Ctrl-C struck while it was started: then the next deadline starts another, and they share.
        self._threads: list[threading.Thread] = []
        self._started = self._closed = False

    def add(self, seconds: float, expire: Callable[[], object]) -> int:
        """Call `expire` in `seconds` seconds, from another thread; give a number to drop it by."""
        number = next(self._numbers)
        at = monotonic() + seconds
        self._pending[number] = (at, expire)
        try:
            self._ensure_thread()
        except BaseException:
            self.drop(number)
            raise
        if at < self._wakes_at[0]:
            self._bell.put(True)
        return number

    def drop(self, number: int) -> None:
        """Forget a deadline; it may have passed."""
        self._pending.pop(number, None)

    def close(self) -> None:
        """Forget all of them, and end the thread."""
        with self._starting:
            self._closed = True
        self._pending.clear()
        self._bell.put(False)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()

    def _ensure_thread(self) -> None:
        if not self._started:
            with self._starting:
                if not self._started and not self._closed:
                    threading.Thread(
                        target=_watch,
                        args=(self._pending, self._bell, self._wakes_at, self._threads),
                        name="deepsched-deadlines",
                        daemon=True,
                    ).start()
                    self._started = True
                    finalize(self, self._bell.put, False).atexit = False  # the thread itself knows nothing of this


def _watch(pending: _Pending, bell: SimpleQueue[bool], wakes_at: list[float], threads: list[threading.Thread]) -> None:
    threads.append(threading.current_thread())
    while True:
        # Before the look at what is pending: a deadline added after it rings.
        wakes_at[0] = float("inf")
        # A copy, made in one call: others change it meanwhile.
        deadlines = list(pending.items())
        wakes_at[0] = min((at for _, (at, _) in deadlines), default=float("inf"))
        try:
            wait = min(max(0.0, wakes_at[0] - monotonic()), threading.TIMEOUT_MAX)
            if not bell.get(timeout=wait):
                bell.put(False)  # for the other, should there be two
                return
        except Empty:
            now = monotonic()
            passed = [pending.pop(number, None) for number, (at, _) in deadlines if at <= now]
            for entry in passed:
                if entry is not None:
                    entry[1]()


def check_timeout(timeout: Any) -> float | None:
    """Accept None, which waits for ever, or a number of seconds.

    Raises
    ------
    OptionError
        If it is neither.
    """
    if timeout is None:
        return None
    if not isinstance(timeout, Real) or isinstance(timeout, bool) or timeout != timeout:  # noqa: PLR0124 - NaN
        raise OptionError(f"timeout is {timeout!r}; expected a number of seconds, or None to wait for ever.")
    return float(min(max(timeout, 0), threading.TIMEOUT_MAX))  # type: ignore[arg-type]  # any Real compares


def make_timeout_error(timeout: float, *, waited: bool) -> RequestTimeoutError:
    """Say that a request was taken back, while it `waited` or while it ran."""
    what = "no stream came free" if waited else "the request was not answered"
    return RequestTimeoutError(
        f"{what} within {timeout:g} s; the request was taken back. Allow more time, use more streams, or send fewer "
        f"requests at once."
    )
