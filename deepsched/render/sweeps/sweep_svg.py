"""A sweep over num_streams as a picture that needs no kernel and no plotly: SVG text on a white card."""

from __future__ import annotations

from html import escape
from math import ceil, isfinite
from typing import TYPE_CHECKING

from deepsched.render.sweeps.sweep_figure import BLUE, GREEN, ORANGE
from deepsched.render.timelines.timeline_window import round_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deepsched.render.sweeps.sweep import SweepPoint

_WIDTH, _HEIGHT = 760.0, 250.0
_EMPTY_HEIGHT = 88.0
_LEFT, _RIGHT = 64.0, 16.0
_TOP, _BOTTOM = 48.0, 44.0
_GAP = 84.0
_FONT = "font-family='system-ui, -apple-system, Segoe UI, sans-serif'"
_DASHES = {
    ("measured", False): "",
    ("measured", True): "7 4",
    ("simulated", False): "2 3",
    ("simulated", True): "7 3 2 3",
}
_MOST_NAMES = 12
_STEPS = 5


def draw_sweep_svg(points: Sequence[SweepPoint], *, title: str = "", empty: str = "No points yet.") -> str:
    """Draw throughput with its intervals on the left, p50 and p99 on the right, each against num_streams.

    Each num_streams has the same room, whatever its number. Filled circles are measured, open diamonds simulated; a
    num_streams whose streams straddle has a triangle. A point of single_stream is a dashed level with its name.

    Parameters
    ----------
    points : sequence of SweepPoint
        In any order.
    title : str
        What was swept.
    empty : str
        What to say where there are no points.

    Returns
    -------
    str
        A complete ``<svg>`` element.
    """
    singles = [point for point in points if point.single]
    several = [point for point in points if not point.single]
    counts = sorted({point.num_streams for point in several})
    width = (_WIDTH - _LEFT - _RIGHT - _GAP) / 2
    height = _HEIGHT if points else _EMPTY_HEIGHT
    parts = [
        (
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{_WIDTH:g}' height='{height:g}' "
            f"viewBox='0 0 {_WIDTH:g} {height:g}' role='img' {_FONT} font-size='12' "
            f"style='max-width:100%;height:auto'><title>{escape(title or 'Sweep over num_streams')}</title>"
        ),
        f"<rect width='{_WIDTH:g}' height='{height:g}' rx='8' fill='#FFFFFF'/>",
        f"<text x='16' y='22' font-size='14' font-weight='600'>{escape(title)}</text>",
    ]
    if not points:
        middle = f"x='{_WIDTH / 2:g}' y='{height / 2 + 4:g}' text-anchor='middle' fill='#333A45'"
        return "".join([*parts, f"<text {middle}>{escape(empty)}</text></svg>"])
    left = _Plot(counts, [p.high if isfinite(p.high) else p.throughput for p in points], _LEFT, width)
    right = _Plot(counts, [p.p99 * 1000 for p in points], _LEFT + width + _GAP, width)
    straddling = {point.num_streams for point in several if not point.aligned}
    parts += [
        *left.draw_axes("items/s", straddling),
        *right.draw_axes("latency, ms: p50 solid, p99 dashed", straddling),
    ]
    for place, point in enumerate(singles):
        # Measured and predicted levels may lie close to each other: one name is enough.
        words = "" if place else "single_stream"
        parts += left.draw_level(point.throughput, BLUE, point.origin, words)
        parts += right.draw_level(point.p50 * 1000, GREEN, point.origin, words)
    for origin in dict.fromkeys(point.origin for point in several):
        own = sorted((p for p in several if p.origin == origin), key=lambda p: p.num_streams)
        parts += left.draw_intervals([(p.num_streams, p.low, p.high) for p in own])
        parts += left.draw_curve([(p.num_streams, p.throughput) for p in own], BLUE, origin)
        parts += right.draw_curve([(p.num_streams, p.p50 * 1000) for p in own], GREEN, origin)
        parts += right.draw_curve([(p.num_streams, p.p99 * 1000) for p in own], ORANGE, origin, dashed=True)
    origins = {"measured": "\u25cf measured", "simulated": "\u25c7 simulated"}
    words = "   ".join([words for origin, words in origins.items() if any(p.origin == origin for p in points)])
    parts.append(f"<text x='{_WIDTH - 16:g}' y='22' text-anchor='end'>{words}</text>")
    return "".join([*parts, "</svg>"])


