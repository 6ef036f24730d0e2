"""The live chart's layout: its axes, a line with a name at each change, and what differs on a narrow page."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from deepsched.render.sweeps.sweep_figure import AXIS, GREY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SECONDS = 60.0
# How long the axis of time is, and how far apart its ticks are: it grows in steps and, when full, moves by steps, for
# ticks that crept along with every period would be all that one sees.
_TICKS = {10: 2, 20: 5, 30: 5, 60: 10}
_SCROLL = 5
_CLOSE = 0.04  # of the axis: of changes that follow each other faster only the last is named
_NO_RUN = {"x": 0.5, "xref": "x domain", "y": 0.5, "yanchor": "bottom", "textangle": 0, "xanchor": "center"}
# The names of changes, upwards beside their lines.
_NAMES = {
    "y": 0.02,
    "yref": "y domain",
    "xanchor": "left",
    "yanchor": "auto",  # the top of what stands above, the bottom of what stands below
    "xshift": 2,
    "textangle": -90,
    "showarrow": False,
    "borderpad": 0,
}
_ABOVE = 1
_HEADING = {"x": 0, "xref": "x2 domain", "y": 1, "yanchor": "bottom", "textangle": 0, "font": {"size": 11}}
_LEGEND = {"orientation": "h", "x": 0, "y": 1.155, "yanchor": "top"}
_SIGNS = {"measured": "\u25cf", "simulated": "\u25c7"}
_LATENCIES = {"measured": "\u25cf p50  \u25a0 p99", "simulated": "\u25cb p50  \u25a1 p99"}


# On a narrow page the means stand below.
NARROW = {
    "height": 700,
    "margin": {"l": 52, "r": 8, "t": 56},
    "legend": {"y": 1.07},
    "legend2": {"x": 0, "y": 0.475},
    "xaxis": {"domain": [0, 1]},
    "xaxis2": {"domain": [0, 1]},
    "yaxis": {"domain": [0.77, 1]},
    "yaxis2": {"domain": [0.53, 0.71]},
    "yaxis3": {"domain": [0.22, 0.4], "showticklabels": True},
    "yaxis4": {"domain": [0, 0.16], "showticklabels": True},
}
# Before anything ran the lines have all the width, and there are no means to stand below.
NARROW_EMPTY = {"margin": {"l": 52, "r": 8, "t": 56}}
_EMPTY = {"xaxis": {"domain": [0, 1]}, **{name: {"visible": False} for name in ("xaxis2", "yaxis3", "yaxis4")}}


@dataclass(frozen=True, slots=True)
class Change:
    """When another setting came into force, in s since the run began, its name, and whether that stands above."""

    at: float
    words: str
    above: bool = False


def describe_layout(
    changes: Iterable[Change], ticks: Sequence[str], until: float, origin: str, load: str | None
) -> dict[str, Any]:
    """Describe the layout of what ran until now.

    Parameters
    ----------
    changes : iterable of Change
        In the order of time.
    ticks : sequence of str
        The settings' places on the axis of means.
    until : float
        When the last period ended, in s since the run began.
    origin : str
        What the lines are, ``"measured"`` or ``"simulated"``.
    load : str, optional
        The load in words, where it is known; None as long as nothing ran.
    """
    begin, end, step = choose_seconds(until)
    seen = [change for change in changes if change.at >= begin]
    title = {"text": f"{_SIGNS[origin]} {origin}", "font": {"size": 13}, "x": 1, "xref": "paper", "xanchor": "right"}
    scale = {**AXIS, "rangemode": "tozero", "showticklabels": load is not None}  # of nothing there is none
    beside = {**scale, "showticklabels": False, "anchor": "x2"}
    if load is None:
        words = "Nothing ran yet. Start a run to see it here."
        annotations: list[dict[str, Any]] = [{**_NO_RUN, "text": words}]
    else:
        named = _choose_named(seen, _CLOSE * (end - begin))
        annotations = [
            {"x": round(change.at, 1), "text": change.words, **({"y": _ABOVE} if change.above else {})}
            for change in named
        ]
        annotations += [
            {**_HEADING, "yref": "y3 domain", "text": f"mean \u00b1 deviation{load and f', {load}'}"},
            {**_HEADING, "yref": "y4 domain", "text": _LATENCIES[origin]},
        ]
    layout: dict[str, Any] = {
        "height": 396,
        "margin": {"l": 60, "r": 12, "t": 50, "b": 60},
        "title": {**title, "y": 0.985, "yanchor": "top"},
        "legend": _LEGEND,
        "legend2": {**_LEGEND, "x": 0.72},
        "hovermode": "x unified",
        "bargap": 0.35,
        "xaxis": {
            **AXIS,
            "title": {"text": "seconds", "standoff": 6},
            "range": [begin, end],
            "dtick": step,
            "domain": [0, 0.68],
            "anchor": "y2",
        },
        "xaxis2": {
            **AXIS,
            "title": {"text": "num_streams", "standoff": 6},
            "type": "category",
            "categoryarray": list(ticks),
            "range": [-0.6, max(1, len(ticks)) - 0.4],
            "domain": [0.73, 1],
            "anchor": "y4",
            "showgrid": False,
        },
        "yaxis": {**scale, "title": {"text": "items/s"}, "domain": [0.52, 1]},
        "yaxis2": {**scale, "title": {"text": "latency, ms"}, "domain": [0, 0.42]},
        # On the scales of the lines that they are the means of.
        "yaxis3": {**beside, "matches": "y", "domain": [0.52, 1]},
        "yaxis4": {**beside, "matches": "y2", "domain": [0, 0.42]},
        "shapes": [_describe_changes(seen, axis) for axis in ("y domain", "y2 domain") if seen],
        "template": {"layout": {"annotationdefaults": _NAMES}},
        "annotations": annotations,
    }
    if load is None:
        for name, over in _EMPTY.items():
            layout[name] |= over
    return layout


def choose_seconds(until: float) -> tuple[float, float, float]:
    """Choose the axis of time: where it begins and ends, and how far apart its ticks are, in s."""
    fit = next((length for length in _TICKS if until <= length), None)
    if fit is not None:
        return 0, fit, _TICKS[fit]
    end = ceil(until / _SCROLL) * _SCROLL
    return end - SECONDS, end, _TICKS[int(SECONDS)]


def _choose_named(changes: Sequence[Change], close: float) -> list[Change]:
    return [
        change for i, change in enumerate(changes) if i == len(changes) - 1 or changes[i + 1].at - change.at > close
    ]


def _describe_changes(changes: Sequence[Change], axis: str) -> dict[str, Any]:
    """Draw all changes as one shape: of a storm, one each would fill the message."""
    path = "".join(f"M{change.at:.1f},0V1" for change in changes)
    return {"type": "path", "path": path, "yref": axis, "line": {"color": GREY, "width": 1.5, "dash": "dot"}}
