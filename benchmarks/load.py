"""Closed-loop load on anything that serves requests, and what is read from it.

The callers run for longer than the window that counts, on both sides: all contenders are measured at full load.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Request = Callable[[], object]
    # Called by each caller in its own thread with its number; gives the function that runs one request.
    Connect = Callable[[int], Request]
    Times = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Load:
    """What the callers saw: each one's requests as an array of (begun, ended), and the window that counts, in seconds.

    All times are those of `time.perf_counter`.
    """

    requests: tuple[Times, ...]
    begin: float
    end: float

    def latencies(self) -> Times:
        """Give the seconds of each request that ended in the window, of all callers."""
        times = np.concatenate(self.requests)
        ended = times[(times[:, 1] >= self.begin) & (times[:, 1] <= self.end)]
        return np.asarray(ended[:, 1] - ended[:, 0])

    def counts(self) -> Times:
        """Count each caller's requests in the window; one that reaches over an edge counts by its part inside.

        Whole requests would make the throughput of slow models jump: ten a window or eleven.
        """
        return np.asarray([self._count(times) for times in self.requests])

    def throughput(self) -> float:
        """Give the requests a second of all callers together."""
        return float(self.counts().sum() / (self.end - self.begin))

    def unluckiest_share(self) -> float:
        """Give what the caller with the fewest answers got, as a share of what each would get in a fair world."""
        counts = self.counts()
        return float(counts.min() / counts.mean())

    def _count(self, times: Times) -> float:
        begun, ended = times[:, 0], times[:, 1]
        inside = np.minimum(ended, self.end) - np.maximum(begun, self.begin)
        return float((inside.clip(min=0) / (ended - begun)).sum())


@dataclass(slots=True)
class Callers:
    """Callers at work: what each has seen so far, and the errors that ended some before their time."""

    requests: list[list[tuple[float, float]]]
    errors: list[BaseException]


@contextmanager
def keep_calling(connect: Connect, callers: int) -> Iterator[Callers]:
    """Send requests from `callers` threads, each its next when the last is answered, until the block ends.

    Each caller's first request, which is cold, is over when the block begins.
    """
    state = Callers([[] for _ in range(callers)], [])
    stop = threading.Event()
    ready = threading.Barrier(callers + 1)

    def call(place: int) -> None:
        note = state.requests[place].append
        try:
            run = connect(place)
            run()
            ready.wait()
            while not stop.is_set():
                begun = perf_counter()
                run()
                note((begun, perf_counter()))
        except BaseException as error:  # noqa: BLE001 - told to the thread that waits
            state.errors.append(error)
            ready.abort()

    threads = [threading.Thread(target=call, args=(place,), name=f"caller-{place}") for place in range(callers)]
    for thread in threads:
        thread.start()
    try:
        _wait_for(ready, state)
        yield state
    finally:
        stop.set()
        ready.abort()
        for thread in threads:
            thread.join()


def drive(connect: Connect, callers: int, seconds: float, warm_up: float) -> Load:
    """Load for `warm_up` seconds and `seconds` more, of which the latter count.

    Raises whatever ended a caller.
    """
    with keep_calling(connect, callers) as state:
        sleep(warm_up)
        begin = perf_counter()
        sleep(seconds)
        end = perf_counter()
    if state.errors:
        raise state.errors[0]
    return Load(tuple(np.asarray(times).reshape(-1, 2) for times in state.requests), begin, end)


def _wait_for(ready: threading.Barrier, state: Callers) -> None:
    try:
        ready.wait()
    except threading.BrokenBarrierError:
        if state.errors:
            raise state.errors[0] from None
        raise
