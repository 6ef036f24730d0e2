"""Whether a measurement had settled: the last three windows of each round agree (perf_analyzer's rule)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.measure.bootstrap import finite_or_none

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.measure.rounds import Round

TOLERANCE = 0.10
_WINDOWS = 3
_MOST_WINDOWS = 10  # a round
_LEAST_PER_WINDOW = 50  # requests: perf_analyzer's default too


@dataclass(frozen=True, slots=True)
class Stability:
    """Whether the last three windows of each round agree within 10 %.

    Attributes
    ----------
    stable : bool
        Whether they do.
    throughput_spread, latency_spread : float
        By which share the largest exceeds the smallest, 0.1 being 10 %; NaN where there are not requests enough. Under
        an open loop throughput is what was answered for each request that came: arrivals spread by themselves.
    reason : str
        Why not, in a sentence; empty if stable.
    """

    stable: bool
    throughput_spread: float
    latency_spread: float
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {
            "stable": self.stable,
            "throughput_spread": finite_or_none(self.throughput_spread),
            "latency_spread": finite_or_none(self.latency_spread),
            "reason": self.reason,
        }


def judge_stability(rounds: Sequence[Round]) -> Stability:
    """Judge rounds of the same load; see https://docs.nvidia.com/deeplearning/triton-inference-server, perf_analyzer.

    A window is a tenth of a round, and longer where that held fewer than 50 requests.
    """
    fewest = min(int(one.counted.sum()) for one in rounds)
    if fewest < _WINDOWS * _LEAST_PER_WINDOW:
        return Stability(
            stable=False,
            throughput_spread=np.nan,
            latency_spread=np.nan,
            reason=f"{fewest} requests are too few to tell: it takes {_WINDOWS} windows of {_LEAST_PER_WINDOW}. "
            f"Measure for longer.",
        )
    spreads = np.array([_spread_windows(one) for one in rounds])
    throughput, latency = (float(worst) for worst in spreads.max(axis=0))
    stable = throughput <= TOLERANCE and latency <= TOLERANCE
    reason = (
        f"the last {_WINDOWS} windows differ by {throughput:.0%} in throughput and {latency:.0%} in latency, more than "
        f"{TOLERANCE:.0%}. Measure for longer, after a longer warm-up, on a machine with nothing else to do."
    )
    return Stability(stable, throughput, latency, "" if stable else reason)


def _spread_windows(one: Round) -> tuple[float, float]:
    count = min(_MOST_WINDOWS, int(one.counted.sum()) // _LEAST_PER_WINDOW)
    cut = np.linspace(one.begin, one.end, count + 1)[-_WINDOWS - 1 :]
    answers = np.histogram(one.answered, cut)[0]
    due = one.due[one.counted]
    arrivals = np.histogram(due, cut)[0]
    latencies = np.histogram(due, cut, weights=one.latencies)[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = answers / arrivals if one.open_loop else answers.astype(float)
        return _spread(rates), _spread(latencies / arrivals)


def _spread(values: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """Give by which share the largest exceeds the smallest; infinity where one is 0, or there is none."""
    low, high = values.min(), values.max()
    return float(high / low - 1) if low > 0 else np.inf
