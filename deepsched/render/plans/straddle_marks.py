"""Straddling streams: outlined across the boundary, or on both sides of it and tied around what lies between."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from deepsched.render.plans.ink import WARNING, measure_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deepsched.render.plans.ink import Ink
    from deepsched.render.plans.layout import Box
    from deepsched.render.plans.remote import Straddle

_FONT = 13.0


@dataclass(slots=True)
class _Run:
    """A rectangle of cells of one stream: its edges, and the boxes that its first and last cell lie in."""

    left: float
    top: float
    right: float
    bottom: float
    first: Box
    last: Box

    def covers(self, cell: Box) -> bool:
        """Tell whether a cell lies in it or touches it."""
        return cell.x < self.right and cell.right > self.left and cell.y < self.bottom and cell.bottom > self.top


@dataclass(frozen=True, slots=True)
class _Label:
    """Words below a boundary in `holder`, with a line to them from `lead` down where the boundary is above them."""

    straddle: Straddle
    holder: Box
    x: float
    y: float
    lead: float | None


def draw_straddles(machine: Box, straddles: Sequence[Straddle], gap: float, ink: Ink) -> Iterator[str]:
    """Draw the marks of all straddles, and say what straddles."""
    cells = {box.number: box for box in machine.walk() if box.core is not None}
    said: dict[int, list[_Label]] = defaultdict(list)
    for straddle in straddles:
        level = [box for box in machine.walk() if box.kind == straddle.level]
        box_of = {cell.number: box for box in level for cell in box.walk() if cell.core is not None}
        own = sorted(core for cores in straddle.parts.values() for core in cores)
        others = [cell for number, cell in cells.items() if number not in set(own)]
        runs = _join_runs(_find_runs([cells[core] for core in own], box_of, gap), others)
        yield from _draw_marks(runs, gap)
        parts = list({id(box_of[core]): box_of[core] for core in own}.values())
        holder = next(box for box in machine.walk() if any(child is parts[0] for child in box.children))
        said[id(holder)].append(_place_label(straddle, holder, parts, runs, gap))
    for labels in said.values():
        yield from _draw_labels(labels, ink)


def _find_runs(cells: Sequence[Box], box_of: dict[int, Box], gap: float) -> list[_Run]:
    """Join neighbouring cells: first along rows, then rows of one width."""
    rows: list[_Run] = []
    for cell in cells:
        box = box_of[cell.number]
        last = rows[-1] if rows else None
        if last and last.last is box and last.bottom == cell.bottom and 0 < cell.x - last.right <= gap:
            last.right, last.top = cell.right, min(last.top, cell.y)
        else:
            rows.append(_Run(cell.x, cell.y, cell.right, cell.bottom, box, box))
    runs: list[_Run] = []
    for row in rows:
        last = runs[-1] if runs else None
        aligned = last and last.last is row.first and (last.left, last.right) == (row.left, row.right)
        if last and aligned and 0 < row.top - last.bottom <= gap:
            last.bottom = row.bottom
        else:
            runs.append(row)
    return runs


def _join_runs(runs: Sequence[_Run], others: Sequence[Box]) -> list[_Run]:
    """Make one outline of runs side by side that have no other stream's core between them."""
    joined: list[_Run] = []
    for run in runs:
        last = joined[-1] if joined else None
        if last and (last.top, last.bottom) == (run.top, run.bottom) and run.left > last.right:
            both = _Run(last.left, last.top, run.right, run.bottom, last.first, run.last)
            if not any(both.covers(cell) for cell in others):
                joined[-1] = both
                continue
        joined.append(run)
    return joined


def _draw_marks(runs: Sequence[_Run], gap: float) -> Iterator[str]:
    out = max(1.5, gap / 2)
    lines = [
        f"M{run.left - out + 3:g},{run.top - out:g}H{run.right + out - 3:g}q3,0 3,3V{run.bottom + out - 3:g}q0,3 -3,3"
        f"H{run.left - out + 3:g}q-3,0 -3,-3V{run.top - out + 3:g}q0,-3 3,-3z"
        for run in runs
    ]
    lines += [_tie(one, other, out) for one, other in pairwise(runs) if one.last is not other.first]
    width = min(3.0, gap)
    line = f"d='{''.join(lines)}' fill='none' pointer-events='none'"
    yield f"<path {line} stroke='#FFFFFF' stroke-width='{width + 2:g}' stroke-opacity='0.85'/>"
    yield f"<path {line} stroke='{WARNING}' stroke-width='{width:g}'/>"


def _tie(one: _Run, other: _Run, out: float) -> str:
    """Lead from one run to the next in the gaps: above their cells, and between boxes."""
    here, there = one.last, other.first
    start, end = f"M{one.right:g},{one.top - out:g}", f"V{other.top - out:g}H{other.left:g}"
    if here.y == there.y and 0 < there.x - here.right < here.width / 2:
        return f"{start}H{(here.right + there.x) / 2:g}{end}"
    below = there.y - 5 if there.y > here.y else here.bottom + 5
    return f"{start}H{here.right + 4:g}V{below:g}H{there.x - 4:g}{end}"


def _place_label(straddle: Straddle, holder: Box, parts: Sequence[Box], runs: Sequence[_Run], gap: float) -> _Label:
    """Choose where the words go: in the lane below the first boxes, under the boundary if that lies between them."""
    row = [part for part in parts if part.y == parts[0].y]
    y = max(child.bottom for child in holder.children if child.y == row[0].y)
    if len(row) == 1:
        # Beside those of boundaries within the row, where it has some; and above the tie to the next row.
        alone = sum(child.y == row[0].y for child in holder.children) == 1
        return _Label(straddle, holder, holder.x + holder.width / (2 if alone else 4), y, None)
    middle = len(row) // 2
    x = (row[middle - 1].right + row[middle].x) / 2
    crossing = [run.bottom + gap / 2 for run in runs if run.left < x < run.right]
    tied = [run.top - gap / 2 for run in runs if run.last is row[middle - 1]]
    return _Label(straddle, holder, x, y, (crossing or tied)[-1])


def _draw_labels(labels: Sequence[_Label], ink: Ink) -> Iterator[str]:
    """Write below the boundaries that lie in one box what straddles them, as far as there is room."""
    for label in labels:
        beside = [abs(other.x - label.x) - 8 for other in labels if other is not label and other.y == label.y]
        room = min([label.holder.width, *beside])
        number = label.straddle.stream
        choices = (f"▲ {label.straddle.words}", f"▲ S{number} straddles", f"▲ S{number}")
        words = next((words for words in choices if measure_words(words, _FONT) <= room), "")
        half = measure_words(words, _FONT) / 2
        middle = min(max(label.x, label.holder.x + half), label.holder.right - half)
        if label.lead is not None:
            yield f"<path d='M{label.x:g},{label.lead:g}V{label.y + 2:g}' stroke='{WARNING}' stroke-width='2'/>"
        halo = "stroke='#FFFFFF' stroke-width='4' stroke-linejoin='round' paint-order='stroke'"
        ink.write(middle, label.y + 14, words, f"fill='{WARNING}' {halo} font-size='{_FONT:g}' font-weight='600'")
