"""Which request runs on which stream: a free stream takes the next request, callers wait in arrival order.

The fast path takes no lock: appending to a deque and popping from it are atomic in CPython. Whoever appends, be it
a stream given back or a caller who waits, looks at the other deque afterwards, so that one of the two always sees both.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from deepsched.errors import ClosedError, RequestTimeoutError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.engine.stream import Stream


class _Waiter:
    """A caller in the queue. Its lock is released when a stream has been handed to it."""

    __slots__ = ("ready", "stream")

    def __init__(self) -> None:
        self.stream: Stream | None = None
        self.ready = threading.Lock()
        self.ready.acquire()


class _Pool:
    """The streams of one layout: those that are free, the one used last on top, and the callers waiting for one."""

    __slots__ = ("free", "size", "waiters")

    def __init__(self, streams: Sequence[Stream]) -> None:
        self.size = len(streams)
        self.free: deque[Stream] = deque(reversed(streams))
        self.waiters: deque[_Waiter] = deque()
        for stream in streams:
            stream.pool = self

    def match(self) -> None:
        """Hand free streams to waiters, first come first served. The dispatcher's mutex is held."""
        while self.free and self.waiters:
            try:
                stream = self.free.pop()
            except IndexError:  # a caller on the fast path was quicker
                return
            waiter = self.waiters.popleft()
            waiter.stream = stream
            waiter.ready.release()


class Dispatcher:
    """Hands streams to callers, takes them back, and changes from one set of streams to another in between."""

    def __init__(self, streams: Sequence[Stream]) -> None:
        self._mutex = threading.Lock()
        self._pool = _Pool(streams)
        self._closed = False

    @property
    def queue_depth(self) -> int:
        """How many callers are waiting."""
        return len(self._pool.waiters)

    def acquire(self, timeout: float | None = None) -> Stream:
        """Take a free stream, the one used last; without any, wait in the queue.

        Raises
        ------
        RequestTimeoutError
            If none came free within `timeout` seconds.
        ClosedError
            If the dispatcher was closed before this call.
        """
        pool = self._pool
        if not pool.waiters:
            try:
                return pool.free.pop()
            except IndexError:
                pass
        waiter = _Waiter()
        with self._mutex:
            if self._closed:
                raise ClosedError("the engine was closed; compile the model again to run more requests.")
            self._pool.waiters.append(waiter)
            self._pool.match()
        return self._wait(waiter, timeout)

    def release(self, stream: Stream) -> None:
        """Give a stream back; the first waiter gets it at once."""
        pool = stream.pool
        pool.free.append(stream)
        if pool.waiters:
            with self._mutex:
                pool.match()

    def switch(self, streams: Sequence[Stream]) -> None:
        """Send callers to other streams from now on, those in the queue too, and wait until the old ones are idle."""
        with self._mutex:
            old, new = self._pool, _Pool(streams)
            new.waiters, old.waiters = old.waiters, new.waiters
            self._pool = new
            new.match()
        self._drain(old)

    def close(self) -> None:
        """Refuse new callers, serve those that are here, and wait until every stream is idle."""
        with self._mutex:
            if self._closed:
                return
            self._closed = True
        self._drain(self._pool)

    def _drain(self, pool: _Pool) -> None:
        """Take every stream of `pool` for good: who holds them all knows that no request is on them."""
        for _ in range(pool.size):
            waiter = _Waiter()
            with self._mutex:
                pool.waiters.append(waiter)
                pool.match()
            waiter.ready.acquire()

    def _wait(self, waiter: _Waiter, timeout: float | None) -> Stream:
        try:
            handed = waiter.ready.acquire(timeout=-1 if timeout is None else max(0.0, timeout))
        except BaseException:  # Ctrl-C in the queue
            stream = self._leave(waiter)
            if stream is not None:
                self.release(stream)
            raise
        stream = waiter.stream if handed else self._leave(waiter)
        if stream is None:
            raise RequestTimeoutError(
                f"no stream came free within {timeout:g} s; the request was taken back. Allow more time, "
                f"use more streams, or send fewer requests at once."
            )
        return stream

    def _leave(self, waiter: _Waiter) -> Stream | None:
        """Leave the queue; if a stream was handed over in the last moment, it is the caller's to use or give back."""
        with self._mutex:
            if waiter.stream is None:
                self._pool.waiters.remove(waiter)
            return waiter.stream
