"""Open-loop load on streams of known service time: its latencies are those that queueing theory knows."""

from __future__ import annotations

import math
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from deepsched.errors import RequestError
from deepsched.measure import OpenLoad, Times, analyse, measure_round
from tests.measure.queueing import FakeClock, FakeStreams, expect_md1, expect_mmc

if TYPE_CHECKING:
    from collections.abc import Callable

    from deepsched.measure import Round

SERVICE = 1e-3
REQUESTS = 20_000


def measure_queue(
    utilisation: float, streams: int = 1, *, seed: int = 0, exponential: bool = False, requests: int = REQUESTS
) -> Round:
    clock = FakeClock()
    random = np.random.default_rng(seed + 1000)
    draw: Callable[[int], float] = (lambda _: random.exponential(SERVICE)) if exponential else (lambda _: SERVICE)
    rate = utilisation * streams / SERVICE
    times = Times(seconds=requests / rate, warm_up=requests / rate / 10)
    return measure_round(FakeStreams(clock, draw, streams), OpenLoad(rate, seed=seed), times, clock)


@pytest.mark.parametrize("utilisation", [0.5, 0.8])
def test_one_stream_of_constant_service_time_is_an_md1_queue(utilisation: float) -> None:
    found = analyse([measure_queue(utilisation)])
    mean, p99 = expect_md1(utilisation, SERVICE, 0.99)
    assert found.latency.low <= mean <= found.latency.high
    assert found.percentile(99.0).low <= p99 <= found.percentile(99.0).high
    assert found.throughput.low <= utilisation / SERVICE <= found.throughput.high
    # THEN the interval says something, too
    assert found.latency.high - found.latency.low < 0.3 * mean


@pytest.mark.parametrize(("utilisation", "streams"), [(0.5, 1), (0.6, 2), (0.8, 4)])
def test_streams_of_exponential_service_time_are_an_mmc_queue(utilisation: float, streams: int) -> None:
    found = analyse([measure_queue(utilisation, streams, exponential=True)])
    mean, p99 = expect_mmc(utilisation, SERVICE, streams, 0.99)
    assert found.latency.low <= mean <= found.latency.high
    assert found.percentile(99.0).low <= p99 <= found.percentile(99.0).high


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    # GIVEN the same queue measured again and again, each time briefly
    mean, p99 = expect_md1(0.7, SERVICE, 0.99)
    found = [analyse([measure_queue(0.7, seed=seed, requests=4000)]) for seed in range(30)]
    # THEN the intervals miss about as seldom as `find_estimate` says
    assert sum(one.latency.low <= mean <= one.latency.high for one in found) >= 25
    assert sum(one.percentile(99.0).low <= p99 <= one.percentile(99.0).high for one in found) >= 23


def test_a_stall_is_felt_by_all_whom_it_held_up() -> None:
    # GIVEN a stream at half its capacity that stands still for 200 ms of 5 s
    clock, stall, seconds = FakeClock(), 0.2, 5.0
    streams = FakeStreams(clock, lambda _: SERVICE)

    def stand_still() -> None:
        streams.free_at = [max(streams.free_at[0], clock.now()) + stall]

    clock.plan(2.0, stand_still)
    load = OpenLoad(0.5 / SERVICE, "constant")
    found = analyse([measure_round(streams, load, Times(seconds, 0.5), clock)])
    # THEN p99 is the stall, less what the hundredth that felt it most leaves of it while the queue drains
    assert found.percentile(99.0).value == pytest.approx(stall - 0.01 * seconds * (1 - 0.5), rel=0.03)
    assert found.percentile(50.0).value == pytest.approx(SERVICE, rel=0.01)
    assert not found.stability.stable or found.percentile(99.0).high > stall / 2


