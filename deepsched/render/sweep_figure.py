"""A sweep over num_streams as plotly's plain data: traces and a layout, without plotly."""

from __future__ import annotations

from collections import Counter
from math import isfinite, log10
from typing import TYPE_CHECKING, Any

from deepsched.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from deepsched.render.sweep import SweepPoint

# Of Okabe and Ito's colours those that stand out from white and from a dark page alike.
BLUE, GREEN, ORANGE = "#0072B2", "#009E73", "#D55E00"
GREY = "#808080"
# Measured and simulated differ in dash and marker, so that they do without colour.
DASHES = {"measured": ("solid", "dash"), "simulated": ("dot", "dashdot")}
MARKERS = {"measured": "circle", "simulated": "diamond-open"}
AXIS = {"gridcolor": "rgba(128,128,128,0.25)", "linecolor": GREY, "zeroline": False}
_NO_POINTS = {"x": 0.5, "xref": "x domain", "y": 0.5, "yref": "y domain", "text": "No points yet.", "showarrow": False}
_LOGARITHMIC = 16  # from so many streams on the small numbers would crowd
_MOST_TICKS = 16
_MILLISECONDS = 1000.0


def describe_sweep(points: Sequence[SweepPoint], *, boundaries: Mapping[int, str], title: str = "") -> dict[str, Any]:
    """Describe the picture of a sweep: throughput above, latency below, and between them how each plan fits.

    Returns
    -------
    dict
        `data` and `layout_of_figure` as plotly takes them, and in `narrow` what changes of the layout on a narrow page.

    Raises
    ------
    OptionError
        If one num_streams has two points of one origin.
    """
    twice = [key for key, count in Counter((p.origin, p.num_streams) for p in points).items() if count > 1]
    if twice:
        raise OptionError(f"num_streams={twice[0][1]} is {twice[0][0]} twice; expected one point each.")
    ordered = sorted(points, key=lambda point: point.num_streams)
    data: list[dict[str, Any]] = []
    for origin in DASHES:
        own = [point for point in ordered if point.origin == origin]
        if own:
            data += _describe_curves(own, origin)
    data += _describe_fit(ordered)
    layout = _describe_layout(ordered, boundaries, title)
    return {"data": data, "layout_of_figure": layout, "narrow": _describe_narrow(ordered)}


def _describe_curves(points: Sequence[SweepPoint], origin: str) -> Iterable[dict[str, Any]]:
    solid, dashed = DASHES[origin]
    bounds = [(point.low, point.high) for point in points]
    yield from _describe_curve(points, [p.throughput for p in points], bounds, f"items/s, {origin}", BLUE, solid, "y")
    for name, colour, dash in (("p50", GREEN, solid), ("p99", ORANGE, dashed)):
        values = [getattr(point, name) * _MILLISECONDS for point in points]
        intervals = [getattr(point, f"{name}_interval") or (float("nan"),) * 2 for point in points]
        scaled = [(low * _MILLISECONDS, high * _MILLISECONDS) for low, high in intervals]
        yield from _describe_curve(points, values, scaled, f"{name}, {origin}", colour, dash, "y2")


def _describe_curve(
    points: Sequence[SweepPoint],
    values: Sequence[float],
    bounds: Sequence[tuple[float, float]],
    name: str,
    colour: str,
    dash: str,
    axis: str,
) -> Iterable[dict[str, Any]]:
    known = [(p.num_streams, low, high) for p, (low, high) in zip(points, bounds, strict=True) if isfinite(high - low)]
    band = {"mode": "lines", "line": {"width": 0}, "yaxis": axis, "showlegend": False, "hoverinfo": "skip"}
    if known:
        counts, lows, highs = zip(*known, strict=True)
        yield {**band, "type": "scatter", "x": list(counts), "y": _round(lows)}
        # Filled down to the trace before it.
        fill = {"fill": "tonexty", "fillcolor": _fade(colour)}
        yield {**band, **fill, "type": "scatter", "x": list(counts), "y": _round(highs)}
    yield {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [point.num_streams for point in points],
        "y": _round(values),
        "yaxis": axis,
        "line": {"color": colour, "dash": dash, "width": 2.5},
        "marker": {"symbol": MARKERS[points[0].origin], "size": 9},
        "hovertemplate": "%{y:.4~r}",
    }


