"""Which request runs on which stream: a free stream takes the next request, those that wait are served as they came.

The fast path takes no lock: taking an entry out of a dict and putting one in are atomic in CPython. Whoever changes
the free streams or the queue looks at the other afterwards, so that one of two always sees both.

A stream is in one place at any moment, among its pool's free ones or in its holder's list, and moves from one to the
other within a single call of C code. Ctrl-C strikes between calls, so it never finds a stream in nobody's hands.
"""

from __future__ import annotations

import threading
from collections import deque
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Protocol
from weakref import ref

from deepsched.engine.timeouts import make_timeout_error
from deepsched.errors import ClosedError, QueueFullError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.engine.stream import Stream

CLOSED = "the engine was closed; compile the model again to run more requests."

_value = itemgetter(1)


class Pool:
    """The streams of one layout, and by their index those of them that are free, the one used last at the end.

    A stream refers to its pool weakly: without a cycle, an engine that nobody closed ends when nobody has it any more.
    """

    __slots__ = ("__weakref__", "free", "gone", "retired", "returned", "streams")

    def __init__(self, streams: Sequence[Stream]) -> None:
        self.streams = tuple(streams)
        self.free: dict[int, Stream] = {stream.index: stream for stream in reversed(self.streams)}
        self.retired = False
        self.returned = threading.Event()
        self.gone: list[Stream] = []
        for stream in streams:
            stream.pool = ref(self)


class Waiter(Protocol):
    """Who stands in the queue."""

    held: list[Stream]

    def wake(self) -> None:
        """Go on: the stream is in `held`. May be called more than once, and never blocks."""


class _WaitingCaller:
    """A thread in the queue, stopped at a lock that is released when its stream is there."""

    __slots__ = ("_ready", "held")

    def __init__(self, held: list[Stream]) -> None:
        self.held = held
        self._ready = threading.Lock()
        self._ready.acquire()

    def wake(self) -> None:
        if self._ready.locked():
            self._ready.release()

    def wait(self, timeout: float | None) -> None:
        limit = -1 if timeout is None else min(max(0.0, timeout), threading.TIMEOUT_MAX)
        self._ready.acquire(timeout=limit)


class _LastUse(threading.local):
    """The index of the stream that a thread used last: its core's caches may still hold what the thread needs."""

    index = -1  # none yet


