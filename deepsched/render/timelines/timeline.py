"""Requests over time as a picture that needs no kernel: SVG text on a white card."""

from __future__ import annotations

from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from deepsched.render.palette import style_stream
from deepsched.render.timelines.timeline_data import Timeline, read_timelines
from deepsched.render.timelines.timeline_window import choose_window, name_bar, round_up, show_window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deepsched.render.timelines.timeline_window import Bar, Panel, Window

__all__ = ["Timeline", "draw_timelines"]

SIGNS = {"measured": "●", "simulated": "◇"}

_WIDTH = 760.0
_MARGIN = 16.0
_LABELS = 46.0
_HEAD = 44.0
_AXIS = 26.0
_NOTE = 14.0
_LEGEND = 14.0
_ROW = 9.0
_DEEPEST = 8  # rows that a queue drawn by its depth takes
_TICKS = 5
_CHARACTER = 6.2
_FONT = "font-family='system-ui, -apple-system, Segoe UI, sans-serif'"
_HATCH = (
    "<defs><pattern id='ds-waiting' width='5' height='5' patternUnits='userSpaceOnUse'>"
    "<path d='M-1,1 l2,-2 M0,5 l5,-5 M4,6 l2,-2' stroke='#1F2328' stroke-width='0.9'/></pattern></defs>"
)


def draw_timelines(timelines: Any, *, start_ms: float = 0.0, duration_ms: float | None = None) -> str:
    """Draw requests as bars on one scale of time: solid where they ran, hatched where they waited in the queue.

    Parameters
    ----------
    timelines : sequence of RequestRecord, Timeline, sequence of Timeline, or mapping of title to either
        One run or several, drawn side by side.
    start_ms, duration_ms : float
        What to show, in ms since each timeline's first request was queued; by default some five requests.

    Returns
    -------
    str
        A complete ``<svg>`` element.

    Raises
    ------
    OptionError
        If these are no timelines, or no times.
    """
    runs = read_timelines(timelines)
    window = choose_window(runs, start_ms, duration_ms)
    panels = show_window(runs, window)
    columns = min(2, len(panels))
    width = (_WIDTH - (columns + 1) * _MARGIN) / columns
    # Both of a row begin their lanes at one height: the deeper queue makes room for the other.
    rows = [panels[i : i + columns] for i in range(0, len(panels), columns)]
    deepest = max((max(panel.depths, default=0) for panel in panels), default=0)
    parts: list[str] = []
    y = _MARGIN
    for row in rows:
        queue = _ROW * max(2, *(_DEEPEST if panel.depths else panel.rows for panel in row)) + 4
        for column, panel in enumerate(row):
            x = _MARGIN + column * (width + _MARGIN)
            drawn = _draw_panel(panel, window, width, queue, deepest)
            parts += [f"<g transform='translate({x:g},{y:g})'>", *drawn, "</g>"]
        notes = _NOTE * max(len(_wrap_note(panel, width)) for panel in row)
        y += _HEAD + queue + max(panel.lanes * _lane_height(panel.lanes) for panel in row) + _AXIS + notes
    height = y + _MARGIN + _LEGEND
    title = escape("; ".join(f"{panel.title}, {panel.origin}: {panel.summary}" for panel in panels))
    head = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{_WIDTH:g}' height='{height:g}' "
        f"viewBox='0 0 {_WIDTH:g} {height:g}' role='img' {_FONT} font-size='12' "
        f"style='max-width:100%;height:auto'><title>{title}</title>{_HATCH}"
        f"<rect width='{_WIDTH:g}' height='{height:g}' rx='8' fill='#FFFFFF'/>"
    )
    legend = (
        f"<text x='{_MARGIN:g}' y='{height - 10:g}' font-size='11' fill='#333A45'>"
        "solid: running on a stream · hatched: waiting in the queue · time in ms</text>"
    )
    return "".join([head, *parts, legend, "</svg>"])


