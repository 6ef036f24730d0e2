"""Which request runs on which stream: a free stream takes the next request, callers wait in arrival order.

The fast path takes no lock: appending to a deque and popping from it are atomic in CPython. Whoever appends, be it
a stream given back or a caller who waits, looks at the other deque afterwards, so that one of the two always sees both.

A stream is in one list at any moment, its pool's or its holder's, and moves from one to the other within a single call
of C code. Ctrl-C strikes between calls, so it never finds a stream in nobody's hands.
"""

from __future__ import annotations

import threading
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING
from weakref import ref

from deepsched.errors import ClosedError, RequestTimeoutError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.engine.stream import Stream

CLOSED = "the engine was closed; compile the model again to run more requests."


class Pool:
    """The streams of one layout, and those of them that are free, the one used last on top.

    A stream refers to its pool weakly: without a cycle, an engine that nobody closed ends when nobody has it any more.
    """

    __slots__ = ("__weakref__", "free", "gone", "retired", "returned", "streams")

    def __init__(self, streams: Sequence[Stream]) -> None:
        self.streams = tuple(streams)
        self.free: deque[Stream] = deque(reversed(self.streams))
        self.retired = False
        self.returned = threading.Event()
        self.gone: list[Stream] = []
        for stream in streams:
            stream.pool = ref(self)


class _Waiter:
    """A caller in the queue: the list for its stream, and a lock that is released when the stream is there."""

    __slots__ = ("held", "ready")

    def __init__(self, held: list[Stream]) -> None:
        self.held = held
        self.ready = threading.Lock()
        self.ready.acquire()


class Dispatcher:
    """Hands streams to callers, takes them back, and changes from one set of streams to another in between."""

    def __init__(self, streams: Sequence[Stream]) -> None:
        self._mutex = threading.Lock()
        self._pool = Pool(streams)
        self._waiters: deque[_Waiter] = deque()
        self._closed = False

    @property
    def streams(self) -> tuple[Stream, ...]:
        """The streams in force."""
        return self._pool.streams

    @property
    def queue_depth(self) -> int:
        """How many callers are waiting."""
        return len(self._waiters)

    def take(self, held: list[Stream], timeout: float | None = None) -> Pool:
        """Take the free stream that was used last into `held`; without any, wait in the queue.

        The holder gives it back by extending the ``free`` of the pool returned with `held`, and then calling `settle`;
        `release` does both.

        Raises
        ------
        RequestTimeoutError
            If none came free within `timeout` seconds.
        ClosedError
            If the dispatcher was closed before this call.
        """
        pool = self._pool
        if not self._waiters:
            try:
                _move_one(pool.free, held)
            except IndexError:
                pass
            else:
                return pool
        return self._queue_up(held, timeout)

    def acquire(self, timeout: float | None = None) -> Stream:
        """Take a free stream, as `take` does, and give it."""
        held: list[Stream] = []
        self.take(held, timeout)
        return held[0]

    def release(self, stream: Stream) -> None:
        """Give a stream back; the first waiter gets it at once."""
        pool = stream.pool()
        if pool is not None:
            pool.free.append(stream)
            self.settle(pool)

    def settle(self, pool: Pool) -> None:
        """See to those who wait for a stream of `pool`, to which one was just given back."""
        if self._waiters or pool.retired:
            try:
                self._notify(pool)
            except BaseException:
                self._notify(pool)  # interrupted: others must not wait for what is there
                raise

    def switch(self, streams: Sequence[Stream]) -> None:
        """Send callers to other streams from now on, those in the queue too, and wait until the old ones are idle."""
        new = Pool(streams)
        with self._mutex:
            old, self._pool = self._pool, new
            self._match()
        self._drain(old)

    def close(self) -> None:
        """Refuse new callers, serve those that are here, and wait until every stream is idle.

        Interrupted, it may be called again to finish.
        """
        pool = self._pool
        if not pool.retired:
            last: list[Stream] = []
            waiter = _Waiter(last)
            with self._mutex:
                self._closed = True
                self._waiters.append(waiter)
                self._match()
            try:
                waiter.ready.acquire()
            finally:
                self._leave(waiter)
                pool.free.extend(last)
        self._drain(pool)

    def _queue_up(self, held: list[Stream], timeout: float | None) -> Pool:
        waiter = _Waiter(held)
        limit = -1 if timeout is None else min(max(0.0, timeout), threading.TIMEOUT_MAX)
        try:
            with self._mutex:
                if self._closed:
                    raise ClosedError(CLOSED)
                self._waiters.append(waiter)
                self._match()
            waiter.ready.acquire(timeout=limit)
        finally:
            if waiter.ready.locked():
                self._leave(waiter)
        pool = held[0].pool() if held else None
        if pool is None:
            raise RequestTimeoutError(
                f"no stream came free within {timeout:g} s; the request was taken back. Allow more time, "
                f"use more streams, or send fewer requests at once."
            )
        return pool

    def _leave(self, waiter: _Waiter) -> None:
        with self._mutex:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _notify(self, pool: Pool) -> None:
        with self._mutex:
            self._match()
        if pool.retired:
            pool.returned.set()

    def _match(self) -> None:
        """Hand free streams to waiters, first come first served. The mutex is held."""
        while self._waiters:
            waiter = self._waiters[0]
            if not waiter.held:
                try:
                    _move_one(self._pool.free, waiter.held)
                except IndexError:
                    return
            if waiter.ready.locked():
                waiter.ready.release()
            self._waiters.popleft()

    def _drain(self, pool: Pool) -> None:
        """Take every stream of `pool` for good: when all are here, no request is on them."""
        pool.retired = True
        while len(pool.gone) < len(pool.streams):
            pool.returned.clear()
            try:
                _move_one(pool.free, pool.gone)
            except IndexError:
                pool.returned.wait()


def _move_one(free: deque[Stream], held: list[Stream]) -> None:
    """Move the top of `free` to `held` in one call; IndexError if there is none."""
    held.extend(islice(iter(free.pop, None), 1))
