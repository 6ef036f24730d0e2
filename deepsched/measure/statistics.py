"""The statistics of rounds of load: throughput, latency, how sure they are, and whether they had settled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.measure.bootstrap import (
    CONFIDENCE,
    Estimate,
    draw_percentiles,
    draw_weights,
    find_estimate,
    finite_or_none,
)
from deepsched.measure.stability import Stability, judge_stability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from deepsched.measure.rounds import Round

DEFAULT_PERCENTILES = (50.0, 90.0, 99.0, 99.9)
_MOST_BLOCKS = 10  # a round
_LEAST_PER_BLOCK = 10  # requests
# The largest of n values lies above their p quantile with probability 1 - p**n: 97.5 % from n * (1 - p) of 3.7 up.
_LEAST_BEYOND = 3.7


@dataclass(frozen=True, slots=True)
class Statistics:
    """What rounds of load amount to. Times are in seconds.

    Attributes
    ----------
    rounds, requests, unanswered : int
        How many there were; `requests` are those due in the part of each round that counts, and `unanswered` those of
        them that were given up when the round was over. These enter with the time that they had waited until then.
    seconds : float
        The length of the parts that count, together.
    throughput : Estimate
        Items per second, an item being one entry of the batch.
    latency : Estimate
        The mean, from when a request should have been sent to its answer; with no upper end if some had none.
    deviation : float
        The latencies' standard deviation.
    percentiles : tuple of (float, Estimate)
        The latency's percentiles. One that too few answered requests lie beyond has no upper end: it may be anything
        from its value up.
    lateness : float
        The 99th percentile of how much too late the load itself sent requests, which is part of their latency.
    stability : Stability
        Whether the last windows agreed.
    """

    rounds: int
    requests: int
    unanswered: int
    seconds: float
    throughput: Estimate
    latency: Estimate
    deviation: float
    percentiles: tuple[tuple[float, Estimate], ...]
    lateness: float
    stability: Stability

    def percentile(self, percent: float) -> Estimate:
        """Give one of the percentiles that were computed.

        Raises
        ------
        KeyError
            If it was not.
        """
        return dict(self.percentiles)[percent]

    def to_dict(self) -> dict[str, Any]:
        """Give them as plain data, times in milliseconds."""
        return {
            "rounds": self.rounds,
            "requests": self.requests,
            "unanswered": self.unanswered,
            "seconds": self.seconds,
            "confidence": CONFIDENCE,
            "throughput": self.throughput.to_dict(),
            "latency_ms": {
                "mean": self.latency.scaled(1e3).to_dict(),
                "std": finite_or_none(self.deviation * 1e3),
                **{f"p{percent:g}": value.scaled(1e3).to_dict() for percent, value in self.percentiles},
            },
            "lateness_ms": finite_or_none(self.lateness * 1e3),
            "stability": self.stability.to_dict(),
        }


def analyse(rounds: Sequence[Round], items: int = 1, percentiles: Sequence[float] = DEFAULT_PERCENTILES) -> Statistics:
    """Compute the statistics of rounds of the same load on the same setting.

    Parameters
    ----------
    rounds : sequence of Round
        At least one.
    items : int
        Entries of the batch in a request.
    percentiles : sequence of float
        Which percentiles of the latency, from 0 to 100.
    """
    cuts = [_cut_blocks(one) for one in rounds]
    blocks = [len(cut) - 1 for cut in cuts]
    weights = draw_weights(blocks)
    answers = np.concatenate([np.histogram(r.answered, cut)[0] for r, cut in zip(rounds, cuts, strict=True)])
    lengths = np.concatenate([np.diff(cut) for cut in cuts])
    latencies = np.concatenate([one.latencies for one in rounds])
    block = np.concatenate([_place(one, cut) for one, cut in zip(rounds, cuts, strict=True)])
    block += np.repeat(np.cumsum([0, *blocks[:-1]]), [len(one.latencies) for one in rounds])
    rates = items * (weights @ answers) / (weights @ lengths)
    return Statistics(
        rounds=len(rounds),
        requests=len(latencies),
        unanswered=sum(one.unanswered for one in rounds),
        seconds=float(lengths.sum()),
        throughput=find_estimate(float(items * answers.sum() / lengths.sum()), rates, sum(blocks)),
        latency=_estimate_mean(rounds, latencies, block, weights),
        deviation=float(latencies.std()) if len(latencies) else np.nan,
        percentiles=_estimate_percentiles(rounds, latencies, block, weights, tuple(percentiles)),
        lateness=float(np.percentile(np.concatenate([one.lateness for one in rounds]), 99)) if len(block) else np.nan,
        stability=judge_stability(rounds),
    )


def _cut_blocks(one: Round) -> NDArray[np.float64]:
    """Cut a round into blocks of time, each with requests enough; give their ends."""
    count = min(_MOST_BLOCKS, max(1, int(one.counted.sum()) // _LEAST_PER_BLOCK))
    return np.linspace(one.begin, one.end, count + 1)


def _place(one: Round, cut: NDArray[np.float64]) -> NDArray[np.intp]:
    """Tell for each counted request the block in which it was due."""
    return np.minimum(np.searchsorted(cut, one.due[one.counted], side="right") - 1, len(cut) - 2)


def _estimate_mean(
    rounds: Sequence[Round], latencies: NDArray[np.float64], block: NDArray[np.intp], weights: NDArray[np.int64]
) -> Estimate:
    if not len(latencies):
        return Estimate(np.nan, np.nan, np.nan)
    blocks = weights.shape[1]
    sums = np.bincount(block, latencies, minlength=blocks)
    counts = np.bincount(block, minlength=blocks)
    with np.errstate(invalid="ignore"):  # a draw of empty blocks has no mean
        draws = (weights @ sums) / (weights @ counts)
    found = find_estimate(float(latencies.mean()), draws, blocks)
    return replace(found, high=np.inf) if any(one.unanswered for one in rounds) else found


def _estimate_percentiles(
    rounds: Sequence[Round],
    latencies: NDArray[np.float64],
    block: NDArray[np.intp],
    weights: NDArray[np.int64],
    percents: tuple[float, ...],
) -> tuple[tuple[float, Estimate], ...]:
    if not len(latencies):
        return tuple((percent, Estimate(np.nan, np.nan, np.nan)) for percent in percents)
    values = np.percentile(latencies, percents)
    draws = draw_percentiles(latencies, block, weights, np.array(percents))
    unanswered = sum(one.unanswered for one in rounds)
    found = []
    for percent, value, column in zip(percents, values, draws.T, strict=True):
        estimate = find_estimate(float(value), column, weights.shape[1])
        beyond = len(latencies) * (1 - percent / 100) - unanswered
        found.append((percent, replace(estimate, high=np.inf) if beyond < _LEAST_BEYOND else estimate))
    return tuple(found)
