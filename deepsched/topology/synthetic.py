"""Machines written in hwloc's synthetic notation: ``pack:2 [numa] l3:1 core:8 pu:1``.

The notation is that of hwloc's chapter "Synthetic topologies" (lstopo ``--input``), all of it; the cpus, and what they
share, are those that lstopo shows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from deepsched.errors import TopologyError
from deepsched.topology.arrange import FoundThread, arrange_threads
from deepsched.topology.model import Limits, Topology
from deepsched.topology.synthetic_grammar import Level, read_description
from deepsched.topology.synthetic_indexes import read_indexes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deepsched.topology.synthetic_grammar import Description

# Enough for any machine that there is, and a bound on what a description can cost.
MAX_THREADS = 1 << 16

# How hwloc names bare counts: the first kinds are the first to be given, and stand in this order.
_BARE_KINDS = ("numa", "pack", "core", "l2", "l1", "l3", "l1i")
_BARE_ORDER = ("pack", "numa", "l3", "l2", "l1", "l1i", "core")
_LONGEST_QUOTE = 200


def parse_synthetic(text: str) -> Topology:
    """Build the machine that `text` describes; see `Topology.from_synthetic`."""
    try:
        description = _complete(read_description(text))
        widths = _count_objects(description.levels)
        found = list(_place_threads(description, widths))
    except TopologyError as error:
        quote = text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}..."
        raise TopologyError(f"synthetic description {quote!r}: {error}") from None
    threads, l3_numbers = arrange_threads(found)
    size = next((level.size for level in reversed(description.levels) if level.kind == "l3"), None)
    return Topology(
        source=text,
        threads=threads,
        limits=Limits(allowed_cpus=tuple(sorted(t.cpu for t in threads))),
        l3_bytes={} if size is None else dict.fromkeys(l3_numbers.values(), size),
    )


def _complete(description: Description) -> Description:
    """Name the levels that are bare counts, check them, and add what hwloc adds."""
    levels = _number_groups(_name_bare_levels(description))
    attached = description.attached
    _check_levels(levels, has_attached=any(attached))
    if not any(attached) and all(level.kind != "numa" for level in levels):
        # No machine is without memory: hwloc lays one node over all of it.
        levels = [levels[0], Level("numa", 1), *levels[1:]]
        attached = (0, *attached)
    return replace(description, levels=tuple(levels), attached=attached)


def _name_bare_levels(description: Description) -> list[Level]:
    levels = list(description.levels)
    if len(levels) > 1 and not levels[-1].kind:
        levels[-1] = replace(levels[-1], kind="pu")
    inner = levels[1:-1]
    bare = sum(not level.kind for level in inner)
    if bare == 0:
        return levels
    if bare < len(inner):
        raise TopologyError("bare counts stand beside named levels; name all levels but the last, or none.")
    kinds = [kind for kind in _BARE_KINDS if kind != "numa" or not any(description.attached)][:bare]
    names = ["group"] * (bare - len(kinds)) + sorted(kinds, key=_BARE_ORDER.index)
    return [levels[0], *(replace(level, kind=name) for level, name in zip(inner, names, strict=True)), levels[-1]]


def _number_groups(levels: list[Level]) -> list[Level]:
    """Give the groups without a number the one that hwloc does: 1 for the innermost."""
    left = sum(level.kind == "group" for level in levels)
    numbered = []
    for level in levels:
        if level.kind == "group" and level.number is None:
            numbered.append(replace(level, number=left))
            left -= 1
        else:
            numbered.append(level)
    return numbered


def _check_levels(levels: Sequence[Level], *, has_attached: bool) -> None:
    if levels[-1].kind != "pu":
        raise TopologyError("the last level must be pu, as in 'core:4 pu:1'.")
    counts = Counter(level.kind for level in levels)
    for kind in ("pack", "die", "numa", "core", "pu"):
        if counts[kind] > 1:
            raise TopologyError(f"{kind} stands there twice.")
    if has_attached and counts["numa"]:
        raise TopologyError("numa stands there twice: as a level and as attached, [numa].")


def _count_objects(levels: Sequence[Level]) -> list[int]:
    """Tell how many objects of each level there are in the whole machine."""
    widths: list[int] = []
    for level in levels:
        widths.append(level.count * (widths[-1] if widths else 1))
        if widths[-1] > MAX_THREADS:
            raise TopologyError(f"at least {widths[-1]} hardware threads; expected from 1 to {MAX_THREADS}.")
    return widths


def _place_threads(description: Description, widths: Sequence[int]) -> Iterator[FoundThread]:
    """Walk the hardware threads in the order of the levels; how far each object reaches tells what they share."""
    levels, total = description.levels, widths[-1]
    span = {level.kind: total // width for level, width in zip(levels, widths, strict=True)}
    cpus = _number_objects(len(levels) - 1, levels, widths)
    homes = _find_homes(description, widths)
    for place, cpu in enumerate(cpus):
        yield FoundThread(
            cpu=cpu,
            # Where no core is written, each hardware thread stands for its own.
            core=place // span.get("core", 1),
            socket=place // span.get("pack", total),
            numa_node=homes[place * len(homes) // total],
            l3=place // span["l3"] if "l3" in span else None,
        )


def _number_objects(depth: int, levels: Sequence[Level], widths: Sequence[int]) -> Sequence[int]:
    """Give the OS number of each object of a level."""
    indexes = levels[depth].indexes
    return range(widths[depth]) if indexes is None else read_indexes(indexes, widths[depth], levels, widths)


def _find_homes(description: Description, widths: Sequence[int]) -> list[int]:
    """Give the OS number of the nearest NUMA node, for equal shares of the machine in topological order."""
    levels, attached = description.levels, description.attached
    if not any(attached):
        depth = next(depth for depth, level in enumerate(levels) if level.kind == "numa")
        return list(_number_objects(depth, levels, widths))
    return _find_attached_homes(description, widths)


def _find_attached_homes(description: Description, widths: Sequence[int]) -> list[int]:
    nodes = Counter[int]()
    for width, count in zip(widths, description.attached, strict=True):
        if count:
            nodes[width] += count
    total = sum(width * count for width, count in nodes.items())
    if total > MAX_THREADS:
        raise TopologyError(f"{total} NUMA nodes; expected at most {MAX_THREADS}.")
    numbers: Sequence[int] = range(total)
    if description.node_indexes is not None:
        numbers = read_indexes(description.node_indexes, total, description.levels, widths)
    # hwloc numbers an object's nodes behind those of all objects within it.
    finest = max(nodes)
    homes = []
    for place in range(finest):
        first = sum(count * (place * width // finest) for width, count in nodes.items())
        # Of the nodes attached to one place, hwloc sorts the lowest to the front.
        homes.append(min(numbers[first : first + nodes[finest]]))
    return homes
