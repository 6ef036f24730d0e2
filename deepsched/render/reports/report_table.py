"""The settings of a report as rows of text."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deepsched.render.reports.run import Run

_NUMBERS = ("num_streams", "plan", "throughput, items/s", "p50, ms", "p99, ms")
_MILLISECONDS = 1000.0


def list_columns(runs: Sequence[Run]) -> list[str]:
    """Name the columns: the run, what was set in which runs differ, and what was found."""
    alike = list_alike(runs)
    names = dict.fromkeys(name for run in runs for name in run.settings if name not in alike)
    origins = ["origin"] if len({run.point.origin for run in runs}) > 1 else []
    return ["setting", *names, *origins, *_NUMBERS]


def list_alike(runs: Sequence[Run]) -> dict[str, str]:
    """Give what was set alike in all runs, which needs no column."""
    first, *others = runs
    return {
        name: value
        for name, value in first.settings.items()
        if all(other.settings.get(name) == value for other in others)
    }


def list_rows(runs: Sequence[Run], columns: Sequence[str]) -> Iterator[list[str]]:
    """Yield the text of each run's cells, in the order of `columns`."""
    for run in runs:
        point = run.point
        cells = {
            **run.settings,
            "setting": run.name,
            "num_streams": str(point.num_streams),
            "throughput, items/s": _write_number(point.throughput, (point.low, point.high)),
            "p50, ms": _write_number(point.p50, point.p50_interval, _MILLISECONDS),
            "p99, ms": _write_number(point.p99, point.p99_interval, _MILLISECONDS),
            "origin": point.origin,
            "plan": "aligned" if point.aligned else "\u25b2 straddles",
        }
        yield [cells.get(column, "") for column in columns]


def _write_number(value: float, interval: tuple[float, float] | None, scale: float = 1.0) -> str:
    low, high = (end * scale for end in interval or (float("nan"), float("nan")))
    if isfinite(high - low):
        return f"{_round(value * scale)} ({_round(low)} to {_round(high)})"
    return f"{_round(value * scale)} ({_round(low)} or more)" if isfinite(low) else _round(value * scale)


def _round(number: float) -> str:
    if not isfinite(number):
        return "?"
    return f"{number:.4g}" if abs(number) < 1000 else f"{number:.0f}"  # noqa: PLR2004 - no exponent, no false digits
