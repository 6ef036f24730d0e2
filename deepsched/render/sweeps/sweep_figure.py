"""A sweep over num_streams as plotly's plain data: its curves, the level of single_stream, and how each plan fits."""

from __future__ import annotations

from collections import Counter
from html import escape
from math import isfinite
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from deepsched.errors import OptionError
from deepsched.render.sweeps.sweep_layout import AXIS, GREY, choose_ends, describe_layout, describe_narrow, name_level

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from deepsched.render.sweeps.sweep import SweepPoint

__all__ = ["AXIS", "BLUE", "DASHES", "GREEN", "GREY", "MARKERS", "ORANGE", "describe_sweep"]

# Of Okabe and Ito's colours those that stand out from white and from a dark page alike.
BLUE, GREEN, ORANGE = "#0072B2", "#009E73", "#D55E00"
# Measured and simulated differ in dash and marker, so that they do without colour.
DASHES = {"measured": ("solid", "dash"), "simulated": ("dot", "dashdot")}
MARKERS = {"measured": "circle", "simulated": "diamond-open"}
# Of a num_streams whose streams straddle.
_STRADDLES = {"measured": "triangle-up", "simulated": "triangle-up-open"}
_LEVELS = {"measured": "longdash", "simulated": "longdashdot"}
_MILLISECONDS = 1000.0
_LINE = 44  # characters of what shows where a person points: on a narrow page, too
_UNKNOWN = (float("nan"), float("nan"))


def describe_sweep(
    points: Sequence[SweepPoint], *, boundaries: Mapping[int, str], title: str = "", empty: str = "No points yet."
) -> dict[str, Any]:
    """Describe the picture of a sweep: throughput above, latency below, and between them how each plan fits.

    Points of single_stream, which has no num_streams, are levels across it.

    Parameters
    ----------
    points : sequence of SweepPoint
        In any order.
    boundaries : mapping of int to str
        What to write at which num_streams.
    title : str
        What was swept.
    empty : str
        What to say where there are no points.

    Returns
    -------
    dict
        `data` and `layout_of_figure` as plotly takes them, and in `narrow` what changes of the layout on a narrow page.

    Raises
    ------
    OptionError
        If one num_streams, or single_stream, has two points of one origin.
    """
    _check_points(points)
    ordered = sorted((point for point in points if not point.single), key=lambda point: point.num_streams)
    counts = sorted({point.num_streams for point in ordered})
    data: list[dict[str, Any]] = []
    for origin in DASHES:
        own = [point for point in ordered if point.origin == origin]
        if own:
            data += _describe_curves(own, origin)
        for point in points:
            if point.single and point.origin == origin:
                data += _describe_levels(point, counts)
    data += _describe_fit(ordered)
    layout = describe_layout(counts, boundaries, title, "" if points else empty)
    levels = [end for p in points if p.single for end in (p.throughput, p.low, p.high) if isfinite(end)]
    if levels:
        layout["annotations"].append(name_level(levels, [p.throughput for p in ordered if p.num_streams == counts[-1]]))
    entries = sum(trace.get("showlegend", True) for trace in data)
    return {"data": data, "layout_of_figure": layout, "narrow": describe_narrow(counts, entries)}


def _check_points(points: Sequence[SweepPoint]) -> None:
    names = Counter(
        f"{'single_stream' if p.single else f'num_streams={p.num_streams}'} is {p.origin} twice" for p in points
    )
    twice = [words for words, count in names.items() if count > 1]
    if twice:
        raise OptionError(f"{twice[0]}; expected one point each.")


