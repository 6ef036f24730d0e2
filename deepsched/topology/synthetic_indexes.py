"""OS numbers in hwloc's synthetic notation: ``indexes=0,4,1,5``, ``indexes=2*4:1*2`` and ``indexes=core:pack``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from deepsched.errors import TopologyError
from deepsched.topology.cpulist import MAX_CPU
from deepsched.topology.synthetic_grammar import NUMBER, find_kind, read_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.topology.synthetic_grammar import Level

_LIST = re.compile(r"[0-9,]+")
_LOOP = re.compile(rf"({NUMBER})\*({NUMBER})")
_LONGEST_INDEX = 9
# Each loop that does anything doubles the objects counted.
_MAX_LOOPS = 64


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop of an interleaving: numbers rise by going `times` times to the object `step` further on."""

    step: int
    times: int


def read_indexes(text: str, total: int, levels: Sequence[Level], widths: Sequence[int]) -> list[int]:
    """Give the OS numbers of `total` objects in topological order.

    Parameters
    ----------
    text : str
        What stands behind ``indexes=``.
    total : int
        How many objects there are.
    levels, widths : sequence
        The machine's levels from the outside in, and how many objects of each there are in the machine.

    Raises
    ------
    TopologyError
        If the text gives not one number of its own to each object. hwloc takes the natural order then, silently.
    """
    if _LIST.fullmatch(text):
        numbers = _read_list(text, total)
    else:
        loops = _read_loops(text) if "*" in text else _find_loops(text, total, levels, widths)
        numbers = interleave(_complete_loops(text, loops, total), total)
    if len(set(numbers)) != total:
        raise TopologyError(f"'indexes={text[:40]}' gives two objects the same number.")
    return numbers


def interleave(loops: Sequence[Loop], total: int) -> list[int]:
    """Give `total` objects the numbers of nested loops, the innermost first."""
    numbers = [0] * total
    stride = 1
    for loop in loops:
        numbers = [number + place // loop.step % loop.times * stride for place, number in enumerate(numbers)]
        stride *= loop.times
    return numbers


def _read_list(text: str, total: int) -> list[int]:
    # hwloc leaves numbers beyond the last object unread.
    parts = text.split(",", total)[:total]
    if len(parts) < total or not all(parts):
        raise TopologyError(f"'indexes={text[:40]}' has {len([*filter(None, parts)])} numbers for {total} objects.")
    numbers = [int(part) if len(part) <= _LONGEST_INDEX else MAX_CPU for part in parts]
    if max(numbers) >= MAX_CPU:
        raise TopologyError(f"'indexes={text[:40]}' has a number that is not below {MAX_CPU}.")
    return numbers


def _read_loops(text: str) -> list[Loop]:
    loops = []
    for part in text.split(":", _MAX_LOOPS):
        match = _LOOP.fullmatch(part)
        loop = Loop(read_number(match[1]), read_number(match[2])) if match else Loop(0, 0)
        if not (loop.step and loop.times):
            raise TopologyError(f"cannot read {part[:40]!r} in 'indexes={text[:40]}'; expected loops such as 2*4:1*2.")
        loops.append(loop)
    return loops


def _find_loops(text: str, total: int, levels: Sequence[Level], widths: Sequence[int]) -> list[Loop]:
    """Turn an interleaving by levels, such as ``core:pack``, into loops."""
    depths: list[int] = []
    for name in text.split(":", len(levels)):
        depth = _find_level(name, levels)
        if depth is None or depth in depths or widths[depth] > total:
            raise TopologyError(
                f"cannot read {name[:40]!r} in 'indexes={text[:40]}'; expected numbers such as 0,4,1,5, loops such as "
                f"2*4:1*2, or levels of this machine, each once, such as core:pack."
            )
        depths.append(depth)
    loops = []
    for depth in depths:
        # The nearest of the levels named that lies further out; without one, the machine.
        outer = max((other for other in depths if other < depth), default=0)
        loops.append(Loop(step=total // widths[depth], times=widths[depth] // widths[outer]))
    return loops


def _find_level(name: str, levels: Sequence[Level]) -> int | None:
    found = find_kind(name)
    if found is None:
        return None
    kind, number = found
    # The last level is that of the hardware threads, which hwloc cannot name here.
    for depth, level in enumerate(levels[:-1]):
        if level.kind == kind and number in (None, level.number):
            return depth
    return None


def _complete_loops(text: str, loops: list[Loop], total: int) -> list[Loop]:
    """Add the innermost loop, which may be left out, and take those away that do nothing."""
    covered = prod(loop.times for loop in loops)
    if covered != total:
        missing = total // covered
        if missing != min(total, *(loop.step for loop in loops)):
            raise TopologyError(f"'indexes={text[:40]}' does not number {total} objects, each once.")
        loops = [*loops, Loop(1, missing)]
    return [loop for loop in loops if loop.times > 1]
