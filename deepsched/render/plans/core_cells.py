"""A machine's cores as cells: in the fill of their streams, with hardware threads, and a mark away from home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepsched.render.plans.ink import EDGE, WARNING, place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deepsched.render.plans.facts import Facts
    from deepsched.render.plans.ink import Ink
    from deepsched.render.plans.layout import Box

_LEAST_DETAIL = 26.0  # px: in smaller cells hardware threads are left out
_THREAD = 6.0
_THREAD_GAP = 3.0
_BARRED = "#C9CED6"


def shows_threads(cell: Box, facts: Facts) -> bool:
    """Tell whether a core's hardware threads are drawn: if it has several, and there is room."""
    return len(facts.threads[cell.number]) > 1 and cell.width >= _LEAST_DETAIL


def draw_cores(cells: Sequence[Box], facts: Facts, ink: Ink) -> Iterator[str]:
    """Draw the cells, each with a title that a pointer shows, and upon them their hardware threads."""
    yield f"<g stroke='{EDGE}'>"
    for cell in cells:
        yield _draw_cell(cell, facts, ink)
    yield "</g>"
    yield from _draw_threads(cells, facts)


def _draw_cell(cell: Box, facts: Facts, ink: Ink) -> str:
    assert cell.core is not None  # noqa: S101 - a cell is a core's
    streams = facts.streams.get(cell.number, [])
    title = f"<title>{facts.name_core(cell.core)}</title>"
    rounded = f"rx='{min(4.0, cell.width / 6):.2g}'"
    if not streams:
        # A core of no stream is white, one that may not be used grey and dashed, without a number.
        look = "fill='#FFFFFF'" if cell.core.cpus else f"fill='{_BARRED}' stroke='#8B95A3' stroke-dasharray='2 2'"
        return f"<rect {place(cell)} {rounded} {look}>{title}</rect>"
    if len(streams) == 1:
        return f"<rect {place(cell)} {rounded} fill='{ink.fill(streams[0])}'>{title}</rect>"
    part = cell.width / len(streams)
    parts = [
        f"<rect x='{cell.x + i * part:g}' y='{cell.y:g}' width='{part:g}' height='{cell.height:g}' "
        f"fill='{ink.fill(stream)}'/>"
        for i, stream in enumerate(streams)
    ]
    return f"<g>{title}<rect {place(cell)}/>{''.join(parts)}</g>"


def _draw_threads(cells: Sequence[Box], facts: Facts) -> Iterator[str]:
    """Draw each core's hardware threads as small bars at its lower edge: dark where planned, white where not."""
    bars: dict[bool, list[str]] = {True: [], False: []}
    for cell in cells:
        if shows_threads(cell, facts):
            threads = facts.threads[cell.number]
            width = min(_THREAD, (cell.width - 6) / len(threads) - 1)
            step = width + (_THREAD_GAP if width == _THREAD else 1)
            x = cell.x + (cell.width - (len(threads) - 1) * step - width) / 2
            for i, planned in enumerate(threads):
                bars[planned].append(f"M{x + i * step:g},{cell.bottom - 6:g}h{width:g}v3.5h-{width:g}z")
    for planned, fill, line in ((True, "#1F2328", "#FFFFFF"), (False, "#FFFFFF", "#1F2328")):
        if bars[planned]:
            look = f"fill='{fill}' stroke='{line}' stroke-width='0.8' pointer-events='none'"
            yield f"<path d='{''.join(bars[planned])}' {look}/>"


def mark_remote(cells: Sequence[Box], facts: Facts) -> Iterator[str]:
    """Mark a corner of each core that is away from its stream's home."""
    remote = {core for _, core in facts.remote}
    corners = []
    for cell in cells:
        if cell.number in remote:
            size = max(5.0, round(cell.width * 0.3))
            corners.append(f"M{cell.right - size:g},{cell.y:g}h{size:g}v{size:g}z")
    if corners:
        yield f"<path d='{''.join(corners)}' fill='{WARNING}' stroke='#FFFFFF' pointer-events='none'/>"
