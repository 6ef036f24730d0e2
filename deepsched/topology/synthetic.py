"""Machines written in hwloc's synthetic notation: ``pack:2 [numa] l3:1 core:8 pu:1``.

The notation is that of hwloc's chapter "Synthetic topologies" (lstopo ``--input``). Understood here: the levels
pack (socket), die, group, numa, l5 to l1 and their d and i forms, core and pu, each with its count per parent;
``[numa]``, a memory attached to the level before it; and ``size=`` in brackets behind a cache.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from deepsched.errors import TopologyError
from deepsched.topology.arrange import FoundThread, arrange_threads
from deepsched.topology.model import Limits, Topology

if TYPE_CHECKING:
    from collections.abc import Iterator

# Enough for any machine that there is, and a bound on what a description can cost.
MAX_THREADS = 1 << 16

_LEVEL_NAMES = {
    "pack": ("package", "pack", "socket", "sock"),
    "die": ("die",),
    "group": ("group",),
    "numa": ("numanode", "numa", "node"),
    "l3": ("l3cache", "l3", "l3u", "l3d"),
    "cache": (
        *("l5", "l4", "l2", "l1", "l5cache", "l4cache", "l2cache", "l1cache"),
        *(f"l{n}{kind}{cache}" for n in range(1, 6) for kind in "ud" for cache in ("", "cache")),
        *(f"l{n}i{cache}" for n in range(1, 4) for cache in ("", "cache")),
    ),
    "core": ("core",),
    "pu": ("pu",),
}
_KIND_OF = {name: kind for kind, names in reversed(_LEVEL_NAMES.items()) for name in names}
_TOKEN = re.compile(r"\[(?P<attached>\w+)(?:\([^)]*\))?\]|(?P<name>[a-z]\w*):(?P<count>\d+)(?:\((?P<attrs>[^)]*)\))?")
_SIZE = re.compile(r"size=(\d+)(B|kB|KB|KiB|MB|MiB|GB|GiB|TB|TiB)?(?=\s|$)")
_UNITS: dict[str | None, int] = {
    None: 1,
    "B": 1,
    "kB": 1000,
    "KB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "TB": 1000**4,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
    "TiB": 1 << 40,
}


@dataclass(frozen=True, slots=True)
class Level:
    """One level: its kind, how many of it each parent holds, a cache's bytes, and whether it is memory only."""

    kind: str
    count: int
    size: int | None = None
    attached: bool = False


def parse_synthetic(text: str) -> Topology:
    """Build the machine that `text` describes; see `Topology.from_synthetic`."""
    levels = list(_parse_levels(text))
    _check_levels(text, levels)
    found = list(_place_threads([level for level in levels if not level.attached], _numa_depth(levels)))
    threads, l3_numbers = arrange_threads(found)
    size = next((level.size for level in levels if level.kind == "l3"), None)
    return Topology(
        source=text,
        threads=threads,
        limits=Limits(allowed_cpus=tuple(sorted(t.cpu for t in threads))),
        l3_bytes={} if size is None else dict.fromkeys(l3_numbers.values(), size),
    )


def _parse_levels(text: str) -> Iterator[Level]:
    position = 0
    for match in _TOKEN.finditer(text.lower()):
        if text[position : match.start()].strip():
            break
        position = match.end()
        name = match["attached"] or match["name"]
        kind = _KIND_OF.get(name)
        if kind is None or (match["attached"] and kind != "numa"):
            known = "pack, die, group, numa, l3, l2, l1, core, pu and the attached form [numa]"
            raise TopologyError(f"synthetic description {text!r}: unknown level {name!r}; known are {known}.")
        if match["attached"]:
            yield Level(kind, 1, attached=True)
        else:
            # A count of more than six digits is refused below; int() must not see a million of them.
            yield Level(kind, int(match["count"][:7]), _parse_size(text[match.start() : match.end()]))
    if text[position:].strip():
        raise TopologyError(
            f"synthetic description {text!r}: cannot read {text[position:].strip()[:40]!r}; expected levels such as "
            f"'pack:2 [numa] l3:1 core:8 pu:1', each a name, a colon and a count."
        )


def _parse_size(token: str) -> int | None:
    match = _SIZE.search(token.replace("(", " ").replace(")", " "))
    return int(match[1][:18]) * _UNITS[match[2]] if match else None


def _check_levels(text: str, levels: list[Level]) -> None:
    if not levels or levels[-1].kind != "pu":
        raise TopologyError(f"synthetic description {text!r}: the last level must be pu, as in 'core:4 pu:1'.")
    for kind in ("pack", "numa", "l3", "core", "pu"):
        if sum(level.kind == kind for level in levels) > 1:
            raise TopologyError(f"synthetic description {text!r}: {kind} stands there twice.")
    total = prod(level.count for level in levels)
    if not 0 < total <= MAX_THREADS:
        raise TopologyError(
            f"synthetic description {text!r}: {total} hardware threads; expected from 1 to {MAX_THREADS}."
        )


def _numa_depth(levels: list[Level]) -> int:
    """Tell how many of the nesting levels lie outside a NUMA node: 0 puts one node over the whole machine."""
    depth = 0
    for level in levels:
        if level.kind == "numa":
            return depth if level.attached else depth + 1
        depth += not level.attached
    return 0


def _place_threads(levels: list[Level], numa_depth: int) -> Iterator[FoundThread]:
    """Walk the nested levels; what a thread shares at a level is the path of indices down to it."""
    depth_of = {level.kind: depth + 1 for depth, level in enumerate(levels)}
    node_counts = [level.count for level in levels[:numa_depth]]
    for cpu, path in enumerate(product(*(range(level.count) for level in levels))):
        node = 0
        for index, count in zip(path, node_counts, strict=False):
            node = node * count + index
        yield FoundThread(
            cpu=cpu,
            core=path[: depth_of.get("core", len(levels))],
            socket=path[: depth_of.get("pack", 0)],
            numa_node=node,
            l3=path[: depth_of["l3"]] if "l3" in depth_of else None,
        )
