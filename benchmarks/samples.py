"""What is measured: single numbers, each with where it comes from. Everything else is computed from these."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Sample:
    """One number: the `quantity` of `contender` on `model` in one round of a measurement.

    `round` counts from 0; contenders of one model and round were measured right after each other.
    """

    measurement: str
    quantity: str
    model: str
    contender: str
    round: int
    value: float


@dataclass(frozen=True, slots=True)
class Spread:
    """A number over the rounds: its median value, and the lowest and highest of a single round."""

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON knows it."""
        return {"value": self.value, "low": self.low, "high": self.high}


def summarise(samples: Iterable[Sample]) -> Spread | None:
    """Give the median of all `samples`, and their ends; None without any."""
    values = [sample.value for sample in samples]
    return Spread(median(values), min(values), max(values)) if values else None


def compare(ours: Sequence[Sample], theirs: Sequence[Sample]) -> Spread | None:
    """Give the ratio of the medians, and the ends of the ratios within a round; None where one of them is missing."""
    of, to = summarise(ours), summarise(theirs)
    if of is None or to is None or to.value == 0:
        return None
    above, below = _by_round(ours), _by_round(theirs)
    ratios = [above[number] / below[number] for number in above.keys() & below.keys() if below[number]]
    ratio = of.value / to.value
    return Spread(ratio, min([ratio, *ratios]), max([ratio, *ratios]))


def _by_round(samples: Iterable[Sample]) -> dict[int, float]:
    """Give the median of each round: a round may hold several numbers of a kind."""
    rounds = defaultdict(list)
    for sample in samples:
        rounds[sample.round].append(sample.value)
    return {number: median(values) for number, values in rounds.items()}
