"""The layout of a sweep's figure: its axes, the machine's boundaries, and what differs on a narrow page."""

from __future__ import annotations

from math import log10
from textwrap import wrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GREY = "#808080"
AXIS = {"gridcolor": "rgba(128,128,128,0.25)", "linecolor": GREY, "zeroline": False}
_EMPTY = {"x": 0.5, "xref": "x domain", "y": 0.5, "yref": "y domain", "showarrow": False}
_EMPTY_HEIGHT = 200
_EMPTY_LINE = 40  # characters: on a narrow page, too
_LOGARITHMIC = 16  # from so many streams on the small numbers would crowd
_MOST_TICKS = 16
_ROW = 20  # px: one of the legend on a narrow page
_BOUNDARY = 16  # px: the name of one
_LEVEL_NAME = 0.2  # the height of a level's name, and some room, as a share of the axis
_NAME = 0.045  # the same as a share of the figure's height


def choose_ends(counts: Sequence[int]) -> tuple[float, float]:
    """Choose from where to where the axis of num_streams goes, the numbers in rising order."""
    if not counts:
        return 0.5, 1.5
    if _is_logarithmic(counts):
        return counts[0] * 0.85, counts[-1] * 1.18
    return counts[0] - 0.5, counts[-1] + 0.5


def describe_layout(counts: Sequence[int], boundaries: Mapping[int, str], title: str, empty: str) -> dict[str, Any]:
    """Describe the layout.

    Parameters
    ----------
    counts : sequence of int
        The num_streams, in rising order.
    boundaries : mapping of int to str
        What to write at which num_streams.
    title : str
        What was swept.
    empty : str
        What to say where there is nothing to draw.
    """
    if empty:
        return _describe_empty(title, empty)
    logarithmic = _is_logarithmic(counts)
    ends = choose_ends(counts)
    inside = [count for count in sorted(boundaries) if ends[0] <= count <= ends[1]] if counts else []
    top = 0.98 - _NAME * len(inside)
    return {
        "height": 440 + _BOUNDARY * len(inside),
        "margin": {"l": 60, "r": 16, "t": 76 if title else 56, "b": 44},
        "title": _describe_title(title),
        "legend": {"orientation": "h", "x": 0, "y": 1.17, "yanchor": "top", "traceorder": "normal"},
        "hovermode": "x unified",
        "hoversubplots": "axis",  # throughput, latency and findings of a num_streams in one box
        "uirevision": "keep",  # a person's zoom survives the next picture
        "xaxis": {
            **AXIS,
            "title": {"text": "num_streams", "standoff": 6},
            "type": "log" if logarithmic else "linear",
            "range": [log10(end) for end in ends] if logarithmic else list(ends),
            "tickvals": _thin(counts, _MOST_TICKS),
            "tickformat": "d",
            "anchor": "y2",
            "showgrid": False,
        },
        "yaxis": {
            **AXIS,
            "title": {"text": "items/s"},
            "rangemode": "tozero",
            "domain": [0.56, top],
        },
        "yaxis2": {**AXIS, "title": {"text": "latency, ms"}, "rangemode": "tozero", "domain": [0, 0.4]},
        "yaxis3": {
            "domain": [0.44, 0.52],
            "range": [-1, 1],
            "tickvals": [0],
            "ticktext": ["plan"],
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
        },
        "shapes": [_describe_boundary(count, top + _NAME * (place + 1)) for place, count in enumerate(inside)],
        "annotations": [
            _name_boundary(_place(count, ends, logarithmic=logarithmic), boundaries[count], top + _NAME * place)
            for place, count in enumerate(inside)
        ],
    }


def _describe_title(title: str) -> dict[str, Any]:
    return {"text": title, "font": {"size": 15}, "x": 0, "xref": "paper", "y": 0.985}


def _describe_empty(title: str, empty: str) -> dict[str, Any]:
    """Describe a low frame with words in it: of nothing there is no scale."""
    frame = {**AXIS, "showticklabels": False, "showgrid": False, "mirror": True}
    return {
        "height": _EMPTY_HEIGHT,
        "margin": {"l": 60, "r": 16, "t": 40 if title else 16, "b": 32},
        "title": _describe_title(title),
        "xaxis": {**frame, "title": {"text": "num_streams", "standoff": 6}, "range": [0.5, 1.5]},
        "yaxis": {**frame, "title": {"text": "items/s"}, "range": [0, 1]},
        "annotations": [{**_EMPTY, "text": "<br>".join(wrap(empty, _EMPTY_LINE))}],
    }


def name_level(levels: Sequence[float], ends: Sequence[float]) -> dict[str, Any]:
    """Name the levels of single_stream at their end, on the side that the curves' ends leave free.

    Parameters
    ----------
    levels : sequence of float
        The levels and the ends of their intervals, at least one: measured and simulated ones lie close to each other.
    ends : sequence of float
        Where the curves end, there being any.
    """
    # Above, unless a curve ends close above.
    top, bottom = max(levels), min(levels)
    most = max([*levels, *ends])
    below = any(top <= end < top + _LEVEL_NAME * most for end in ends) and bottom > _LEVEL_NAME * most
    side = {"y": bottom, "yanchor": "top", "yshift": -4} if below else {"y": top, "yanchor": "bottom", "yshift": 4}
    place = {"x": 1, "xref": "x domain", "xanchor": "right", "yref": "y", "borderpad": 0, **side}
    return {**place, "text": "single_stream", "showarrow": False, "font": {"size": 11}, "bgcolor": "rgba(0,0,0,0)"}


def describe_narrow(counts: Sequence[int], entries: int) -> dict[str, Any]:
    """Describe what changes on a narrow page, where a legend of so many entries stands below the figure."""
    if not entries:
        return {"title": {"font": {"size": 12}}}
    legend = entries * _ROW
    return {
        "height": 430 + legend,
        "margin": {"l": 52, "r": 8, "t": 36, "b": 64 + legend},
        "title": {"font": {"size": 12}},
        "legend": {"y": -0.15},
        "xaxis": {"tickvals": _thin(counts, _MOST_TICKS // 2)},
    }


def _is_logarithmic(counts: Sequence[int]) -> bool:
    return bool(counts) and counts[-1] > _LOGARITHMIC


def _describe_boundary(count: int, top: float) -> dict[str, Any]:
    line = {"color": GREY, "width": 1, "dash": "dot"}
    return {"type": "line", "x0": count, "x1": count, "yref": "paper", "y0": 0, "y1": top, "line": line}


def _place(count: int, ends: tuple[float, float], *, logarithmic: bool) -> float:
    """Say how far along the axis a num_streams lies, from 0 to 1."""
    low, here, high = (log10(value) if logarithmic else value for value in (ends[0], count, ends[1]))
    return (here - low) / (high - low)


def _name_boundary(x: float, words: str, y: float) -> dict[str, Any]:
    """Name a boundary above the curves, a row each, on the side where there is room."""
    left = x < 0.5  # noqa: PLR2004 - the middle
    side = {"xanchor": "left" if left else "right", "xshift": 2 if left else -2}
    place = {"x": round(x, 4), "xref": "x domain", "y": y, "yref": "paper", "yanchor": "bottom", "borderpad": 0}
    return {**place, **side, "text": words, "font": {"size": 11}, "showarrow": False}


def _thin(counts: Sequence[int], most: int) -> list[int]:
    """Choose the num_streams to write on the axis: all or, of very many, those that double."""
    if len(counts) <= most:
        return list(counts)
    doubled = [count for count in counts if count & (count - 1) == 0]
    return doubled if len(doubled) > 1 else list(counts[:: -(-len(counts) // most)])
