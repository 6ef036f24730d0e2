"""The layout of a sweep's figure: its axes, the machine's boundaries, and what differs on a narrow page."""

from __future__ import annotations

from math import log10
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GREY = "#808080"
AXIS = {"gridcolor": "rgba(128,128,128,0.25)", "linecolor": GREY, "zeroline": False}
_EMPTY = {"x": 0.5, "xref": "x domain", "y": 0.5, "yref": "y domain", "showarrow": False}
_LOGARITHMIC = 16  # from so many streams on the small numbers would crowd
_MOST_TICKS = 16
_ROW = 20  # px: one of the legend on a narrow page
_BOUNDARY = 16  # px: the name of one
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
    logarithmic = _is_logarithmic(counts)
    ends = choose_ends(counts)
    inside = [count for count in sorted(boundaries) if ends[0] <= count <= ends[1]] if counts else []
    top = 0.98 - _NAME * len(inside)
    return {
        "height": 440 + _BOUNDARY * len(inside),
        "margin": {"l": 60, "r": 16, "t": 76 if title else 56, "b": 44},
        "title": {"text": title, "font": {"size": 15}, "x": 0, "xref": "paper", "y": 0.985},
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
            "showticklabels": not empty,  # of nothing there is no scale
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
        "annotations": [{**_EMPTY, "text": empty}]
        if empty
        else [
            _name_boundary(_place(count, ends, logarithmic=logarithmic), boundaries[count], top + _NAME * place)
            for place, count in enumerate(inside)
        ],
    }


def name_level(throughput: float) -> dict[str, Any]:
    """Name the level of single_stream at its end."""
    place = {"x": 1, "xref": "x domain", "xanchor": "right", "y": throughput, "yref": "y", "yanchor": "bottom"}
    return {**place, "text": "single_stream", "showarrow": False, "font": {"size": 11}, "bgcolor": "rgba(0,0,0,0)"}


def describe_narrow(counts: Sequence[int], entries: int) -> dict[str, Any]:
    """Describe what changes on a narrow page, where a legend of so many entries stands below the figure."""
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
