"""Requests on streams over time as a plotly figure: a lane a stream, and above them how many requests wait."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.checks import check_count
from deepsched.render.figure import make_figure
from deepsched.render.palette import style_stream
from deepsched.render.sweeps.sweep_figure import AXIS, GREY
from deepsched.render.timelines.timeline_window import format_ms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deepsched.render.timelines.timeline_data import Timeline

DEFAULT_REQUESTS = 400
_AT_FIRST = 80
_LANE = 26
_LEAST_LANES, _MOST_LANES = 3, 32
_VISIBLE = 0.001  # of what is shown: a shorter wait is what it takes to start, and would be a spike
_FRAME = 220  # of the height: the queue, the axis and the words around


def draw_timeline_figure(timeline: Timeline, *, last: int = DEFAULT_REQUESTS) -> Any:
    """Draw the last requests of a run as bars in their streams' lanes, below the number of requests that wait.

    Parameters
    ----------
    timeline : Timeline
        The run.
    last : int
        How many requests to draw, at least 1; a page takes a few thousand.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    MissingPackageError
        If plotly is not installed.
    OptionError
        If `last` is below 1.
    """
    return make_figure(describe_timeline(timeline, last=last), caller="draw_timeline_figure")


def describe_timeline(timeline: Timeline, *, last: int = DEFAULT_REQUESTS) -> dict[str, Any]:
    """Describe what `draw_timeline_figure` draws, as `data` and `layout_of_figure`, without plotly."""
    check_count("last", last)
    table = timeline.table
    if not timeline.records:
        return {"data": [], "layout_of_figure": _describe_layout(timeline, 0, [0.0, 1.0])}
    # By their end: those that follow have no gaps where other requests, drawn no more, ran.
    shown = np.sort(np.argsort(table["ended"], kind="stable")[-last:])
    return {
        "data": [*_describe_lanes(table, shown), *_describe_queue(table, shown)],
        "layout_of_figure": _describe_layout(timeline, len(shown), _choose_range(table, shown)),
    }


def _describe_lanes(table: Mapping[str, Any], shown: Any) -> Iterator[dict[str, Any]]:
    for stream in sorted({int(index) for index in table["stream"][shown]}):
        own = shown[table["stream"][shown] == stream]
        style = style_stream(stream)
        started, ended, queued = (table[name][own] for name in ("started", "ended", "queued"))
        yield {
            "type": "bar",
            "orientation": "h",
            "name": style.label,
            "y": [style.label] * len(own),
            "base": _plain(started),
            "x": _plain(ended - started),
            "marker": {"color": style.colour, "line": {"color": "#4A525D", "width": 0.8}},
            "text": [
                f"request {request}, {style.label}: waited {format_ms(wait)} ms, ran {format_ms(run)} ms"
                for request, wait, run in zip(own, started - queued, ended - started, strict=True)
            ],
            "textposition": "none",
            "hovertemplate": "%{text}<extra></extra>",
            "showlegend": False,
        }


def _describe_queue(table: Mapping[str, Any], shown: Any) -> Iterator[dict[str, Any]]:
    begin, end = table["started"][shown].min(), table["ended"][shown].max()
    # Of all requests, not of those shown alone: the others waited too. Not of those that found a stream free.
    waited = table["started"] - table["queued"] > _VISIBLE * (end - begin)
    times = np.concatenate([table["queued"][waited], table["started"][waited]])
    steps = np.repeat([1, -1], waited.sum())
    order = np.lexsort((steps, times))
    times, depths = times[order], np.cumsum(steps[order])
    seen = (times >= begin) & (times <= end)
    yield {
        "type": "scatter",
        "mode": "lines",
        "name": "requests waiting",
        "x": _plain(times[seen]),
        "y": [int(depth) for depth in depths[seen]],
        "yaxis": "y2",
        "line": {"color": GREY, "width": 1.5, "shape": "hv"},
        "fill": "tozeroy",
        "fillcolor": "rgba(128,128,128,0.25)",
        "hovertemplate": "%{y} waiting<extra></extra>",
        "showlegend": False,
    }


def _choose_range(table: Mapping[str, Any], shown: Any) -> list[float]:
    """Give the part of time to see at first: bars of the last requests that are wide enough to tell apart."""
    last = shown[np.argsort(table["ended"][shown], kind="stable")[-_AT_FIRST:]]
    return _plain([table["started"][last].min(), table["ended"][last].max()])


def _describe_layout(timeline: Timeline, shown: int, seen: list[float]) -> dict[str, Any]:
    lanes = [style_stream(stream).label for stream in range(timeline.num_streams)]
    all_of_them = len(timeline.records)
    which = f"the last {shown} of {all_of_them} requests" if shown < all_of_them else f"{shown} requests"
    words = f"{escape(timeline.title, quote=False)}: {which}, {timeline.origin}"
    return {
        "height": _FRAME + _LANE * min(_MOST_LANES, max(_LEAST_LANES, len(lanes))),
        "margin": {"l": 60, "r": 16, "t": 44, "b": 44},
        "title": {"text": words, "font": {"size": 15}, "x": 0, "xref": "paper", "y": 0.985},
        "barmode": "overlay",
        "bargap": 0.2,
        "xaxis": {**AXIS, "title": {"text": "time, ms", "standoff": 4}, "anchor": "y", "range": seen},
        "yaxis": {
            **AXIS,
            "type": "category",
            "categoryorder": "array",
            "categoryarray": lanes,
            "range": [len(lanes) - 0.5, -0.5],  # the first stream on top, and lanes of streams that had no request
            "domain": [0, 0.72],
            "showgrid": False,
        },
        "yaxis2": {**AXIS, "title": {"text": "waiting"}, "rangemode": "tozero", "nticks": 3, "domain": [0.8, 1]},
    }


def _plain(values: Any) -> list[float]:
    return [round(float(value), 6) for value in values]
