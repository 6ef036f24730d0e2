"""Whether one setting beats another, or the two are equal within the noise of the measurement."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.errors import OptionError
from deepsched.measure.bootstrap import CONFIDENCE, Estimate, quantile_t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.measure.rounds import Round

LEAST_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a number of the first setting is of the same number of the second.

    `metric` is ``"throughput"``, ``"mean"`` or a percentile such as ``"p99"``; `ratio` is the first's by the second's.
    """

    metric: str
    ratio: Estimate

    @property
    def equal(self) -> bool:
        """Whether the difference is within noise: the interval of the ratio holds 1, or there is none."""
        return not (self.ratio.low > 1 or self.ratio.high < 1)

    @property
    def verdict(self) -> str:
        """``"first"`` or ``"second"``, whichever is better, or ``"equal"`` within noise."""
        if self.equal:
            return "equal"
        return "first" if (self.ratio.low > 1) is (self.metric == "throughput") else "second"

    def describe(self, first: str, second: str) -> str:
        """Say it in a sentence, with what the two settings are called."""
        interval = f"{self.metric} ratio {self.ratio.value:.3f}, from {self.ratio.low:.3f} to {self.ratio.high:.3f}"
        if self.equal:
            return f"{first} and {second} are equal within noise ({interval})."
        better, worse = (first, second) if self.verdict == "first" else (second, first)
        return f"{better} is better than {worse} ({interval})."

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {"metric": self.metric, "ratio": self.ratio.to_dict(), "verdict": self.verdict}


def compare_rounds(
    first: Sequence[Round], second: Sequence[Round], metric: str = "throughput", items: tuple[int, int] = (1, 1)
) -> Comparison:
    """Compare two settings that were measured in interleaved rounds.

    What disturbs a machine for a while disturbs both settings' rounds of that while. So each round of the first is
    compared with the same round of the second, and only the ratios are averaged: Student's interval of the mean of
    their logarithms (paired differences).

    Parameters
    ----------
    first, second : sequence of Round
        As many of each, at least 3, in the order in which they were measured.
    metric : str
        ``"throughput"``, ``"mean"`` for the mean latency, or a percentile of it such as ``"p99"`` or ``"p99.9"``.
    items : tuple of int
        Entries of the batch in a request of each.

    Raises
    ------
    OptionError
        If there are too few rounds or not as many of each, or there is no such metric.
    """
    if len(first) != len(second) or len(first) < LEAST_ROUNDS:
        raise OptionError(
            f"{len(first)} and {len(second)} rounds were given; a comparison takes as many of each, "
            f"{LEAST_ROUNDS} at least."
        )
    measured = [[_read_metric(one, metric) for one in rounds] for rounds in (first, second)]
    scale = math.log(items[0] / items[1]) if metric == "throughput" else 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(measured[0]) - np.log(measured[1]) + scale
        mean, deviation = float(logs.mean()), float(logs.std(ddof=1))
    reach = quantile_t(CONFIDENCE, len(logs) - 1) * deviation / math.sqrt(len(logs))
    return Comparison(metric, Estimate(*(math.exp(value) for value in (mean, mean - reach, mean + reach))))


def _read_metric(one: Round, metric: str) -> float:
    if metric == "throughput":
        return float(((one.answered >= one.begin) & (one.answered < one.end)).sum() / one.seconds)
    if not one.counted.any():
        return np.nan
    if metric == "mean":
        return float(one.latencies.mean())
    try:
        return float(np.percentile(one.latencies, float(metric.removeprefix("p"))))
    except ValueError:
        raise OptionError(f"metric is {metric!r}; expected 'throughput', 'mean' or a percentile like 'p99'.") from None
