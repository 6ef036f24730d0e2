"""The live chart as plotly's plain data: the last minute on the left, the mean of each setting on the right."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from deepsched.planning import Scheduler
from deepsched.render.sweep_figure import AXIS, BLUE, DASHES, GREEN, GREY, ORANGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SECONDS = 60.0
_CLOSE = 1.5  # seconds: of changes that follow each other faster only the last is named
_SINGLE = "single"
_NO_RUN = {"x": 0.5, "xref": "x domain", "y": 0.5, "text": "No run yet.", "textangle": 0, "xanchor": "center"}
# The names of changes, upwards beside their lines.
_NAMES = {
    "y": 0.02,
    "yref": "y domain",
    "xanchor": "left",
    "yanchor": "bottom",
    "xshift": 2,
    "textangle": -90,
    "showarrow": False,
}
_SIGNS = {"measured": "\u25cf", "simulated": "\u25c7"}
# On a narrow page the settings stand below.
_NARROW = {
    "height": 700,
    "margin": {"l": 52, "r": 8, "t": 56},
    "legend": {"y": 1.07},
    "xaxis": {"domain": [0, 1]},
    "xaxis2": {"domain": [0, 1]},
    "yaxis": {"domain": [0.77, 1]},
    "yaxis2": {"domain": [0.51, 0.7]},
    "yaxis3": {"domain": [0.22, 0.4], "showticklabels": True},
    "yaxis4": {"domain": [0, 0.18], "showticklabels": True},
}


@dataclass(frozen=True, slots=True)
class Period:
    """What half a second gave: when it ended, in s since the run began, items/s, and latencies in ms or NaN."""

    at: float
    throughput: float
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Change:
    """When another setting came into force, in s since the run began, and its name."""

    at: float
    words: str


@dataclass(frozen=True, slots=True)
class SettingMean:
    """What a setting gave on average over its periods, and the standard deviation of its throughput."""

    num_streams: int
    words: str
    origin: str
    periods: int
    throughput: float
    deviation: float
    p50: float
    p99: float


def describe_throughput(
    periods: Iterable[Period | None],
    changes: Iterable[Change],
    means: Sequence[SettingMean],
    origin: str,
    places: int = 0,
) -> dict[str, Any]:
    """Describe the chart; a period that is None is a gap, as while streams are built.

    Among the means there is a place for each num_streams from 1 to `places`, and for those that have one.

    Returns
    -------
    dict
        `data`, `layout_of_figure` and `narrow`, as `ChartView` takes them.
    """
    solid, dashed = DASHES[origin]
    seconds = [period and round(period.at, 1) for period in periods]
    line = {"type": "scatter", "mode": "lines", "x": seconds, "hovertemplate": "%{y:.4~r}"}
    p50 = {"name": "p50", "yaxis": "y2", "line": {"color": GREEN, "dash": solid, "width": 2}}
    p99 = {"name": "p99", "yaxis": "y2", "line": {"color": ORANGE, "dash": dashed, "width": 2}}
    data: list[dict[str, Any]] = [
        {
            **line,
            "name": "items/s",
            "y": [period and _round(period.throughput) for period in periods],
            "line": {"color": BLUE, "dash": solid, "width": 2.5},
        },
        {**line, **p50, "y": [period and _round(period.p50) for period in periods]},
        {**line, **p99, "y": [period and _round(period.p99) for period in periods]},
    ]
    for kind in DASHES:
        own = [mean for mean in means if mean.origin == kind]
        if own:
            data += _describe_means(own, kind)
    until = max([SECONDS, *(period.at for period in periods if period)])
    layout = _describe_layout(changes, means, _choose_places(means, places), until, origin)
    return {"data": data, "layout_of_figure": layout, "narrow": _NARROW}


def _describe_means(means: Sequence[SettingMean], origin: str) -> list[dict[str, Any]]:
    shared = {"x": [_write_tick(mean) for mean in means], "xaxis": "x2", "showlegend": False, "name": origin}
    throughput = {
        **shared,
        "type": "bar",
        "y": [_round(mean.throughput) for mean in means],
        "yaxis": "y3",
        # One period alone has no spread to show.
        "error_y": {"type": "data", "array": [_round(m.deviation) for m in means], "color": GREY, "thickness": 2},
        "marker": {"color": BLUE, "pattern": {"shape": "/" if origin == "simulated" else ""}},
        "customdata": [mean.periods for mean in means],
        "hovertemplate": "%{y:.4~r} items/s, mean of %{customdata} periods<extra>%{fullData.name}</extra>",
    }
    look = "-open" if origin == "simulated" else ""
    return [
        throughput,
        *(
            {
                **shared,
                "type": "scatter",
                "mode": "markers",
                "y": [_round(getattr(mean, name)) for mean in means],
                "yaxis": "y4",
                "marker": {"symbol": symbol + look, "size": 9, "color": colour},
                "hovertemplate": f"{name} %{{y:.4~r}} ms<extra>%{{fullData.name}}</extra>",
            }
            for name, colour, symbol in (("p50", GREEN, "circle"), ("p99", ORANGE, "triangle-up"))
        ),
    ]


def _choose_places(means: Sequence[SettingMean], places: int) -> list[str]:
    several = {mean.num_streams for mean in means if _write_tick(mean) != _SINGLE} | set(range(1, places + 1))
    single = [_SINGLE] if any(_write_tick(mean) == _SINGLE for mean in means) else []
    return [*single, *map(str, sorted(several))]


def _write_tick(mean: SettingMean) -> str:
    return _SINGLE if mean.words == Scheduler.single_stream else str(mean.num_streams)


def _describe_layout(
    changes: Iterable[Change], means: Sequence[SettingMean], ticks: Sequence[str], until: float, origin: str
) -> dict[str, Any]:
    begin = until - SECONDS
    seen = [change for change in changes if change.at >= begin]
    hatched = "<br>hatched, open: simulated" if any(mean.origin == "simulated" for mean in means) else ""
    title = {"text": f"{_SIGNS[origin]} {origin}", "font": {"size": 13}, "x": 1, "xref": "paper", "xanchor": "right"}
    beside = {**AXIS, "rangemode": "tozero", "showticklabels": False, "anchor": "x2"}
    return {
        "height": 390,
        "margin": {"l": 60, "r": 12, "t": 40, "b": 60},
        "title": {**title, "y": 0.985, "yanchor": "top"},
        "legend": {"orientation": "h", "x": 0, "y": 1.12, "yanchor": "top"},
        "hovermode": "x unified",
        "uirevision": "keep",  # a person's zoom survives the next period
        "bargap": 0.35,
        "xaxis": {
            **AXIS,
            "title": {"text": "seconds", "standoff": 6},
            "range": [begin, until],
            "domain": [0, 0.68],
            "anchor": "y2",
        },
        "xaxis2": {
            **AXIS,
            "title": {"text": f"mean at num_streams{hatched}", "standoff": 6},
            "type": "category",
            "categoryarray": ticks,
            "range": [-0.6, max(1, len(ticks)) - 0.4],
            "domain": [0.73, 1],
            "anchor": "y4",
        },
        "yaxis": {**AXIS, "title": {"text": "items/s"}, "rangemode": "tozero", "domain": [0.5, 1]},
        "yaxis2": {**AXIS, "title": {"text": "latency, ms"}, "rangemode": "tozero", "domain": [0, 0.42]},
        # On the scales of the lines that they are the means of.
        "yaxis3": {**beside, "matches": "y", "domain": [0.5, 1]},
        "yaxis4": {**beside, "matches": "y2", "domain": [0, 0.42]},
        "shapes": [_describe_changes(seen, axis) for axis in ("y domain", "y2 domain") if seen],
        "template": {"layout": {"annotationdefaults": _NAMES}},
        "annotations": [{"x": round(change.at, 1), "text": change.words} for change in _choose_named(seen)]
        if means
        else [_NO_RUN],
    }


def _choose_named(changes: Sequence[Change]) -> list[Change]:
    return [
        change for i, change in enumerate(changes) if i == len(changes) - 1 or changes[i + 1].at - change.at > _CLOSE
    ]


def _describe_changes(changes: Sequence[Change], axis: str) -> dict[str, Any]:
    """Draw all changes as one shape: of a storm, one each would fill the message."""
    path = "".join(f"M{change.at:.1f},0V1" for change in changes)
    return {"type": "path", "path": path, "yref": axis, "line": {"color": GREY, "width": 1.5, "dash": "dot"}}


def _round(value: float) -> float | None:
    """Four digits are more than a screen shows; JSON has no word for NaN."""
    return float(f"{value:.4g}") if isfinite(value) else None