def _describe_curves(points: Sequence[SweepPoint], origin: str) -> Iterable[dict[str, Any]]:
    solid, dashed = DASHES[origin]
    bounds = [(point.low, point.high) for point in points]
    yield from _describe_curve(points, [p.throughput for p in points], bounds, f"items/s, {origin}", BLUE, solid, "y")
    for name, colour, dash in (("p50", GREEN, solid), ("p99", ORANGE, dashed)):
        values = [getattr(point, name) * _MILLISECONDS for point in points]
        intervals = [getattr(point, f"{name}_interval") or _UNKNOWN for point in points]
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
    if len(known) > 1:
        yield from _describe_band(known, colour, axis)
    origin = points[0].origin
    along = {"type": "scatter", "x": [point.num_streams for point in points], "y": _round(values), "yaxis": axis}
    line = {"mode": "lines", "line": {"color": colour, "dash": dash, "width": 2.5}}
    yield {**along, **line, "name": name, "legendgroup": name, "hovertemplate": "%{y:.4~r}"}
    # Apart from the line, for the legend would show the first point's symbol as that of all.
    symbols = [MARKERS[origin] if point.aligned else _STRADDLES[origin] for point in points]
    yield {
        **along,
        "mode": "markers",
        "legendgroup": name,
        "showlegend": False,
        "marker": {"symbol": symbols, "size": 9, "color": colour},
        "hoverinfo": "skip",
        # A band needs two.
        **({"error_y": _describe_error(known[0], points, values, colour)} if len(known) == 1 else {}),
    }


def _describe_band(ends: Sequence[tuple[float, float, float]], colour: str, axis: str) -> Iterable[dict[str, Any]]:
    counts, lows, highs = zip(*ends, strict=True)
    band = {"mode": "lines", "line": {"width": 0}, "yaxis": axis, "showlegend": False, "hoverinfo": "skip"}
    yield {**band, "type": "scatter", "x": list(counts), "y": _round(lows)}
    # Filled down to the trace before it.
    fill = {"fill": "tonexty", "fillcolor": _fade(colour)}
    yield {**band, **fill, "type": "scatter", "x": list(counts), "y": _round(highs)}


def _describe_error(
    known: tuple[int, float, float], points: Sequence[SweepPoint], values: Sequence[float], colour: str
) -> dict[str, Any]:
    """Draw the one interval that is known with caps, and none on the other points."""
    count, low, high = known
    ends = [(high - v, v - low) if p.num_streams == count else (0, 0) for p, v in zip(points, values, strict=True)]
    above, below = zip(*ends, strict=True)
    line = {"color": colour, "thickness": 1.5, "width": 5}
    return {"type": "data", "symmetric": False, "array": _round(above), "arrayminus": _round(below), **line}


def _describe_levels(point: SweepPoint, counts: Sequence[int]) -> Iterable[dict[str, Any]]:
    """Draw what single_stream gives, throughput and p50, as lines across all num_streams, with their intervals."""
    along = counts if len(counts) > 1 else choose_ends(counts)
    p50 = point.p50 * _MILLISECONDS
    low, high = (end * _MILLISECONDS for end in point.p50_interval or _UNKNOWN)
    for value, ends, axis, colour, what in (
        (point.throughput, (point.low, point.high), "y", BLUE, "items/s"),
        (p50, (low, high), "y2", GREEN, "p50"),
    ):
        if isfinite(ends[1] - ends[0]):
            yield from _describe_band([(count, *ends) for count in along], colour, axis)
        yield {
            "type": "scatter",
            "mode": "lines",
            "name": f"single_stream, {point.origin}",
            "legendgroup": f"single_stream, {point.origin}",
            "showlegend": axis == "y",
            "x": list(along),
            "y": _round([value] * len(along)),
            "yaxis": axis,
            "line": {"color": colour, "dash": _LEVELS[point.origin], "width": 1.5},
            "hovertemplate": f"%{{y:.4~r}}<extra>{what}, single_stream, {point.origin}</extra>",
        }


def _describe_fit(points: Sequence[SweepPoint]) -> Iterable[dict[str, Any]]:
    """Mark under each num_streams whether its streams are aligned, with the findings where a person points."""
    plans = {point.num_streams: point for point in points}.values()
    for aligned, name, symbol, colour in (
        (True, "aligned", "line-ns", GREY),
        (False, "straddles", "triangle-up", ORANGE),
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
                "text": [_write_findings(point.findings) or name for point in own],
                "hovertemplate": "%{text}<extra></extra>",
            }


def _write_findings(findings: str) -> str:
    return "<br>".join(escape(line, quote=False) for line in wrap(findings, _LINE))


def _round(values: Iterable[float]) -> list[float | None]:
    """Four digits are more than a screen shows; JSON has no word for what is not finite."""
    return [float(f"{value:.4g}") if isfinite(value) else None for value in values]


def _fade(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"
