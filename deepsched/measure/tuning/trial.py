"""A candidate and what was measured of it so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.measure.comparison import LEAST_ROUNDS, Comparison, compare_rounds
from deepsched.measure.statistics import Statistics, analyse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from deepsched.measure.rounds import Round
    from deepsched.measure.tuning.candidates import Candidate

PERCENTILES = (50.0, 90.0, 99.0)


@dataclass(frozen=True, slots=True)
class Sample:
    """One round of one candidate, and the entries of the batch in each of its requests."""

    round: Round
    items: int = 1


@dataclass(frozen=True, slots=True)
class RateBounds:
    """Where the highest rate that keeps the limit lies, in requests/s.

    `kept` is the highest rate that was seen to keep it (0: none was), `broken` the lowest that was not, or the
    capacity.
    """

    kept: float
    broken: float

    def to_dict(self) -> dict[str, Any]:
        """Give them as plain data."""
        return {"kept": self.kept, "broken": self.broken}


@dataclass(frozen=True, slots=True)
class Trial:
    """A candidate, its rounds, and why it was given up, if it was.

    `rounds` are in the order in which they were measured: those of one place belong to the same time in all trials.
    """

    candidate: Candidate
    rounds: tuple[Round, ...] = ()
    items: int = 1
    dropped: str = ""
    bounds: RateBounds | None = None

    def add(self, sample: Sample) -> Trial:
        """Give the trial with one round more."""
        return replace(self, rounds=(*self.rounds, sample.round), items=sample.items)

    @property
    def throughput(self) -> float:
        """Items per second, over all rounds."""
        answers = sum(int(((r.answered >= r.begin) & (r.answered < r.end)).sum()) for r in self.rounds)
        return self.items * answers / sum(r.seconds for r in self.rounds) if self.rounds else 0.0

    @property
    def mean(self) -> float:
        """The mean latency, in seconds."""
        return float(self._latencies.mean()) if len(self._latencies) else np.inf

    @property
    def p99(self) -> float:
        """The latency's 99th percentile, in seconds."""
        return float(np.percentile(self._latencies, 99)) if len(self._latencies) else np.inf

    @property
    def _latencies(self) -> NDArray[np.float64]:
        return np.concatenate([r.latencies for r in self.rounds]) if self.rounds else np.empty(0)

    def compare(self, other: Trial, metric: str) -> Comparison | None:
        """Compare it with another over the rounds that both have; None where these are too few to tell."""
        common = min(len(self.rounds), len(other.rounds))
        if common < LEAST_ROUNDS:
            return None
        return compare_rounds(self.rounds[:common], other.rounds[:common], metric, (self.items, other.items))

    def analyse(self) -> Statistics | None:
        """Compute the statistics of its rounds; None before the first."""
        return analyse(self.rounds, self.items, PERCENTILES) if self.rounds else None
