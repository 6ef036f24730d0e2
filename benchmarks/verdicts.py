"""Whether it holds: each row of the table of bounds, read from the samples."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import geometric_mean
from typing import TYPE_CHECKING, Any

from benchmarks.samples import Sample, Spread, compare, summarise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.bounds import Row


@dataclass(frozen=True, slots=True)
class Verdict:
    """A row with what was measured: over its models, and for each model that there is, by its name."""

    row: Row
    spread: Spread
    models: dict[str, Spread]

    @property
    def left_out(self) -> tuple[str, ...]:
        """The models of the row that were not measured."""
        return tuple(model for model in self.row.models or () if model not in self.models)

    @property
    def holds(self) -> bool | None:
        """Whether the bound holds; None without a bound, or without some of the row's models."""
        return self._reaches(self.row.bound)

    @property
    def reaches_aim(self) -> bool | None:
        """Whether the aim is reached; None likewise."""
        return self._reaches(self.row.aim)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON knows it."""
        return {
            "what": self.row.what,
            **self.spread.to_dict(),
            "bound": self.row.bound,
            "aim": self.row.aim,
            "at_most": self.row.at_most,
            "holds": self.holds,
            "reaches_aim": self.reaches_aim,
            "left_out": list(self.left_out),
            "models": {name: spread.to_dict() for name, spread in self.models.items()},
        }

    def _reaches(self, limit: float | None) -> bool | None:
        if limit is None or self.left_out:
            return None
        return self.spread.value <= limit if self.row.at_most else self.spread.value >= limit


def judge(rows: Iterable[Row], samples: Sequence[Sample]) -> list[Verdict]:
    """Read each row from `samples`; rows of which nothing was measured are left out."""
    verdicts = []
    for row in rows:
        models = dict.fromkeys(sample.model for sample in samples if sample.measurement == row.measurement)
        spreads = {model: spread for model in models if (spread := _read(row, samples, model))}
        if counted := [spread for model, spread in spreads.items() if row.models is None or model in row.models]:
            verdicts.append(Verdict(row, (_sum if row.total else _average)(counted), spreads))
    return verdicts


def _read(row: Row, samples: Sequence[Sample], model: str) -> Spread | None:
    def pick(contender: str) -> list[Sample]:
        wanted = (row.measurement, row.quantity, model, contender)
        return [s for s in samples if (s.measurement, s.quantity, s.model, s.contender) == wanted]

    ours = pick(row.contender)
    if row.total:
        return _sum([Spread(sample.value, sample.value, sample.value) for sample in ours]) if ours else None
    return summarise(ours) if row.against is None else compare(ours, pick(row.against))


def _sum(spreads: list[Spread]) -> Spread:
    total = sum(spread.value for spread in spreads)
    return Spread(total, total, total)


def _average(spreads: list[Spread]) -> Spread:
    """Give the geometric mean, end by end; a single model is its own."""
    if len(spreads) == 1:
        return spreads[0]
    return Spread(
        geometric_mean([spread.value for spread in spreads]),
        geometric_mean([spread.low for spread in spreads]),
        geometric_mean([spread.high for spread in spreads]),
    )
