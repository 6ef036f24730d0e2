"""Whether one setting beats another."""

from __future__ import annotations

import json

import numpy as np
import pytest

from deepsched.errors import OptionError
from deepsched.measure import compare_rounds
from tests.measure.made_rounds import make_noisy_rounds, make_round

STEADY = (1.0, 1.0, 1.0, 1.0, 1.0)
# A machine that somebody else uses more and more.
DRIFTING = (1.0, 0.9, 0.75, 0.6, 0.5)


def test_the_better_setting_is_found() -> None:
    fast, slow = make_noisy_rounds(110, STEADY, 1), make_noisy_rounds(100, STEADY, 2)
    found = compare_rounds(fast, slow)
    assert (found.metric, found.verdict, found.equal) == ("throughput", "first", False)
    assert found.ratio.low < 1.1 < found.ratio.high
    assert compare_rounds(slow, fast).verdict == "second"
    # THEN of latencies the smaller is better
    assert compare_rounds(fast, slow, "mean").verdict == "first"
    assert compare_rounds(fast, slow, "p99").ratio.value < 1
    assert "A is better than B" in found.describe("A", "B")


def test_settings_within_noise_are_equal() -> None:
    found = compare_rounds(make_noisy_rounds(100, STEADY, 1), make_noisy_rounds(100, STEADY, 2))
    assert found.equal
    assert found.describe("A", "B").startswith("A and B are equal within noise")
    json.dumps(found.to_dict(), allow_nan=False)


def test_what_disturbs_both_does_not_hide_a_difference() -> None:
    # GIVEN rounds of which the last are twice as slow as the first, for both settings
    fast, slow = make_noisy_rounds(105, DRIFTING, 1), make_noisy_rounds(100, DRIFTING, 2)
    found = compare_rounds(fast, slow)
    assert found.verdict == "first"
    # WHEN the same rounds are not paired with those of their time
    assert compare_rounds(fast, slow[::-1]).equal


def test_false_alarms_are_as_seldom_as_promised() -> None:
    verdicts = [
        compare_rounds(make_noisy_rounds(100, STEADY, seed), make_noisy_rounds(100, STEADY, seed + 1000)).equal
        for seed in range(100)
    ]
    assert sum(verdicts) >= 88


def test_items_count_for_throughput_alone() -> None:
    rounds = make_noisy_rounds(100, STEADY, 1)
    assert compare_rounds(rounds, rounds, items=(4, 1)).ratio.value == pytest.approx(4)
    assert compare_rounds(rounds, rounds, "mean", items=(4, 1)).ratio.value == pytest.approx(1)


def test_a_round_without_answers_decides_nothing() -> None:
    dead = [make_round([], [])] * 3
    assert compare_rounds(dead, make_noisy_rounds(100, STEADY[:3], 1)).equal
    assert compare_rounds(dead, make_noisy_rounds(100, STEADY[:3], 1), "p99").equal


@pytest.mark.parametrize(("first", "second"), [(2, 2), (3, 4), (0, 0)])
def test_too_few_rounds(first: int, second: int) -> None:
    one = make_round(np.arange(10.0), np.ones(10))
    with pytest.raises(OptionError, match=f"{first} and {second} rounds were given"):
        compare_rounds([one] * first, [one] * second)


@pytest.mark.parametrize("metric", ["speed", "", "p", "p101", "pnan"])
def test_an_unknown_metric(metric: str) -> None:
    rounds = make_noisy_rounds(100, STEADY, 1)
    with pytest.raises(OptionError, match="metric is"):
        compare_rounds(rounds, rounds, metric)
