"""Requests that wait for streams: first come, first served, and of the free streams the one used last.

Many independent runs (chains) go forward side by side, a request in each at a time, so that numpy does the arithmetic
of all of them at once. Chains also make honest confidence intervals: they owe each other nothing, whereas the waits of
one run depend on each other for thousands of requests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]
# Makes an array of the shape asked for: gaps between arrivals in seconds, or factors on service times.
Draw = Callable[[tuple[int, int]], Floats]

# Random numbers are drawn by the block: enough for numpy to be quick, too few to fill the memory.
_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class Requests:
    """What became of every request: arrays of the shape (requests of a chain, chains), in the order they started.

    Attributes
    ----------
    stream : numpy.ndarray of uint16
        Index of the stream that it ran on.
    queued, started, ended : numpy.ndarray of float64
        Seconds since its chain began.
    """

    stream: NDArray[np.uint16]
    queued: Floats
    started: Floats
    ended: Floats

    def drop_first(self, count: int) -> Requests:
        """Leave out the first `count` requests of each chain."""
        return Requests(self.stream[count:], self.queued[count:], self.started[count:], self.ended[count:])


def run_open_loop(
    service_seconds: Sequence[float], draw_gaps: Draw, draw_factors: Draw, shape: tuple[int, int]
) -> Requests:
    """Serve requests that arrive whether or not others are answered.

    Parameters
    ----------
    service_seconds : sequence of float
        Mean service time on each stream.
    draw_gaps : callable
        Draws seconds between arrivals.
    draw_factors : callable
        Draws each request's factor on the service time of the stream that it comes to.
    shape : (int, int)
        Requests of a chain, and chains.
    """
    requests = _make_room(shape)
    service, free_at, base = _open_streams(service_seconds, shape[1])
    ends = free_at.reshape(-1)
    clock = np.zeros(shape[1])
    rank = np.empty_like(free_at)
    for rows in _blocks(shape):
        block = (rows.stop - rows.start, shape[1])
        arrivals = np.cumsum(draw_gaps(block), axis=0) + clock
        clock = arrivals[-1]
        factors = draw_factors(block)
        requests.queued[rows] = arrivals
        for row, (arrival, factor) in enumerate(zip(arrivals, factors, strict=True), rows.start):
            # The highest rank is the free stream that ended last; where none is free, the one that ends first.
            np.subtract(arrival[:, None], free_at, out=rank)
            np.copysign(free_at, rank, out=rank)
            stream = rank.argmax(axis=1)
            chosen = stream + base
            start = np.maximum(ends[chosen], arrival)
            end = start + service[stream] * factor
            ends[chosen] = end
            requests.stream[row], requests.started[row], requests.ended[row] = stream, start, end
    return requests


def run_closed_loop(
    service_seconds: Sequence[float], clients: int, draw_factors: Draw, shape: tuple[int, int]
) -> Requests:
    """Serve `clients` clients, each of which sends its next request when the last one is answered.

    Parameters
    ----------
    service_seconds, draw_factors, shape
        As for `run_open_loop`.
    clients : int
        At least as many as there are streams: fewer would use the first streams only.
    """
    requests = _make_room(shape)
    service, free_at, base = _open_streams(service_seconds, shape[1])
    ends = free_at.reshape(-1)
    for rows in _blocks(shape):
        factors = draw_factors((rows.stop - rows.start, shape[1]))
        for row, factor in enumerate(factors, rows.start):
            stream = free_at.argmin(axis=1)
            chosen = stream + base
            start = ends[chosen]
            end = start + service[stream] * factor
            ends[chosen] = end
            requests.stream[row], requests.started[row], requests.ended[row] = stream, start, end
    # Whoever was answered stands at the end of the queue, which always holds the same number of clients.
    waiting = min(clients - len(service_seconds), shape[0])
    requests.queued[:waiting] = 0.0
    requests.queued[waiting:] = requests.started[: shape[0] - waiting]
    return requests


def _make_room(shape: tuple[int, int]) -> Requests:
    return Requests(np.empty(shape, np.uint16), np.empty(shape), np.empty(shape), np.empty(shape))


def _open_streams(service_seconds: Sequence[float], chains: int) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Give the service times, when each stream of each chain comes free, and where each chain's streams begin."""
    count = len(service_seconds)
    service = np.asarray(service_seconds, dtype=np.float64)
    # The first stream is the first to be taken; steps this small change no result.
    step = service.min() * 1e-12
    return service, np.tile(np.arange(count, 0, -1) * step, (chains, 1)), np.arange(chains) * count


def _blocks(shape: tuple[int, int]) -> list[slice]:
    rows = max(1, _BLOCK // shape[1])
    return [slice(first, min(first + rows, shape[0])) for first in range(0, shape[0], rows)]
