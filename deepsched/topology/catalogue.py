"""Named machines, for planning and teaching without having one.

Each is a description of ours in hwloc's synthetic notation, after the vendors' public data sheets; the cpu numbers
(``indexes``) are those that Linux usually gives: first one hardware thread of each core, then the second ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deepsched.topology.arrange import FoundThread, arrange_threads
from deepsched.topology.synthetic import parse_synthetic

if TYPE_CHECKING:
    from deepsched.topology.model import Topology


@dataclass(frozen=True, slots=True)
class Machine:
    """One entry: its name, what it is in a line, its description, and the kinds of its cores in order, if it has some.

    `kinds` counts hardware threads: ``((12, "performance"), (8, "efficiency"))``.
    """

    name: str
    summary: str
    synthetic: str
    kinds: tuple[tuple[int, str], ...] = ()


MACHINES = (
    Machine(
        "golden",
        "the textbook example: 2 sockets, 8 cores and one L3 each",
        "pack:2 l3:1(size=32MiB) core:8 pu:1",
    ),
    Machine(
        "desktop",
        "1 socket, 8 cores with 2 hardware threads, one L3",
        "pack:1 [numa] l3:1(size=32MiB) core:8 pu:2(indexes=2*8:1*2)",
    ),
    Machine(
        "xeon",
        "2 sockets, 28 cores with 2 hardware threads and one L3 each",
        "pack:2 [numa] l3:1(size=38912KiB) core:28 pu:2(indexes=2*56:1*2)",
    ),
    Machine(
        "epyc-7763",
        "2 sockets, 64 cores and 8 L3 each, 2 hardware threads a core",
        "pack:2 [numa] l3:8(size=32MiB) core:8 pu:2(indexes=2*128:1*2)",
    ),
    Machine(
        "epyc-9654",
        "2 sockets, 96 cores and 12 L3 each, 2 hardware threads a core",
        "pack:2 [numa] l3:12(size=32MiB) core:8 pu:2(indexes=2*192:1*2)",
    ),
    Machine(
        "hybrid-laptop",
        "6 performance cores with 2 hardware threads, 8 efficiency cores, one L3",
        "pack:1 [numa] l3:1(size=24MiB) core:20 pu:1",
        ((12, "performance"), (8, "efficiency")),
    ),
    Machine(
        "arm-server",
        "1 socket, 64 cores, one L3",
        "pack:1 [numa] l3:1(size=32MiB) core:64 pu:1",
    ),
)


def find_machine(name: str) -> Topology | None:
    """Describe the machine `name` of the catalogue; None if there is none of that name."""
    machine = next((machine for machine in MACHINES if machine.name == name), None)
    if machine is None:
        return None
    topology = replace(parse_synthetic(machine.synthetic), source=name)
    return _give_kinds(topology, machine.kinds) if machine.kinds else topology


def _give_kinds(topology: Topology, kinds: tuple[tuple[int, str], ...]) -> Topology:
    """Tell cores apart, which the notation cannot; two neighbouring threads make one performance core."""
    names = [kind for count, kind in kinds for _ in range(count)]
    found = [
        FoundThread(t.cpu, t.cpu // 2 if kind == "performance" else -t.cpu, t.socket, t.numa_node, t.l3, kind)
        for t, kind in zip(topology.threads, names, strict=True)
    ]
    threads, _ = arrange_threads(found)
    return replace(topology, threads=threads)