def test_a_load_that_cannot_send_in_time_counts_that_too() -> None:
    # GIVEN a server that takes 300 ms to accept one request
    clock = FakeClock()
    streams = FakeStreams(clock, lambda _: SERVICE)

    class Stuck:
        calls = 0
        run = streams.run

        def submit(self) -> Future[Any]:
            self.calls += 1
            if self.calls == 100:
                clock.sleep_until(clock.now() + 0.3)
            return streams.submit()

    one = measure_round(Stuck(), OpenLoad(100, "constant"), Times(5.0, 0.0), clock)
    # THEN the requests that were due meanwhile are sent late, and their latency began when they were due
    late = one.lateness > 0.005
    assert late.sum() == pytest.approx(30, abs=2)
    assert one.latencies[late].max() == pytest.approx(0.29, abs=0.02)
    assert (one.latencies >= one.lateness).all()


def test_a_slow_stream_shows_in_the_tail() -> None:
    # GIVEN two streams, one of which takes ten times as long and serves about a tenth of the requests
    clock = FakeClock()
    streams = FakeStreams(clock, lambda index: SERVICE * (10 if index else 1), 2)
    found = analyse([measure_round(streams, OpenLoad(0.8 / SERVICE, "constant"), Times(10.0, 1.0), clock)])
    assert found.percentile(50.0).value == pytest.approx(SERVICE)
    assert found.percentile(99.0).value == pytest.approx(10 * SERVICE)


@pytest.mark.parametrize("overload", [1.25, 2.0])
def test_above_capacity_latency_grows_with_the_run(overload: float) -> None:
    clock, times = FakeClock(), Times(8.0, 2.0)
    streams = FakeStreams(clock, lambda _: SERVICE)
    one = measure_round(streams, OpenLoad(overload / SERVICE, "constant"), times, clock)
    found = analyse([one])
    # THEN whoever comes after t seconds waits (overload - 1) t, and all are waited for
    assert found.percentile(99.0).value == pytest.approx((2.0 + 0.99 * 8.0) * (overload - 1), rel=0.01)
    assert found.unanswered == 0
    assert not found.stability.stable
    assert found.throughput.value == pytest.approx(1 / SERVICE, rel=0.01)


def test_far_above_capacity_what_is_given_up_leaves_no_upper_end() -> None:
    clock = FakeClock()
    streams = FakeStreams(clock, lambda _: SERVICE)
    one = measure_round(streams, OpenLoad(10 / SERVICE, "constant"), Times(0.5, 0.5), clock)
    found = analyse([one])
    # THEN the round ended when its patience did
    assert one.stopped == pytest.approx(2.0, abs=0.05)
    assert found.unanswered > 0
    assert math.isinf(found.percentile(99.0).high)
    assert math.isinf(found.latency.high)
    assert found.percentile(99.0).to_dict()["high"] is None


def test_the_load_goes_on_until_the_last_counted_request_is_answered() -> None:
    clock = FakeClock()
    one = measure_round(
        FakeStreams(clock, lambda _: 0.35), OpenLoad(2.5, "constant"), Times(2.0, 0.4, patience=10.0), clock
    )
    assert one.unanswered == 0
    # THEN requests were sent beyond the end, so that the last met the same load as the first
    assert one.due[-1] >= one.end
    assert one.stopped < one.end + 1
    assert one.counted.sum() == 5


def test_a_request_that_fails_ends_the_round() -> None:
    clock = FakeClock()

    class Failing:
        def run(self) -> object:
            raise AssertionError("an open load submits its requests; only a closed loop runs them")

        def submit(self) -> Future[Any]:
            future: Future[Any] = Future()
            clock.plan(clock.now() + SERVICE, lambda: future.set_exception(RequestError("it broke")))
            return future

    with pytest.raises(RequestError, match="it broke"):
        measure_round(Failing(), OpenLoad(10), Times(5.0, 0.0), clock)
    assert clock.now() < 5


def test_progress_is_told_twice_a_second() -> None:
    clock, told = FakeClock(), []
    measure_round(FakeStreams(clock, lambda _: SERVICE), OpenLoad(100), Times(4.0, 1.0), clock, told.append)
    assert 9 <= len(told) <= 11
    assert told == sorted(told)
    assert told[-1] <= 5.0
