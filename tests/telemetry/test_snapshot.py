"""The statistics of many requests, against sums done by hand."""

from __future__ import annotations

import math
import warnings
from dataclasses import FrozenInstanceError

import pytest

from deepsched.telemetry import Percentiles, Snapshot, summarise

# stream, queued, started, ended, items: all ended in the ten seconds before 20.
ROWS = [
    (0, 10.0, 10.0, 11.0, 1),
    (0, 10.5, 11.0, 13.0, 4),
    (1, 10.0, 12.0, 15.0, 1),
    (0, 14.0, 14.0, 14.5, 2),
]


def snapshot() -> Snapshot:
    return summarise(ROWS, at=20.0, window=10.0, num_streams=3, queue_depth=5)


def test_counts() -> None:
    seen = snapshot()
    assert (seen.at, seen.window, seen.requests, seen.queue_depth) == (20.0, 10.0, 4, 5)


def test_throughput_counts_items_not_requests() -> None:
    # 1 + 4 + 1 + 2 items in 10 s.
    assert snapshot().throughput == pytest.approx(0.8)


def test_times() -> None:
    seen = snapshot()
    # From queued to ended: 0.5, 1, 2.5 and 5 s. The median lies halfway between the middle two; the 90th percentile
    # 0.7 of the way from the third to the fourth (0.9 * 3 = 2.7), the 99th 0.97, the 99.9th 0.997 of it.
    assert seen.latency == Percentiles(
        p50=pytest.approx(1.75), p90=pytest.approx(4.25), p99=pytest.approx(4.925), p999=pytest.approx(4.9925)
    )
    # From queued to started: 0, 0, 0.5 and 2 s.
    assert seen.queue_time.p50 == pytest.approx(0.25)
    assert seen.queue_time.p90 == pytest.approx(1.55)
    # From started to ended: 0.5, 1, 2 and 3 s.
    assert seen.run_time.p50 == pytest.approx(1.5)
    assert seen.run_time.p99 == pytest.approx(2.97)


def test_utilisation_is_each_streams_share_of_the_window() -> None:
    # Stream 0 ran for 1 + 2 + 0.5 s, stream 1 for 3 s, stream 2 for none, of 10 s.
    assert snapshot().utilisation == pytest.approx((0.35, 0.3, 0.0))


def test_time_before_the_window_is_not_in_it() -> None:
    # GIVEN a request that ran from 1 to 12, of which the window has seen two seconds
    seen = summarise([(0, 0.0, 1.0, 12.0, 1)], at=20.0, window=10.0, num_streams=1)
    assert seen.utilisation == pytest.approx((0.2,))
    # THEN its own times are whole
    assert seen.run_time.p50 == pytest.approx(11.0)


def test_utilisation_is_never_above_one() -> None:
    # GIVEN requests of one stream whose clocks overlap a little
    rows = [(0, 0.0, 10.0, 16.0, 1), (0, 0.0, 14.0, 20.0, 1)]
    assert summarise(rows, at=20.0, window=10.0, num_streams=1).utilisation == (1.0,)


def test_an_empty_window() -> None:
    # WHEN nothing ended in the window
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        seen = summarise([], at=20.0, window=10.0, num_streams=2)
    # THEN there is no throughput, and no time to give
    assert (seen.requests, seen.throughput, seen.utilisation, seen.queue_depth) == (0, 0.0, (0.0, 0.0), 0)
    for times in (seen.latency, seen.queue_time, seen.run_time):
        assert all(math.isnan(value) for value in (times.p50, times.p90, times.p99, times.p999))


def test_one_request_is_every_percentile() -> None:
    seen = summarise([(0, 1.0, 2.0, 4.0, 1)], at=5.0, window=5.0, num_streams=1)
    assert seen.latency == Percentiles(3.0, 3.0, 3.0, 3.0)


def test_requests_of_streams_that_are_gone_count_but_have_no_utilisation() -> None:
    # GIVEN a request that ran before num_streams went from 4 to 2
    seen = summarise([(3, 1.0, 2.0, 4.0, 1)], at=5.0, window=5.0, num_streams=2)
    assert seen.requests == 1
    assert seen.utilisation == (0.0, 0.0)


def test_the_numbers_are_pythons_own() -> None:
    # json.dumps and f-strings know them; numpy's would print their type.
    seen = snapshot()
    numbers = [seen.throughput, *seen.utilisation, seen.latency.p50, seen.queue_time.p999, seen.run_time.p90]
    assert {type(number) for number in numbers} == {float}
    assert type(seen.requests) is int


def test_a_snapshot_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        snapshot().throughput = 1.0
