"""The queue, request by request, against a plain loop over events."""

from __future__ import annotations

import heapq
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from deepsched.simulation.queueing import Requests, run_closed_loop, run_open_loop

if TYPE_CHECKING:
    import pytest

Row = tuple[int, float, float, float]

seconds = st.floats(0.01, 10.0)
services = st.lists(seconds, min_size=1, max_size=5)


def serve_plainly(arrivals: list[float], factors: list[float], service: list[float]) -> list[Row]:
    """Serve first come, first served; a free stream that ended last is taken first, as the engine's dispatcher does."""
    free, busy, rows = list(reversed(range(len(service)))), [], []
    for arrival, factor in zip(arrivals, factors, strict=True):
        while busy and busy[0][0] <= arrival:
            free.append(heapq.heappop(busy)[1])
        start, stream = (arrival, free.pop()) if free else heapq.heappop(busy)
        heapq.heappush(busy, (start + service[stream] * factor, stream))
        rows.append((stream, arrival, start, start + service[stream] * factor))
    return rows


def rows_of(requests: Requests, chain: int = 0) -> list[Row]:
    columns = (requests.stream, requests.queued, requests.started, requests.ended)
    return [tuple(row) for row in zip(*(column[:, chain].tolist() for column in columns), strict=True)]


@given(services, st.lists(st.tuples(seconds, seconds), min_size=1, max_size=40))
def test_the_open_loop_is_the_plain_loop(service: list[float], drawn: list[tuple[float, float]]) -> None:
    gaps, factors = np.array(drawn).T[:, :, None]
    found = run_open_loop(service, lambda _: gaps, lambda _: factors, (len(drawn), 1))
    expected = serve_plainly(np.cumsum(gaps).tolist(), factors.ravel().tolist(), service)
    assert np.allclose(rows_of(found), expected)


@given(services, st.integers(0, 6), st.lists(seconds, min_size=20, max_size=40))
def test_the_closed_loop_keeps_every_client_in_flight(service: list[float], more: int, drawn: list[float]) -> None:
    clients = len(service) + more
    factors = np.array(drawn)[:, None]
    rows = rows_of(run_closed_loop(service, clients, lambda _: factors, factors.shape))
    # THEN each request came when another was answered, but for each client's first
    answered = [0.0] * clients + sorted(row[3] for row in rows)
    assert np.allclose([row[1] for row in rows], answered[: len(rows)], atol=1e-6)
    # THEN they start in the order in which they came, each when a stream comes free, and none waits beside a free one
    assert all(first[1] <= then[1] + 1e-6 for first, then in pairwise(rows))
    for stream in range(len(service)):
        own = [row for row in rows if row[0] == stream]
        assert np.allclose([row[2] for row in own[1:]], [row[3] for row in own[:-1]])


def test_chains_do_not_touch_each_other() -> None:
    random = np.random.default_rng(0)
    gaps, factors = random.exponential(0.4, (300, 7)), random.exponential(1.0, (300, 7))
    together = run_open_loop([1.0, 1.5], lambda _: gaps, lambda _: factors, (300, 7))
    for chain in range(7):
        only = slice(chain, chain + 1)
        alone = run_open_loop([1.0, 1.5], lambda _, c=only: gaps[:, c], lambda _, c=only: factors[:, c], (300, 1))
        assert rows_of(together, chain) == rows_of(alone)


def test_long_runs_go_on_where_the_last_block_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> list[Row]:
        random = np.random.default_rng(1)
        drawn = iter(random.exponential(1.0, (500, 2)))
        # One number at a time for both, so that blocks of any size see the same ones.
        pairs = [next(drawn) for _ in range(500)]
        gaps, factors = iter(pair[0] for pair in pairs), iter(pair[1] for pair in pairs)
        take = lambda source: lambda shape: np.array([[next(source)] for _ in range(shape[0])])  # noqa: E731
        return rows_of(run_open_loop([1.0, 2.0], take(gaps), take(factors), (500, 1)))

    whole = run()
    monkeypatch.setattr("deepsched.simulation.queueing._BLOCK", 7)
    assert np.allclose(run(), whole)
