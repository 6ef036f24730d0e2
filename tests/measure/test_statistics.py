"""From rounds to numbers, and how sure they are."""

from __future__ import annotations

import json
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepsched.measure import analyse
from deepsched.measure.bootstrap import Estimate, draw_percentiles, draw_weights, find_estimate, quantile_t
from tests.measure.made_rounds import make_round

EVEN = np.arange(0.0, 10.0, 0.01)


def test_numbers_of_a_steady_load() -> None:
    found = analyse([make_round(EVEN, np.full(1000, 0.004))], items=8)
    assert (found.rounds, found.requests, found.unanswered, found.seconds) == (1, 1000, 0, 10.0)
    assert found.throughput.value == pytest.approx(800)
    assert found.latency.value == pytest.approx(0.004)
    assert found.deviation == pytest.approx(0, abs=1e-12)
    assert found.percentile(99.0).value == pytest.approx(0.004)
    # THEN what does not scatter is sure
    assert found.throughput.low == pytest.approx(800, rel=0.01)
    assert found.latency.high == pytest.approx(0.004)
    assert found.stability.stable


def test_requests_outside_of_the_window_do_not_count() -> None:
    # GIVEN warm-up and cool-down, in which latencies are a hundred times as long
    due = np.arange(-5.0, 15.0, 0.01)
    inside = (due >= 0) & (due < 10)
    found = analyse([make_round(due, np.where(inside, 0.004, 0.4))])
    assert found.requests == inside.sum()
    assert found.percentile(99.9).value == pytest.approx(0.004)
    # THEN answers in the window count for throughput, whenever they were due
    assert found.throughput.value == pytest.approx(100, rel=0.05)


def test_what_was_never_answered_counts_with_what_it_waited() -> None:
    latencies = np.full(1000, 0.004)
    latencies[500:520] = np.nan
    found = analyse([make_round(EVEN, latencies)])
    assert found.unanswered == 20
    # THEN p90 is sure, and p99, of which nobody knows how long it would have taken, has no upper end
    assert found.percentile(90.0).high == pytest.approx(0.004)
    assert found.percentile(99.0).value > 4
    assert np.isinf(found.percentile(99.0).high)
    assert np.isinf(found.latency.high)


def test_a_percentile_beyond_what_was_measured_has_no_upper_end() -> None:
    found = analyse([make_round(EVEN, np.random.default_rng(0).random(1000) * 0.001)], percentiles=(50, 99, 99.9, 100))
    assert [bool(np.isfinite(value.high)) for _, value in found.percentiles] == [True, True, False, False]


@pytest.mark.parametrize("requests", [0, 1, 9, 15])
def test_few_requests_give_numbers_without_intervals(requests: int) -> None:
    found = analyse([make_round(np.linspace(1, 9, requests), np.full(requests, 0.1))])
    assert found.requests == requests
    assert found.throughput.value == pytest.approx(requests / 10)
    assert np.isnan(found.throughput.low)
    assert not found.stability.stable
    assert f"{requests} requests are too few" in found.stability.reason
    # THEN even so it is JSON
    json.dumps(found.to_dict(), allow_nan=False)


def test_rounds_that_differ_widen_the_interval() -> None:
    slow, fast = (make_round(np.arange(0, 10, gap), np.full(int(10 / gap), 0.001)) for gap in (0.02, 0.01))
    alike, apart = analyse([fast, fast, fast]), analyse([fast, slow, fast])
    assert apart.rounds == 3
    assert apart.throughput.value == pytest.approx(250 / 3)
    assert apart.throughput.high / apart.throughput.low > alike.throughput.high / alike.throughput.low
    assert apart.throughput.low < apart.throughput.value < apart.throughput.high


def test_the_same_rounds_give_the_same_intervals() -> None:
    one = make_round(EVEN, np.random.default_rng(0).random(1000))
    assert analyse([one]).to_dict() == analyse([one]).to_dict()


@pytest.mark.parametrize(
    ("windows", "says"),
    [
        ([1, 1, 1, 1, 1, 1, 1, 1, 1, 1.05], ""),
        ([9, 9, 9, 9, 9, 9, 9, 1, 1, 1], ""),
        ([1, 1, 1, 1, 1, 1, 1, 1, 1.2, 1], "20% in latency"),
        ([1, 1, 1, 1, 1, 1, 1, 2, 1, 1], "100% in latency"),
    ],
)
def test_only_the_last_three_windows_need_agree(windows: list[float], says: str) -> None:
    stability = analyse([make_round(EVEN, np.repeat(windows, 100) * 0.001)]).stability
    assert stability.stable == (not says)
    assert says in stability.reason


def test_every_round_must_be_stable() -> None:
    steady, growing = (make_round(EVEN, latencies) for latencies in (np.full(1000, 0.001), np.linspace(0.001, 1, 1000)))
    assert analyse([steady, steady]).stability.stable
    assert not analyse([growing, steady]).stability.stable


def test_arrivals_that_scatter_are_no_instability() -> None:
    due = np.sort(np.random.default_rng(3).random(600) * 10)
    assert analyse([make_round(due, np.full(600, 1e-4))]).stability.stable
    # WHEN a closed loop answers so unevenly, it is one
    assert not analyse([make_round(due, np.full(600, 1e-4), open_loop=False)]).stability.stable


@given(st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=300), st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_drawn_percentiles_are_values_that_were_there(values: list[float], blocks: list[int]) -> None:
    weights = draw_weights(blocks)
    # THEN each draw has as many blocks as there are, or in rounds of other lengths, as it drew
    assert (weights >= 0).all()
    if len(set(blocks)) == 1:
        assert (weights.sum(axis=1) == sum(blocks)).all()
    data = np.array(values)
    block = np.arange(len(data)) % sum(blocks)
    drawn = draw_percentiles(data, block, weights, np.array([0.0, 50.0, 100.0]))
    there = ~np.isnan(drawn[:, 0])
    assert set(drawn[there].ravel()) <= set(values)
    assert (np.diff(drawn[there], axis=1) >= 0).all()


def test_many_values_are_counted_finely_enough() -> None:
    values = np.random.default_rng(0).exponential(1, 300_000)
    weights = np.ones((1, 10), dtype=np.int64)
    percents = np.array([50.0, 99.0, 99.9, 99.99])
    drawn = draw_percentiles(values, np.arange(len(values)) % 10, weights, percents)
    np.testing.assert_allclose(drawn[0], np.percentile(values, percents), rtol=0.005)


@pytest.mark.parametrize(("freedom", "tabled"), [(2, 4.303), (3, 3.182), (9, 2.262), (30, 2.042)])
def test_students_quantiles_are_those_of_the_tables(freedom: int, tabled: float) -> None:
    assert quantile_t(0.95, freedom) == pytest.approx(tabled, rel=0.01)
    assert quantile_t(0.95, 10**6) == pytest.approx(NormalDist().inv_cdf(0.975), rel=1e-4)


def test_what_cannot_be_told_is_null_in_json() -> None:
    assert find_estimate(3.0, np.array([1.0, 2.0]), 2).to_dict() == {"value": 3.0, "low": None, "high": None}
    assert Estimate(1.0, 0.5, np.inf).scaled(1e3).to_dict() == {"value": 1e3, "low": 500.0, "high": None}
