"""Where things go in the picture of a machine: nested boxes, filled from left to right and then downwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from deepsched.topology import Core, Topology

_PADDING = 8.0
_HEADING = 20.0
_GAP = 8.0


@dataclass(slots=True)
class Box:
    """A part of the machine with its place in the picture, in pixels.

    `kind` is ``"machine"``, ``"socket"``, ``"numa"``, ``"l3"`` or ``"core"``; only a core has a `core`, and only the
    others have `children`. `number` is the topology's number of the part.
    """

    kind: str
    number: int
    core: Core | None = None
    children: list[Box] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0

    def walk(self) -> Iterator[Box]:
        """Give this box and all within it, the outer before the inner."""
        yield self
        for child in self.children:
            yield from child.walk()


def lay_out(topology: Topology, width: float, core_size: float) -> Box:
    """Place the machine's parts in a picture at most `width` pixels wide where they fit, taller as needed."""
    machine = Box("machine", 0, children=_nest(topology.cores, _levels(topology)))
    _measure(machine, width, core_size)
    _move(machine, 0.0, 0.0)
    return machine


def _levels(topology: Topology) -> list[tuple[str, Callable[[Core], int | None]]]:
    """Choose the levels worth a box: NUMA nodes only where they divide sockets."""
    levels: list[tuple[str, Callable[[Core], int | None]]] = [("socket", lambda core: core.socket)]
    if len({(core.socket, core.numa_node) for core in topology.cores}) > len(topology.sockets):
        levels.append(("numa", lambda core: core.numa_node))
    if topology.l3_caches:
        levels.append(("l3", lambda core: core.l3))
    return levels


def _nest(cores: Sequence[Core], levels: Sequence[tuple[str, Callable[[Core], int | None]]]) -> list[Box]:
    if not levels:
        return [Box("core", core.index, core=core) for core in cores]
    (kind, place), *inner = levels
    groups: dict[int | None, list[Core]] = {}
    for core in cores:
        groups.setdefault(place(core), []).append(core)
    boxes = []
    for number, members in groups.items():
        children = _nest(members, inner)
        # Cores outside any L3 stand in their socket, without a box that would claim one.
        boxes += children if number is None else [Box(kind, number, children=children)]
    return boxes


def _measure(box: Box, available: float, core_size: float) -> None:
    """Set sizes from the inside out and places relative to the parent."""
    if box.core is not None:
        box.width = box.height = core_size
        return
    frame = 0.0 if box.kind == "machine" else _PADDING
    heading = 0.0 if box.kind == "machine" else _HEADING
    # Cores stand close together; what holds cores stands apart.
    gap = 3.0 if box.children and box.children[0].core is not None else _GAP
    inside = available - 2 * frame
    x = y = row_height = right = 0.0
    for child in box.children:
        _measure(child, inside, core_size)
        if x > 0 and x + child.width > inside:
            x, y, row_height = 0.0, y + row_height + gap, 0.0
        child.x, child.y = frame + x, heading + y
        x += child.width + gap
        row_height = max(row_height, child.height)
        right = max(right, x - gap)
    box.width = right + 2 * frame
    box.height = heading + y + row_height + frame


def _move(box: Box, x: float, y: float) -> None:
    """Turn places relative to the parent into places in the picture."""
    box.x, box.y = box.x + x, box.y + y
    for child in box.children:
        _move(child, box.x, box.y)
