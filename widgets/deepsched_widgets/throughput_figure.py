"""The live chart's traces: the last minute as lines on the left, the mean of each setting as a bar on the right."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING, Any

from deepsched.render.sweeps.sweep_figure import BLUE, DASHES, GREEN, ORANGE
from deepsched_widgets.throughput_layout import NARROW, NARROW_EMPTY, Change, describe_layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from deepsched_widgets.setting_mean import Period, SettingMean

# In p50's and p99's colours, and told apart by their shapes; a triangle would be a stream that straddles.
_MARKS = {"measured": ("circle", "square"), "simulated": ("circle-open", "square-open")}
_BESIDE = 2.0  # s after a change in which the line runs beside its name
# As simulated bars are: hatch on the bare ground.
_HATCHED = {"color": BLUE, "line": {"color": BLUE, "width": 1.5}, "pattern": {"shape": "/", "fillmode": "replace"}}
_FILLED = {"color": BLUE, "line": {"color": BLUE, "width": 1.5}}


def describe_throughput(
    periods: Sequence[Period | None],
    changes: Iterable[Change],
    means: Sequence[SettingMean],
    origin: str,
    places: int = 0,
    load: str = "",
) -> dict[str, Any]:
    """Describe the chart; a period that is None is a gap, as while streams are built.

    Parameters
    ----------
    places : int
        Among the means there is a place for each num_streams from 1 to so many, and for those that have one.
    load : str
        Under what load the means were taken, in words.

    Returns
    -------
    dict
        `data`, `layout_of_figure` and `narrow`, as `ChartView` takes them.
    """
    data = [*_describe_lines(periods, origin)]
    for kind in DASHES:
        own = [mean for mean in means if mean.origin == kind]
        if own:
            data += _describe_means(own, kind)
    predicted = [mean for mean in means if isfinite(mean.predicted)]
    if predicted:
        data.append(_describe_predictions(predicted))
    until = max((period.at for period in periods if period), default=0.0)
    ticks = _choose_places(means, places)
    placed = _place_names(changes, periods, means)
    layout = describe_layout(placed, ticks, until, origin, load if means else None)
    return {"data": data, "layout_of_figure": layout, "narrow": NARROW if means else NARROW_EMPTY}


def _place_names(
    changes: Iterable[Change], periods: Sequence[Period | None], means: Sequence[SettingMean]
) -> Iterator[Change]:
    """Let each name stand where the line of throughput does not run: above a low one, else below."""
    ran = [period for period in periods if period]
    tallest = [value for mean in means for value in (mean.throughput, mean.predicted) if isfinite(value)]
    middle = max([*tallest, *(period.throughput for period in ran)], default=0.0) / 2
    for change in changes:
        beside = [period.throughput for period in ran if 0 < period.at - change.at <= _BESIDE]
        yield replace(change, above=bool(beside) and max(beside) < middle)


def _describe_lines(periods: Sequence[Period | None], origin: str) -> Iterable[dict[str, Any]]:
    solid, dashed = DASHES[origin]
    yield {
        **_describe_line("items/s", [None if p is None else p.throughput for p in periods], BLUE, solid, "y"),
        "x": [None if p is None else round(p.at, 1) for p in periods],  # the next two share it
    }
    yield _describe_line("p50", [None if p is None else p.p50 for p in periods], GREEN, solid, "y2")
    yield _describe_line("p99", [None if p is None else p.p99 for p in periods], ORANGE, dashed, "y2")


def _describe_line(name: str, values: Iterable[float | None], colour: str, dash: str, axis: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "y": _round(values),
        "yaxis": axis,
        "line": {"color": colour, "dash": dash, "width": 2},
        "hovertemplate": "%{y:.4~r}",
    }


def _describe_means(means: Sequence[SettingMean], origin: str) -> Iterable[dict[str, Any]]:
    shared = {"x": [_write_tick(mean) for mean in means], "xaxis": "x2", "showlegend": False, "name": origin}
    yield {
        **shared,
        "type": "bar",
        "y": _round(mean.throughput for mean in means),
        "yaxis": "y3",
        # One period alone has no spread to show.
        "error_y": {"type": "data", "array": _round(mean.deviation for mean in means), "width": 4},
        "marker": _HATCHED if origin == "simulated" else _FILLED,
        "customdata": [mean.periods for mean in means],
        "hovertemplate": "%{y:.4~r} items/s, mean of %{customdata} periods<extra>%{fullData.name}</extra>",
    }
    for name, colour, symbol in zip(("p50", "p99"), (GREEN, ORANGE), _MARKS[origin], strict=True):
        yield {
            **shared,
            "type": "scatter",
            "mode": "markers",
            "y": _round(getattr(mean, name) for mean in means),
            "yaxis": "y4",
            "marker": {"symbol": symbol, "size": 8, "color": colour, "line": {"color": colour, "width": 2}},
            "hovertemplate": f"{name} %{{y:.4~r}} ms<extra>%{{fullData.name}}</extra>",
        }


def _describe_predictions(means: Sequence[SettingMean]) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": "predicted (simulated)",
        "x": [_write_tick(mean) for mean in means],
        "y": _round(mean.predicted for mean in means),
        "xaxis": "x2",
        "yaxis": "y3",
        "legend": "legend2",
        "showlegend": True,
        "marker": _HATCHED,
        "hovertemplate": "%{y:.4~r} items/s<extra>%{fullData.name}</extra>",
    }


def _choose_places(means: Sequence[SettingMean], places: int) -> list[str]:
    several = {mean.num_streams for mean in means if not mean.single} | set(range(1, places + 1))
    single = ["single"] if any(mean.single for mean in means) else []
    return [*single, *map(str, sorted(several))]


def _write_tick(mean: SettingMean) -> str:
    return "single" if mean.single else str(mean.num_streams)


def _round(values: Iterable[float | None]) -> list[float | None]:
    """Four digits are more than a screen shows; JSON has no word for NaN."""
    return [None if value is None or not isfinite(value) else float(f"{value:.4g}") for value in values]
