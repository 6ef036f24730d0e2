"""Streams of known service time on a clock that only tests move, and what queueing theory says of them."""

from __future__ import annotations

import heapq
import math
from concurrent.futures import Future
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class FakeClock:
    """A clock whose time passes while somebody sleeps, and then without delay; what is planned happens on the way."""

    def __init__(self) -> None:
        self._now = 0.0
        self._planned: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = count()

    def now(self) -> float:
        return self._now

    def sleep_until(self, moment: float) -> None:
        while self._planned and self._planned[0][0] <= moment:
            at, _, act = heapq.heappop(self._planned)
            self._now = max(self._now, at)
            act()
        self._now = max(self._now, moment)

    def plan(self, at: float, act: Callable[[], object]) -> None:
        heapq.heappush(self._planned, (at, next(self._numbers), act))


class FakeStreams:
    """Serves requests in arrival order on the stream that is free first.

    Parameters
    ----------
    clock : FakeClock
        When that is.
    service : callable
        Given the stream's index, how many seconds the next request takes on it.
    streams : int
        How many.
    """

    def __init__(self, clock: FakeClock, service: Callable[[int], float], streams: int = 1) -> None:
        self._clock = clock
        self._service = service
        self.free_at = [0.0] * streams

    def run(self) -> object:
        raise AssertionError("an open load submits its requests; only a closed loop runs them")

    def submit(self) -> Future[Any]:
        future: Future[Any] = Future()
        index = self.free_at.index(min(self.free_at))
        done = max(self.free_at[index], self._clock.now()) + self._service(index)
        self.free_at[index] = done
        self._clock.plan(done, lambda: future.cancelled() or future.set_result(None))
        return future


def find_root(rising: Callable[[float], float], high: float) -> float:
    low = 0.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return low


def expect_md1(utilisation: float, service: float, share: float) -> tuple[float, float]:
    """Give the mean and the `share` quantile of the time in an M/D/1 queue (Pollaczek-Khinchine; Erlang 1909)."""
    rho = utilisation

    def waits_at_most(t: float) -> float:
        terms = ((-rho * (t - k)) ** k / math.factorial(k) * math.exp(rho * (t - k)) for k in range(int(t) + 1))
        return (1 - rho) * sum(terms)

    wait = find_root(lambda t: waits_at_most(t) - share, 30.0)
    return service * (1 + rho / (2 * (1 - rho))), service * (1 + wait)


def expect_mmc(utilisation: float, service: float, streams: int, share: float) -> tuple[float, float]:
    """Give the mean and the `share` quantile of the time in an M/M/c queue (Erlang C)."""
    offered = utilisation * streams
    last = offered**streams / math.factorial(streams) / (1 - utilisation)
    waits = last / (sum(offered**k / math.factorial(k) for k in range(streams)) + last)
    spare = streams - offered - 1  # of the rate at which the queue empties, beyond that of one stream

    def exceeds(t: float) -> float:
        return math.exp(-t) * (1 + waits * (1 - math.exp(-t * spare)) / spare)

    mean = 1 + waits / (streams - offered)
    return service * mean, service * find_root(lambda t: (1 - share) - exceeds(t), 200.0)
