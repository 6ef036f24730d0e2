"""From the keys by which a source tells things apart to logical numbers in topological order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepsched.topology.model import HardwareThread

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence


@dataclass(frozen=True, slots=True)
class FoundThread:
    """A hardware thread as a source names it: equal keys mean the same core, socket or L3."""

    cpu: int
    core: Hashable
    socket: Hashable
    numa_node: int
    l3: Hashable | None
    kind: str | None = None
    allowed: bool = True


def arrange_threads(found: Iterable[FoundThread]) -> tuple[tuple[HardwareThread, ...], dict[Hashable, int]]:
    """Sort hardware threads topologically and number what they share.

    The order at each level is that of the lowest cpu number beneath, as hwloc has it; only the nesting socket,
    NUMA node, L3, core decides what stays together.

    Parameters
    ----------
    found : iterable of FoundThread
        In any order; cpu numbers are distinct.

    Returns
    -------
    threads : tuple of HardwareThread
        In topological order.
    l3_numbers : dict
        The logical number that each L3 key was given.
    """
    threads = list(found)
    socket_first = _lowest_cpu((t.socket, t.cpu) for t in threads)
    node_first = _lowest_cpu((t.numa_node, t.cpu) for t in threads)
    l3_first = _lowest_cpu((t.l3, t.cpu) for t in threads)
    core_first = _lowest_cpu((t.core, t.cpu) for t in threads)
    threads.sort(
        key=lambda t: (
            socket_first[t.socket],
            node_first[t.numa_node],
            core_first[t.core] if t.l3 is None else l3_first[t.l3],
            core_first[t.core],
            t.cpu,
        )
    )
    sockets = _number([t.socket for t in threads])
    cores = _number([t.core for t in threads])
    l3s = _number([t.l3 for t in threads if t.l3 is not None])
    smt: dict[Hashable, int] = {}
    arranged = []
    for t in threads:
        place = smt[t.core] = smt.get(t.core, -1) + 1
        l3 = None if t.l3 is None else l3s[t.l3]
        arranged.append(
            HardwareThread(t.cpu, cores[t.core], sockets[t.socket], t.numa_node, l3, place, t.kind, t.allowed)
        )
    return tuple(arranged), l3s


def _lowest_cpu(pairs: Iterable[tuple[Hashable, int]]) -> dict[Hashable, int]:
    lowest: dict[Hashable, int] = {}
    for key, cpu in pairs:
        lowest[key] = min(cpu, lowest.get(key, cpu))
    return lowest


def _number(keys: Sequence[Hashable]) -> dict[Hashable, int]:
    return {key: number for number, key in enumerate(dict.fromkeys(keys))}
