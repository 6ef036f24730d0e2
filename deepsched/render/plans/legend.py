"""What the marks in a picture of a plan mean, as far as they are in it: rows of entries, folded where they are many."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from deepsched.render.palette import style_stream
from deepsched.render.plans.facts import name_kind
from deepsched.render.plans.ink import EDGE, FRAME, IDLE, TEXT, WARNING, measure_words
from deepsched.render.plans.remote import NAMES
from deepsched.render.plans.words import count, name_cpus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deepsched.planning import StreamPlan
    from deepsched.render.plans.facts import Facts
    from deepsched.render.plans.ink import Ink

_MOST = 12  # streams that are named one by one
_FONT = 12.0
_ROW = 22.0
_SWATCH = 30.0
_BETWEEN = 14.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A sign and what it means. `streams` are those whose swatches stand before the words, `sign` is a mark's name."""

    words: str
    streams: tuple[int, ...] = ()
    sign: str = ""

    @property
    def width(self) -> float:
        """The room that it takes, in pixels."""
        swatches = len(self.streams) * (_SWATCH + 4) + (14 if len(self.streams) > 1 else 0)
        return (swatches or 22) + 4 + measure_words(self.words, _FONT)


def list_streams(plan: StreamPlan) -> list[Entry]:
    """Name each stream with its cores and cpus, or, of very many, neighbours of one size together."""
    if plan.num_streams <= _MOST:
        return [Entry(f"{count(len(s.cores), 'core')}, {name_cpus(s.cpus)}", (s.index,)) for s in plan.streams]
    entries = []
    for size, some in groupby(plan.streams, key=lambda stream: len(stream.cores)):
        first, *rest = [stream.index for stream in some]
        words = f"{count(size, 'core')}{' each' if rest else ''}"
        entries.append(Entry(words, (first, rest[-1]) if rest else (first,)))
    return entries


def list_signs(facts: Facts, *, detailed: bool) -> list[Entry]:
    """Explain the signs that are in the picture; it is `detailed` if it shows hardware threads."""
    topology, plan = facts.topology, facts.plan
    entries = []
    if facts.remote:
        levels = dict.fromkeys(NAMES[level] for level in NAMES if any(s.level == level for s in facts.straddles))
        remote_from = " or ".join(levels)
        entries.append(Entry(f"remote core: on another {remote_from} than most of its stream", sign="remote"))
    if facts.kinds:
        kinds = dict.fromkeys(core.kind for core in topology.cores)
        entries += [Entry(f"{name_kind(kind)}: {kind or 'unknown kind of'} core", sign="kind") for kind in kinds]
    if detailed:
        planned = ", dark where planned" if plan else ""
        entries.append(Entry(f"hardware threads of a core{planned}", sign="threads"))
    if plan and any(core.cpus and core.index not in facts.streams for core in topology.cores):
        entries.append(Entry("in no stream", sign="idle"))
    if any(not core.cpus for core in topology.cores):
        entries.append(Entry("not allowed to this process", sign="barred"))
    if topology.l3_caches:
        words = ["length to scale"] if topology.l3_bytes else ["size unknown"]
        words += ["colours of the streams that use it"] if plan else []
        entries.append(Entry(f"L3 cache: {', '.join(words)}", sign="cache"))
    return entries


def draw_columns(entries: Sequence[Entry], width: float, top: float, ink: Ink) -> tuple[list[str], float]:
    """Draw entries in columns of one width, as many as fit; give the drawing and its height."""
    if not entries:
        return [], 0.0
    widest = max(entry.width for entry in entries) + _BETWEEN
    columns = max(1, min(len(entries), int((width + _BETWEEN) // widest)))
    # No wider than needed: a short list stays together.
    parts: list[str] = []
    for i, entry in enumerate(entries):
        x, y = i % columns * widest, top + i // columns * _ROW
        parts += _draw_entry(entry, x, y, ink)
    return parts, -(-len(entries) // columns) * _ROW


def draw_flow(entries: Sequence[Entry], width: float, top: float, ink: Ink) -> tuple[list[str], float]:
    """Draw entries one after the other, in as many lines as they take; give the drawing and its height."""
    parts: list[str] = []
    x, y = 0.0, top
    for entry in entries:
        if x > 0 and x + entry.width > width:
            x, y = 0.0, y + _ROW
        parts += _draw_entry(entry, x, y, ink)
        x += entry.width + _BETWEEN
    return parts, (y - top + _ROW) if entries else 0.0


def _draw_entry(entry: Entry, x: float, y: float, ink: Ink) -> Iterator[str]:
    if entry.streams:
        for i, stream in enumerate(entry.streams):
            if i:
                yield f"<text x='{x:g}' y='{y + 13:g}' font-size='12'>...</text>"
                x += 14
            box = f"x='{x:g}' y='{y:g}' width='{_SWATCH:g}' height='17' rx='3'"
            yield f"<rect {box} fill='{ink.fill(stream)}' stroke='{EDGE}'/>"
            ink.mark(x + _SWATCH / 2, y + 12.5, stream, 11 if len(style_stream(stream).label) < 4 else 9.5)  # noqa: PLR2004
            x += _SWATCH + 4
    else:
        yield _draw_sign(entry, x, y)
        x += 22
    yield f"<text x='{x + 4:g}' y='{y + 13:g}' font-size='{_FONT:g}' fill='{TEXT}'>{entry.words}</text>"


def _draw_sign(entry: Entry, x: float, y: float) -> str:
    cell = f"x='{x + 2:g}' y='{y:g}' width='17' height='17' rx='3'"
    plain = f"<rect {cell} fill='#FFFFFF' stroke='{EDGE}'/>"
    if entry.sign == "remote":
        return plain + f"<path d='M{x + 10:g},{y:g}h9v9z' fill='{WARNING}'/>"
    if entry.sign == "kind":
        size = 17 if entry.words.startswith("P") else 13
        cell = f"x='{x + 2 + (17 - size) / 2:g}' y='{y + 17 - size:g}' width='{size}' height='{size}' rx='3'"
        return f"<rect {cell} fill='#FFFFFF' stroke='{EDGE}'/>"
    if entry.sign == "threads":
        bars = f"M{x + 4:g},{y + 10:g}h5v4h-5z M{x + 12:g},{y + 10:g}h5v4h-5z"
        return plain + f"<path d='{bars}' fill='#1F2328'/>"
    if entry.sign == "barred":
        return f"<rect {cell} fill='#C9CED6' stroke='#8B95A3' stroke-dasharray='2 2'/>"
    if entry.sign == "cache":
        return f"<rect x='{x:g}' y='{y + 4:g}' width='21' height='10' fill='{IDLE}' stroke='{FRAME}'/>"
    return plain
