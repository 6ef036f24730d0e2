"""Where things go in the picture of a machine: nested boxes, filled from left to right and then downwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deepsched.planning.cores import rank_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from deepsched.topology import Core, Topology

# Core sizes by comfort. Within a band fewer rows are worth more than larger cores: then streams that follow each
# other stand side by side.
_BANDS = ((40, 36, 33, 30), (26, 22), (18, 14), (11, 8))
_ROWS = (1, 2, 3, 4, 6, 8, 12, 16, 32, 64)
_HANDY = 640.0  # px: what a page shows at a glance
LANE = 24.0  # below sockets or NUMA nodes: room for words about what straddles them
_SLOWER = 0.8  # the side of a core that is not of the machine's fastest kind, as a part of the others'


@dataclass(slots=True)
class Box:
    """A part of the machine with its place in the picture, in pixels.

    `kind` is ``"machine"``, ``"socket"``, ``"numa"``, ``"l3"``, ``"loose"`` (cores beside an L3) or ``"core"``; only a
    core has a `core`, and only the others have `children`. `number` is the topology's number of the part, `columns` how
    many children stand side by side.
    """

    kind: str
    number: int
    core: Core | None = None
    children: list[Box] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    columns: int = 0

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.height

    def walk(self) -> Iterator[Box]:
        """Give this box and all within it, the outer before the inner."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a core's size decides, in pixels; `rows` is in how many rows an L3's cores stand.

    `side` is between a box and what it holds, `head` above that, `strip` the height of a cache, and `label` the room
    for the words below it.
    """

    core: float
    rows: int
    gap: float
    side: float
    head: float
    strip: float
    label: float
    fastest: int

    def of_core(self, core: Core) -> float:
        """Give the side of a core: slower kinds are smaller."""
        return self.core if rank_kind(core.kind) <= self.fastest else round(self.core * _SLOWER)

    @property
    def foot(self) -> float:
        """What an L3's box has below its cores."""
        return 5 + self.strip + self.label


@dataclass(frozen=True, slots=True)
class Layout:
    """The machine's boxes in their places, and the sizes that they were placed with."""

    machine: Box
    sizes: Sizes


def lay_out(topology: Topology, width: float, lanes: Collection[str] = ()) -> Layout:
    """Place the machine's parts in a picture at most `width` pixels wide where they fit, taller as needed.

    Parameters
    ----------
    topology : Topology
    width : float
        The room.
    lanes : collection of str
        Below which boxes to leave room for words: ``"socket"``, ``"numa"``.
    """
    machine = Box("machine", 0, children=_nest(topology.cores, _levels(topology)))
    sizes = _fit_sizes(machine, topology, width, lanes)
    _arrange(machine, width, sizes, lanes)
    _move(machine, 0.0, 0.0)
    return Layout(machine, sizes)


def _levels(topology: Topology) -> list[tuple[str, Callable[[Core], int | None]]]:
    """Choose the levels worth a box: NUMA nodes only where they divide sockets, inside an L3 that they share."""
    levels: list[tuple[str, Callable[[Core], int | None]]] = []
    nodes = {(core.socket, core.numa_node) for core in topology.cores}
    if len(nodes) > len(topology.sockets):
        levels.append(("numa", lambda core: core.numa_node))
    if topology.l3_caches:
        shared = len({(core.l3, core.numa_node) for core in topology.cores}) > len({core.l3 for core in topology.cores})
        levels.insert(0 if shared else len(levels), ("l3", lambda core: core.l3))
    return [("socket", lambda core: core.socket), *levels]


def _nest(cores: Sequence[Core], levels: Sequence[tuple[str, Callable[[Core], int | None]]]) -> list[Box]:
    if not levels:
        return [Box("core", core.index, core=core) for core in cores]
    (kind, place), *inner = levels
    groups: dict[int | None, list[Core]] = {}
    for core in cores:
        groups.setdefault(place(core), []).append(core)
    # Cores outside any L3 stand in their socket, without a frame that would claim one.
    return [
        Box("loose" if number is None else kind, -1 if number is None else number, children=_nest(members, inner))
        for number, members in groups.items()
    ]


def _fit_sizes(machine: Box, topology: Topology, width: float, lanes: Collection[str]) -> Sizes:
    """Choose the most legible sizes that fit: sockets side by side, then large cores; if all are high, the lowest."""
    fastest = min(rank_kind(core.kind) for core in topology.cores)
    most = max(len(box.children) for box in machine.walk() if box.children and box.children[0].core)
    lowest: tuple[float, Sizes] | None = None
    for band in _BANDS:
        for rows in [rows for rows in _ROWS if rows < 2 * most]:
            handy: list[tuple[int, Sizes]] = []
            for core in band:
                sizes = _choose_sizes(core, rows, fastest)
                _arrange(machine, width, sizes, lanes)
                if machine.width <= width and machine.height <= _HANDY:
                    handy.append((machine.columns, sizes))
                elif machine.width <= width and (lowest is None or machine.height < lowest[0]):
                    lowest = (machine.height, sizes)
            if handy:
                return max(handy, key=lambda choice: choice[0])[1]
    return lowest[1] if lowest else _choose_sizes(_BANDS[-1][-1], _ROWS[-1], fastest)


def _choose_sizes(core: float, rows: int, fastest: int) -> Sizes:
    if core >= _BANDS[0][-1]:
        return Sizes(core, rows, gap=4, side=9, head=22, strip=17, label=17, fastest=fastest)
    if core >= _BANDS[2][-1]:
        return Sizes(core, rows, gap=3, side=6, head=18, strip=12, label=14, fastest=fastest)
    return Sizes(core, rows, gap=2, side=4, head=15, strip=7, label=12, fastest=fastest)


def _arrange(box: Box, room: float, sizes: Sizes, lanes: Collection[str]) -> None:
    """Set sizes from the inside out and places relative to the parent."""
    if box.core is not None:
        box.width = box.height = sizes.of_core(box.core)
        return
    holds_cores = box.children[0].core is not None
    side = 0.0 if box.kind in ("machine", "loose") else sizes.side
    head = {"socket": sizes.head, "numa": sizes.head}.get(box.kind, side)
    foot = side + (sizes.foot if box.kind == "l3" else 0.0)
    laned = box.children[0].kind in lanes
    gap = sizes.gap if holds_cores else 28.0 if box.kind == "machine" else 2 * sizes.side - 4
    for child in box.children:
        _arrange(child, room - 2 * side, sizes, lanes)
    widest = max(child.width for child in box.children)
    fitting = max(1, int((room - 2 * side + gap) // (widest + gap)))
    rows = min(sizes.rows, len(box.children)) if holds_cores else -(-len(box.children) // fitting)
    box.columns = -(-len(box.children) // rows)
    y, right = head, 0.0
    for start in range(0, len(box.children), box.columns):
        row = box.children[start : start + box.columns]
        x, height = side, max(child.height for child in row)
        for child in row:
            # Smaller cores stand on the same line as larger ones.
            child.x, child.y = x, y + (height - child.height if holds_cores else 0)
            x += child.width + gap
        right = max(right, x - gap)
        y += height
        # Words about what crosses to the next box of the row, or to the next row.
        last = start + box.columns >= len(box.children)
        y += LANE if laned and (len(row) > 1 or not last) else 0.0 if last else gap
    box.width = right + side
    box.height = y + foot


def _move(box: Box, x: float, y: float) -> None:
    """Turn places relative to the parent into places in the picture."""
    box.x, box.y = box.x + x, box.y + y
    for child in box.children:
        _move(child, box.x, box.y)