class _Plot:
    """One of the two plots: where its values lie in the picture."""

    def __init__(self, counts: Sequence[int], values: Sequence[float], x: float, width: float) -> None:
        largest = max((value for value in values if isfinite(value)), default=0.0)
        self._counts = list(counts)
        self._step = round_up(largest * 1.02 / _STEPS) if largest > 0 else 1.0
        self._most = self._step * max(1, ceil(largest * 1.02 / self._step))
        self._x, self._width = x, width
        self._bottom = _HEIGHT - _BOTTOM

    def draw_axes(self, name: str, straddling: set[int]) -> Iterator[str]:
        """Draw the frame, its numbers, and under the axis each num_streams."""
        yield f"<text x='{self._x:g}' y='{_TOP - 6:g}' font-size='11' fill='#333A45'>{name}</text>"
        for part in range(round(self._most / self._step) + 1):
            value = self._step * part
            y = self._up(value)
            yield f"<path d='M{self._x:g},{y:.1f} h{self._width:g}' stroke='#D0D5DC'/>"
            yield f"<text x='{self._x - 6:g}' y='{y + 4:.1f}' text-anchor='end' font-size='11'>{value:.4g}</text>"
        every = -(-len(self._counts) // _MOST_NAMES)
        for count in self._counts[::every]:
            place = f"x='{self._along(count):.1f}' text-anchor='middle' font-size='11'"
            yield f"<text {place} y='{self._bottom + 16:g}'>{count}</text>"
        for count in straddling:
            place = f"x='{self._along(count):.1f}' y='{self._bottom + 28:g}' text-anchor='middle' font-size='9'"
            yield f"<text {place} fill='#B3261E'>\u25b2</text>"
        note = "num_streams" + (" (\u25b2 straddles)" if straddling else "")
        middle = self._x + self._width / 2
        yield f"<text x='{middle:g}' y='{_HEIGHT - 6:g}' text-anchor='middle' font-size='11'>{note}</text>"

    def draw_intervals(self, intervals: Sequence[tuple[int, float, float]]) -> Iterator[str]:
        """Draw the ends of what is known of a value as a bar with caps."""
        for count, low, high in intervals:
            if isfinite(high - low):
                x, top, bottom = self._along(count), self._up(high), self._up(max(low, 0.0))
                line = f"M{x - 4:.1f},{top:.1f} h8 m-4,0 V{bottom:.1f} m-4,0 h8"
                yield f"<path d='{line}' fill='none' stroke='#333A45'/>"

    def draw_level(self, value: float, colour: str, origin: str, words: str) -> Iterator[str]:
        """Draw what single_stream gives, if that is known, as a line across all num_streams, with its name."""
        if isfinite(value):
            y, end, dash = self._up(value), self._x + self._width, _DASHES[origin, True]
            yield f"<path d='M{self._x:g},{y:.1f} h{self._width:g}' stroke='{colour}' stroke-dasharray='{dash}'/>"
            place = f"x='{end:g}' y='{y - 4:.1f}' text-anchor='end' font-size='11' fill='#333A45'"
            place += " stroke='#FFFFFF' stroke-width='3' paint-order='stroke'"  # clear of the grid and of a curve
            yield f"<text {place}>{words}</text>" if words else ""

    def draw_curve(
        self, values: Sequence[tuple[int, float]], colour: str, origin: str, *, dashed: bool = False
    ) -> Iterator[str]:
        """Draw a line through the values that are known, and a mark on each."""
        places = [(self._along(count), self._up(value)) for count, value in values if isfinite(value)]
        line = " L".join(f"{x:.1f},{y:.1f}" for x, y in places)
        dash = _DASHES[origin, dashed]
        if places:
            yield f"<path d='M{line}' fill='none' stroke='{colour}' stroke-width='2' stroke-dasharray='{dash}'/>"
        for x, y in places:
            if origin == "measured":
                yield f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3.5' fill='{colour}'/>"
            else:
                diamond = f"M{x:.1f},{y - 5:.1f} l5,5 l-5,5 l-5,-5 Z"
                yield f"<path d='{diamond}' fill='#FFFFFF' stroke='{colour}' stroke-width='1.5'/>"

    def _along(self, count: int) -> float:
        return self._x + self._width * (self._counts.index(count) + 0.5) / len(self._counts)

    def _up(self, value: float) -> float:
        return self._bottom - (self._bottom - _TOP) * value / self._most