def _draw_panel(panel: Panel, window: Window, width: float, queue: float, deepest: int) -> Iterator[str]:
    lane = _lane_height(panel.lanes)
    plot = width - _LABELS
    bottom = _HEAD + queue + panel.lanes * lane
    yield f"<text y='12' font-size='14' font-weight='600'>{escape(panel.title)}</text>"
    yield f"<text x='{width:g}' y='12' text-anchor='end'>{SIGNS[panel.origin]} {panel.origin}</text>"
    yield f"<text y='30' fill='#333A45'>{escape(panel.summary)}</text>"
    for value, label in _choose_ticks(window):
        x = _LABELS + (value - window.start) / window.duration * plot
        yield f"<path d='M{x:.1f},{_HEAD:g} V{bottom + 4:g}' stroke='#D0D5DC'/>"
        yield f"<text x='{x:.1f}' y='{bottom + 17:g}' text-anchor='middle' font-size='11'>{label}</text>"
    yield f"<text y='{_HEAD + queue - 6:g}' font-size='11' fill='#333A45'>queue</text>"
    for stream in range(panel.lanes):
        y = _HEAD + queue + stream * lane
        yield f"<path d='M0,{y:g} H{width:g}' stroke='#D0D5DC'/>"
        if lane >= _CHARACTER * 2 or stream % 2 == 0:
            yield f"<text y='{y + lane / 2 + 4:g}' font-size='11' font-weight='600'>{style_stream(stream).label}</text>"
    yield f"<path d='M{_LABELS:g},{bottom:g} H{width:g}' stroke='#5A6372'/>"
    if panel.depths:
        yield _draw_depths(panel.depths, plot, _HEAD + queue - 2, deepest)
    for bar in panel.bars:
        yield f"<g><title>{name_bar(bar)}</title>"
        yield from _draw_bar(bar, window, plot, queue, lane)
        yield "</g>"
    for place, line in enumerate(_wrap_note(panel, width)):
        yield f"<text y='{bottom + 33 + place * _NOTE:g}' font-size='11' fill='#333A45'>{escape(line)}</text>"


def _wrap_note(panel: Panel, width: float) -> list[str]:
    return wrap(panel.note, int(width / _CHARACTER))


def _draw_bar(bar: Bar, window: Window, plot: float, queue: float, lane: float) -> Iterator[str]:
    style = style_stream(bar.stream)
    edge = "stroke='#4A525D' stroke-width='0.8'"
    if bar.row >= 0:
        x, w = _place(bar.queued, bar.started, window, plot)
        y = _HEAD + queue - 2 - (bar.row + 1) * _ROW
        place = f"x='{x:.1f}' y='{y:g}' width='{w:.1f}' height='{_ROW - 1:g}'"
        yield f"<rect {place} fill='{style.colour}' fill-opacity='0.35' {edge}/><rect {place} fill='url(#ds-waiting)'/>"
    x, w = _place(bar.started, bar.ended, window, plot)
    if w > 0:
        y = _HEAD + queue + bar.stream * lane + lane * 0.12
        yield f"<rect x='{x:.1f}' y='{y:.1f}' width='{w:.1f}' height='{lane * 0.76:.1f}' fill='{style.colour}' {edge}/>"
        words = str(bar.request) if bar.count == 1 else f"\u00d7{bar.count}"
        if lane > 2 * _CHARACTER and len(words) * _CHARACTER + 4 <= w:
            yield (
                f"<text x='{x + w / 2:.1f}' y='{y + lane * 0.38 + 4:.1f}' text-anchor='middle' font-size='10' "
                f"fill='{style.text}'>{words}</text>"
            )


def _draw_depths(depths: tuple[int, ...], plot: float, bottom: float, deepest: int) -> str:
    """Draw the queue's depth over time as one hatched area, on the scale of the picture's deepest queue."""
    part, unit = plot / len(depths), _DEEPEST * _ROW / deepest
    steps = " ".join(f"V{bottom - depth * unit:.1f} h{part:.2f}" for depth in depths)
    line = f"M{_LABELS:g},{bottom:g} {steps} V{bottom:g} Z"
    return f"<path d='{line}' fill='#E3E7EC' stroke='#4A525D'/><path d='{line}' fill='url(#ds-waiting)'/>"


def _place(begin: float, end: float, window: Window, plot: float) -> tuple[float, float]:
    """Give x and width of a span of time, as far as it lies in the window; a width of 0 where it does not."""
    left, right = max(begin, window.start), min(end, window.end)
    scale = plot / window.duration
    return _LABELS + (left - window.start) * scale, max(0.5, (right - left) * scale) if right > left else 0.0


def _lane_height(lanes: int) -> float:
    return max(8.0, min(22.0, 352.0 / lanes))


def _choose_ticks(window: Window) -> Iterator[tuple[float, str]]:
    step = round_up(window.duration / _TICKS)
    number = -(-window.start // step)
    while number * step <= window.end + 1e-9 * window.duration:
        yield number * step, f"{number * step:g}" if number else "0"
        number += 1