def _describe_fit(points: Sequence[SweepPoint]) -> Iterable[dict[str, Any]]:
    """Mark under each num_streams whether its streams are aligned, with the findings where a person points."""
    plans = {point.num_streams: point for point in points}.values()
    for aligned, name, symbol, colour in (
        (True, "aligned", "line-ns", GREY),
        (False, "\u25b2 straddles", "triangle-up", ORANGE),
    ):
        own = [point for point in plans if point.aligned is aligned]
        if own:
            yield {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": [point.num_streams for point in own],
                "y": [0] * len(own),
                "yaxis": "y3",
                "marker": {"symbol": symbol, "size": 10, "color": colour, "line": {"color": colour, "width": 2.5}},
                "text": [point.findings or name for point in own],
                "hovertemplate": "%{text}<extra></extra>",
            }


def _describe_layout(points: Sequence[SweepPoint], boundaries: Mapping[int, str], title: str) -> dict[str, Any]:
    counts = sorted({point.num_streams for point in points}) or [1]
    logarithmic = counts[-1] > _LOGARITHMIC
    ends = [counts[0] * 0.85, counts[-1] * 1.18] if logarithmic else [counts[0] - 0.5, counts[-1] + 0.5]
    inside = [count for count in sorted(boundaries) if ends[0] <= count <= ends[1]]
    return {
        "height": 440,
        "margin": {"l": 60, "r": 16, "t": 76, "b": 44},
        "title": {"text": title, "font": {"size": 15}, "x": 0, "xref": "paper", "y": 0.985},
        "legend": {"orientation": "h", "x": 0, "y": 1.17, "yanchor": "top", "traceorder": "normal"},
        "hovermode": "x unified",
        "uirevision": "keep",  # a person's zoom survives the next picture
        "xaxis": {
            **AXIS,
            "title": {"text": "num_streams", "standoff": 6},
            "type": "log" if logarithmic else "linear",
            "range": [log10(end) for end in ends] if logarithmic else ends,
            "tickvals": _thin(counts, _MOST_TICKS),
            "tickformat": "d",
            "anchor": "y2",
            "showgrid": False,
        },
        "yaxis": {**AXIS, "title": {"text": "items/s"}, "rangemode": "tozero", "domain": [0.56, 0.98]},
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
        "shapes": [_describe_boundary(count) for count in inside],
        "annotations": [_NO_POINTS]
        if not points
        else [_name_boundary(count, boundaries[count], logarithmic=logarithmic) for count in inside],
    }


def _describe_boundary(count: int) -> dict[str, Any]:
    line = {"color": GREY, "width": 1, "dash": "dot"}
    return {"type": "line", "x0": count, "x1": count, "yref": "paper", "y0": 0, "y1": 0.98, "line": line}


def _name_boundary(count: int, words: str, *, logarithmic: bool) -> dict[str, Any]:
    # On a logarithmic axis an annotation, unlike a shape, is placed by the exponent.
    x = log10(count) if logarithmic else count
    place = {"x": x, "y": 1, "yref": "y domain", "xanchor": "left", "yanchor": "top", "xshift": 2}
    return {**place, "text": words, "textangle": -90, "showarrow": False}


def _describe_narrow(points: Sequence[SweepPoint]) -> dict[str, Any]:
    counts = sorted({point.num_streams for point in points}) or [1]
    return {
        "height": 640,
        "margin": {"l": 52, "r": 8, "t": 36, "b": 210},
        "title": {"font": {"size": 12}},
        "legend": {"y": -0.15},
        "xaxis": {"tickvals": _thin(counts, _MOST_TICKS // 2)},
    }


def _thin(counts: Sequence[int], most: int) -> list[int]:
    """Choose the num_streams to write on the axis: all or, of very many, those that double."""
    if len(counts) <= most:
        return list(counts)
    doubled = [count for count in counts if count & (count - 1) == 0]
    return doubled if len(doubled) > 1 else list(counts[:: -(-len(counts) // most)])


def _round(values: Iterable[float]) -> list[float | None]:
    """Four digits are more than a screen shows; JSON has no word for what is not finite."""
    return [float(f"{value:.4g}") if isfinite(value) else None for value in values]


def _fade(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"