class Dispatcher:
    """Hands streams to requests, takes them back, and changes from one set of streams to another in between.

    Parameters
    ----------
    streams : sequence of Stream
        The streams at first, at least one.
    max_queue : int, optional
        How many requests may wait; None lets any number.
    """

    def __init__(self, streams: Sequence[Stream], max_queue: int | None = None) -> None:
        self._mutex = threading.Lock()
        self._pool = Pool(streams)
        self._waiters: deque[Waiter] = deque()
        self._max_queue = max_queue
        self._last_use = _LastUse()
        self._closed = False
        self._last: _WaitingCaller | None = None  # stands in the queue behind all others when closing

    @property
    def streams(self) -> tuple[Stream, ...]:
        """The streams in force."""
        return self._pool.streams

    @property
    def queue_depth(self) -> int:
        """How many requests are waiting."""
        return len(self._waiters)

    def take_free(self, held: list[Stream]) -> Pool | None:
        """Take a free stream into `held`: the caller's own last one, or else the one used last. None if none is free.

        The holder gives it back by putting it among the ``free`` of the pool returned, and then calling `settle`;
        `release` does both.
        """
        pool = self._pool
        last_use = self._last_use
        if self._waiters:
            return None
        try:
            held.extend(map(pool.free.pop, (last_use.index,)))
        except KeyError:
            try:
                _move_one(pool.free, held)
            except KeyError:
                return None
            last_use.index = held[0].index
        return pool

    def take(self, held: list[Stream], timeout: float | None = None) -> None:
        """Take a free stream into `held`, which is empty, as `take_free` does; without any, wait in the queue.

        Raises
        ------
        RequestTimeoutError
            If none came free within `timeout` seconds.
        ClosedError
            If the dispatcher was closed before this call.
        """
        if self.take_free(held) is None:
            self._queue_up(held, timeout)

    def acquire(self, timeout: float | None = None) -> Stream:
        """Take a stream, as `take` does, and give it."""
        held: list[Stream] = []
        self.take(held, timeout)
        return held[0]

    def release(self, stream: Stream) -> None:
        """Give a stream back; the first who waits gets it at once."""
        pool = stream.pool()
        if pool is not None:
            pool.free[stream.index] = stream
            try:
                self.settle(pool)
            except BaseException:
                self.settle(pool)  # interrupted: others must not wait for what is there
                raise

    def settle(self, pool: Pool) -> None:
        """See to those who wait for a stream of `pool`, to which one was just given back.

        Interrupted, it is to be called again.
        """
        if self._waiters or pool.retired:
            with self._mutex:
                self._match()
            if pool.retired:
                pool.returned.set()

    def enqueue(self, waiter: Waiter, *, bounded: bool = True) -> None:
        """Put `waiter` at the end of the queue; it is woken at once if a stream is free.

        Raises
        ------
        QueueFullError
            If it is `bounded`, would have to wait, and as many as may are waiting.
        ClosedError
            If the dispatcher was closed before this call.
        """
        try:
            self._enqueue(waiter, bounded=bounded)
        except BaseException:
            # Refused, or interrupted on the way: then it may have a stream, and others may be free.
            with self._mutex:
                if waiter in self._waiters and not waiter.held:
                    self._waiters.remove(waiter)
                self._match()
            raise

    def withdraw(self, waiter: Waiter) -> None:
        """Take `waiter` out of the queue, if it still stands there."""
        with self._mutex:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def switch(self, streams: Sequence[Stream]) -> None:
        """Send requests to other streams from now on, those in the queue too, and wait until the old ones are idle."""
        new = Pool(streams)
        with self._mutex:
            old, self._pool = self._pool, new
            self._match()
        self._drain(old)

    def close(self) -> None:
        """Refuse new requests, serve those that are here, and wait until every stream is idle.

        Interrupted, it may be called again to finish.
        """
        pool = self._pool
        if not pool.retired:
            with self._mutex:
                self._closed = True
                if self._last is None:
                    self._last = _WaitingCaller([])
                    self._waiters.append(self._last)
                self._match()
            if not self._last.held:
                self._last.wait(None)
            pool.free[self._last.held[0].index] = self._last.held[0]
        self._drain(pool)

    def _enqueue(self, waiter: Waiter, *, bounded: bool) -> None:
        with self._mutex:
            if self._closed:
                raise ClosedError(CLOSED)
            self._waiters.append(waiter)
            self._match()
            if bounded and self._max_queue is not None and not waiter.held and len(self._waiters) > self._max_queue:
                raise QueueFullError(
                    f"{self._max_queue} requests are waiting, as many as max_queue allows; the request was refused. "
                    f"Send it again later, send fewer at once, use more streams, or raise max_queue."
                )

    def _queue_up(self, held: list[Stream], timeout: float | None) -> None:
        waiter = _WaitingCaller(held)
        try:
            self.enqueue(waiter, bounded=False)
            waiter.wait(timeout)
        finally:
            if not held:
                self.withdraw(waiter)
        if not held:
            raise make_timeout_error(timeout or 0.0, waited=True)

    def _match(self) -> None:
        """Hand free streams to those who wait, first come first served. The mutex is held."""
        while self._waiters:
            waiter = self._waiters[0]
            if not waiter.held:
                try:
                    _move_one(self._pool.free, waiter.held)
                except KeyError:
                    return
            waiter.wake()
            self._waiters.popleft()

    def _drain(self, pool: Pool) -> None:
        """Take every stream of `pool` for good: when all are here, no request is on them."""
        pool.retired = True
        while len(pool.gone) < len(pool.streams):
            pool.returned.clear()
            try:
                _move_one(pool.free, pool.gone)
            except KeyError:
                pool.returned.wait()


def _move_one(free: dict[int, Stream], held: list[Stream]) -> None:
    """Move the stream used last from `free` to `held` in one call; KeyError if there is none."""
    held.extend(islice(map(_value, iter(free.popitem, None)), 1))
