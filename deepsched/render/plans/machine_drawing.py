"""The machine itself: its boxes one in the other, with caches, cores and the marks of straddling streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepsched.render.plans.cache_strips import draw_caches, find_users
from deepsched.render.plans.core_cells import draw_cores, mark_remote
from deepsched.render.plans.core_labels import label_cores
from deepsched.render.plans.ink import FRAME, QUIET, measure_words, place
from deepsched.render.plans.remote import NAMES
from deepsched.render.plans.straddle_marks import draw_straddles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deepsched.render.plans.facts import Facts
    from deepsched.render.plans.ink import Ink
    from deepsched.render.plans.layout import Box, Layout
    from deepsched.topology import Topology

_FILLS = {"socket": "#F1F3F6", "numa": "#E6EAEF", "l3": "#FFFFFF"}
_FONT = 12.0


def draw_machine(layout: Layout, facts: Facts, ink: Ink) -> Iterator[str]:
    """Draw all of the machine, what is outside before what is inside."""
    boxes = list(layout.machine.walk())
    caches = [box for box in boxes if box.kind == "l3"]
    cells = [box for box in boxes if box.core is not None]
    yield from _draw_boxes(boxes, facts.topology, layout.sizes.head)
    yield from draw_caches(caches, layout.sizes, facts.topology.l3_bytes, find_users(facts.plan), ink)
    yield from draw_cores(cells, facts, ink)
    label_cores(cells, facts, ink)
    yield from draw_straddles(layout.machine, facts.straddles, layout.sizes.gap, ink)
    yield from ink.draw_words()
    yield from mark_remote(cells, facts)


def _draw_boxes(boxes: Sequence[Box], topology: Topology, head: float) -> Iterator[str]:
    node_of = {core.socket: core.numa_node for core in topology.cores}
    # A NUMA node that is a whole socket has no box of its own, and is a second name.
    named = len(topology.numa_nodes) == len(topology.sockets) > 1 and not any(box.kind == "numa" for box in boxes)
    font = min(_FONT, head * 0.6)
    for box in boxes:
        if box.kind in _FILLS:
            yield f"<rect {place(box)} rx='5' fill='{_FILLS[box.kind]}' stroke='{FRAME}'/>"
        if box.kind in NAMES:
            names = [f"{NAMES[box.kind]} {box.number}", str(box.number)]
            if named:
                names.insert(0, f"{names[0]} · NUMA node {node_of[box.number]}")
            name = next((name for name in names if measure_words(name, font) <= box.width - 14), "")
            weight = " font-weight='600'" if box.kind == "socket" else ""
            look = f"font-size='{font:g}' fill='{QUIET}'{weight}"
            yield f"<text x='{box.x + 8:g}' y='{box.y + head * 0.7:g}' {look}>{name}</text>"
