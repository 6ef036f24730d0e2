"""What stands on the cells of cores: the stream's label and the core's number, as far as there is room."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from deepsched.render.plans.core_cells import shows_threads
from deepsched.render.plans.ink import QUIET, TEXT, measure_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.render.plans.facts import Facts
    from deepsched.render.plans.ink import Ink
    from deepsched.render.plans.layout import Box

_LEAST = 7.0  # px: smaller words are left out
_ACROSS = 9.0  # px: of a label across the cells of a stream that are too small to bear one each
_HALO = "stroke='#FFFFFF' stroke-width='3' stroke-linejoin='round' paint-order='stroke'"


def label_cores(cells: Sequence[Box], facts: Facts, ink: Ink) -> None:
    """Write each stream's label on its cells, or across a row of them where these are too small."""
    labelled = {stream for cell in cells for stream in _label_cell(cell, facts, ink)}
    owned = [cell for cell in cells if cell.number in facts.streams]
    for (stream, _), some in groupby(owned, key=lambda cell: (facts.streams[cell.number][0], cell.y)):
        row = list(some)
        width = row[-1].right - row[0].x
        if stream not in labelled and measure_words(f"S{stream}", _ACROSS, bold=True) <= width:
            middle = row[0].y + row[0].height / 2
            ink.mark(row[0].x + width / 2, middle + _ACROSS * 0.36, stream, _ACROSS)
            labelled.add(stream)


def _label_cell(cell: Box, facts: Facts, ink: Ink) -> list[int]:
    """Write on one cell; give the streams that are named there."""
    assert cell.core is not None  # noqa: S101 - a cell is a core's
    streams = facts.streams.get(cell.number, [])
    number = facts.number_core(cell.core)
    middle = cell.x + cell.width / 2
    # Above the bars of hardware threads, where these are drawn.
    raised = 0.07 * cell.height if shows_threads(cell, facts) else 0.0
    if not streams:
        size = _fit(number, cell.width, 0.3 * cell.width)
        if size and cell.core.cpus:
            y = cell.y + cell.height / 2 + size * 0.36 - raised
            ink.write(middle, y, number, f"fill='{QUIET}' font-size='{size:g}'")
        return []
    part = cell.width / len(streams)
    size = min(_fit(f"S{stream}", part, 0.4 * cell.width) for stream in streams)
    if not size:
        return []
    small = _fit(number, cell.width, 0.27 * cell.width)
    y = cell.y + (0.46 * cell.height if small else 0.5 * cell.height + 0.36 * size) - raised
    for i, stream in enumerate(streams):
        ink.mark(cell.x + (i + 0.5) * part, y, stream, size)
    below = cell.y + 0.82 * cell.height - 1.6 * raised
    if small and len(streams) == 1:
        ink.mark(middle, below, streams[0], small, number, 500)
    elif small:
        ink.write(middle, below, number, f"fill='{TEXT}' {_HALO} font-size='{small:g}'")
    return list(streams)


def _fit(words: str, width: float, most: float) -> float:
    """Give the font size for words in a cell, at most `most` pixels; 0 if it would be too small to read."""
    size = min(most, (width - 2) / measure_words(words, 1.0, bold=True))
    return round(size * 2) / 2 if size >= _LEAST else 0.0
