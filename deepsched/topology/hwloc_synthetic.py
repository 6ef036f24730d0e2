"""Writing a machine in hwloc's synthetic notation."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from deepsched.errors import TopologyError
from deepsched.topology.synthetic_indexes import Loop, interleave

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.topology.model import HardwareThread, Topology

# From the outside in, where two levels have the same cpus; each with what its parts are called.
_LEVELS = {"pack": ("socket", "sockets"), "numa": ("numa_node", "NUMA nodes"), "l3": ("l3", "L3 caches")}
_CORES = {"core": ("core", "cores")}


@dataclass(frozen=True, slots=True)
class _Level:
    """One level, with the number of the part that each cpu belongs to."""

    name: str
    parts: str
    of_cpu: dict[int, int]

    @property
    def width(self) -> int:
        return len(set(self.of_cpu.values()))


def write_synthetic(topology: Topology) -> str:
    """Write the machine as one line; see `Topology.to_hwloc_synthetic`."""
    try:
        levels = _find_levels(topology)
        threads = _sort_threads(topology.threads, levels)
        _check_alike(threads, levels)
        size = _find_l3_size(topology)
    except TopologyError as error:
        raise TopologyError(f"{topology.source}: hwloc's synthetic notation cannot describe it: {error}") from None
    texts = []
    outer = 1
    for level in levels:
        count = f"{level.name}:{level.width // outer}"
        if level.name == "numa":
            indexes = _format_indexes(list(dict.fromkeys(level.of_cpu[t.cpu] for t in threads)))
            texts.append(f"[numa{indexes}]" if level.width == outer else f"{count}{indexes}")
        elif level.name == "l3" and size is not None:
            texts.append(f"{count}(size={size})")
        else:
            texts.append(count)
        outer = level.width
    texts.append(f"pu:{len(threads) // outer}{_format_indexes([t.cpu for t in threads])}")
    return " ".join(texts)


def _find_levels(topology: Topology) -> list[_Level]:
    """Give the machine's levels from the outside in; hwloc adds the one memory of a machine that has but node 0."""
    kinds = sorted({t.kind for t in topology.threads if t.kind is not None})
    if kinds:
        raise TopologyError(f"its cores are of several kinds ({', '.join(kinds)}).")
    if topology.l3_caches and any(t.l3 is None for t in topology.threads):
        raise TopologyError("some of its cores lie under an L3, and some do not.")
    levels = [
        _Level(name, parts, {t.cpu: getattr(t, attribute) for t in topology.threads})
        for name, (attribute, parts) in (_LEVELS | _CORES).items()
        if (name != "l3" or topology.l3_caches) and (name != "numa" or topology.numa_nodes != (0,))
    ]
    return sorted(levels, key=lambda level: level.width)


def _sort_threads(threads: Sequence[HardwareThread], levels: Sequence[_Level]) -> list[HardwareThread]:
    """Sort hardware threads along these levels, each level's parts by their lowest cpu."""
    keys: dict[int, list[int]] = {t.cpu: [] for t in threads}
    for level in levels:
        lowest: dict[int, int] = {}
        for cpu in sorted(keys):
            lowest.setdefault(level.of_cpu[cpu], cpu)
        for cpu, key in keys.items():
            key.append(lowest[level.of_cpu[cpu]])
    return sorted(threads, key=lambda t: (keys[t.cpu], t.cpu))


def _check_alike(threads: Sequence[HardwareThread], levels: Sequence[_Level]) -> None:
    """Check that the parts of each level are alike, and lie wholly within one part of the level outside it."""
    for level in levels:
        reach, odd = divmod(len(threads), level.width)
        shares = [threads[first : first + reach] for first in range(0, len(threads), reach)]
        if odd or any(len({level.of_cpu[t.cpu] for t in share}) > 1 for share in shares):
            raise TopologyError(f"its {level.parts} are not all of one size, or overlap others that they should hold.")
    for outer, inner in pairwise(levels):
        if inner.width % outer.width:
            raise TopologyError(f"its {outer.parts} do not hold whole {inner.parts}.")


def _find_l3_size(topology: Topology) -> int | None:
    sizes = {topology.l3_bytes.get(l3) for l3 in topology.l3_caches}
    if len(sizes - {None}) > 1:
        raise TopologyError(f"its L3 caches are of {len(sizes - {None})} sizes.")
    return sizes.pop() if len(sizes) == 1 else None


def _format_indexes(numbers: Sequence[int]) -> str:
    """Write the OS numbers of a level where they are not simply in order: as loops where there are such."""
    if list(numbers) == list(range(len(numbers))):
        return ""
    loops = _find_loops(numbers)
    if loops:
        return f"(indexes={':'.join(f'{loop.step}*{loop.times}' for loop in loops)})"
    return f"(indexes={','.join(map(str, numbers))})"


def _find_loops(numbers: Sequence[int]) -> list[Loop]:
    """Find the nested loops that number like this, the innermost first; none where there are none."""
    total = len(numbers)
    places = {number: place for place, number in enumerate(numbers)}
    loops: list[Loop] = []
    stride = 1
    while stride < total:
        step = places.get(stride, 0)
        times = 1
        while step and places.get(stride * times) == step * times:
            times += 1
        if times == 1:
            return []
        loops.append(Loop(step, times))
        stride *= times
    return loops if stride == total and interleave(loops, total) == list(numbers) else []
