"""Throughput against p99, and the settings that no other beats in both: the Pareto front."""

from __future__ import annotations

from html import escape
from math import isfinite
from typing import TYPE_CHECKING, Any

from deepsched.errors import OptionError
from deepsched.render.figure import make_figure
from deepsched.render.reports.run import check_names
from deepsched.render.sweeps.sweep_figure import AXIS, BLUE, DASHES, GREY, MARKERS, ORANGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.render.reports.run import Run

_MILLISECONDS = 1000.0
_ROOM = 1.2  # for the name of the slowest, which stands half to its right


def find_front(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Give the runs that no other is at least as good as in throughput and p99 both, in rising order of p99.

    Of runs that are alike in both the first is given. Runs without a p99 are left out. A simulated run does not push
    out a measured one: give them apart.
    """
    known = [run for run in runs if isfinite(run.point.p99)]
    front: list[Run] = []
    for run in sorted(known, key=lambda run: (run.point.p99, -run.point.throughput)):
        if not front or run.point.throughput > front[-1].point.throughput:
            front.append(run)
    return tuple(front)


def draw_pareto(runs: Sequence[Run], *, latency_p99_ms: float | None = None, title: str = "") -> Any:
    """Draw each run's throughput against its p99, with the Pareto front through those that no other beats.

    Parameters
    ----------
    runs : sequence of Run
        Each with a name of its own.
    latency_p99_ms : float, optional
        A limit on p99 in ms, drawn as a line.
    title : str
        What was measured.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    MissingPackageError
        If plotly is not installed.
    OptionError
        If two runs have the same name, or the limit is no time.
    """
    return make_figure(describe_pareto(runs, latency_p99_ms=latency_p99_ms, title=title), caller="draw_pareto")


def describe_pareto(runs: Sequence[Run], *, latency_p99_ms: float | None = None, title: str = "") -> dict[str, Any]:
    """Describe what `draw_pareto` draws, as `data` and `layout_of_figure`, without plotly."""
    check_names(runs)
    if latency_p99_ms is not None and not (isfinite(latency_p99_ms) and latency_p99_ms > 0):
        raise OptionError(f"latency_p99_ms is {latency_p99_ms!r}; expected a time above 0 ms.")
    data: list[dict[str, Any]] = []
    for origin in MARKERS:
        own = [run for run in runs if run.point.origin == origin and isfinite(run.point.p99)]
        front = find_front(own)
        others = [run for run in own if all(run is not best for best in front)]
        data += [_describe_line(front, origin)] if len(front) > 1 else []
        data += [_describe_points(front, "no other is as good in both", BLUE, origin)] if front else []
        # Named only where a person points: these are many, and close together.
        data += [{**_describe_points(others, "another is", GREY, origin), "mode": "markers"}] if others else []
    limit = None if latency_p99_ms is None else float(latency_p99_ms)
    slowest = max((run.point.p99 * _MILLISECONDS for run in runs if isfinite(run.point.p99)), default=0.0)
    end = max(slowest, limit or 0.0) * _ROOM or 1.0
    return {"data": data, "layout_of_figure": _describe_layout(limit, end, title)}


def _describe_line(front: Sequence[Run], origin: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"Pareto front, {origin}",
        "x": [run.point.p99 * _MILLISECONDS for run in front],
        "y": [run.point.throughput for run in front],
        # A step: between two settings there is none, so what the left one gives is what can be had.
        "line": {"color": BLUE, "width": 1.5, "dash": DASHES[origin][1], "shape": "hv"},
        "hoverinfo": "skip",
    }


def _describe_points(runs: Sequence[Run], name: str, colour: str, origin: str) -> dict[str, Any]:
    points = [run.point for run in runs]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": f"{name}, {origin}",
        "x": [point.p99 * _MILLISECONDS for point in points],
        "y": [point.throughput for point in points],
        "error_x": _describe_error([(p.p99, *(p.p99_interval or (p.p99, p.p99))) for p in points], _MILLISECONDS),
        "error_y": _describe_error([(point.throughput, point.low, point.high) for point in points], 1.0),
        "marker": {"color": colour, "size": 10, "symbol": MARKERS[origin]},
        "text": [escape(run.name, quote=False) for run in runs],
        "textposition": "top center",
        "hovertemplate": "%{text}<br>%{y:.4~r} items/s, p99 %{x:.4~r} ms<extra></extra>",
        "cliponaxis": False,
    }


def _describe_error(values: Sequence[tuple[float, float, float]], scale: float) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(0.0, high - value) * scale if isfinite(high) else 0.0 for value, _, high in values],
        "arrayminus": [max(0.0, value - low) * scale if isfinite(low) else 0.0 for value, low, _ in values],
        "thickness": 1,
        "width": 3,
        "color": GREY,
    }


def _describe_layout(limit: float | None, end: float, title: str) -> dict[str, Any]:
    line = {"type": "line", "x0": limit, "x1": limit, "yref": "paper", "y0": 0, "y1": 1}
    words = {"x": limit, "y": 1, "yref": "paper", "xanchor": "left", "yanchor": "top", "showarrow": False}
    return {
        "height": 420,
        "margin": {"l": 60, "r": 16, "t": 64, "b": 44},
        "title": {"text": escape(title, quote=False), "font": {"size": 15}, "x": 0, "xref": "paper", "y": 0.985},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "xaxis": {**AXIS, "title": {"text": "latency p99, ms", "standoff": 4}, "range": [0, end]},
        "yaxis": {**AXIS, "title": {"text": "items/s"}, "rangemode": "tozero"},
        "shapes": [] if limit is None else [{**line, "line": {"color": ORANGE, "width": 1.5, "dash": "dash"}}],
        "annotations": [] if limit is None else [{**words, "text": f" p99 limit {limit:g} ms"}],
    }
