"""Machines of many kinds, as people have them; each is the cpus and options that `write_machine` takes.

Large ones have fewer cores than those that they are named after, and all their levels.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

from tests.topology.sysfs_tree import DEVICES, Cpu, Kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PHYSICAL_ID = DEVICES + "/cpu/cpu{}/topology/physical_package_id"


def stack(
    *, sockets: int = 1, nodes: int = 1, l3s: int | None = 1, cores: int = 1, smt: int = 1, order: str = "smt last"
) -> list[Cpu]:
    """Nest `cores` in L3s in NUMA nodes in sockets. `order` is that in which firmware and kernel number the cpus."""
    places = product(range(sockets), range(nodes), range(l3s or 1), range(cores), range(smt))
    by_number = {
        "smt last": lambda place: (place[4], *place[:4]),
        "smt first": lambda place: place,
        "sockets in turn": lambda place: (place[4], *place[1:4], place[0]),
        "nodes in turn": lambda place: (place[4], place[0], *place[2:4], place[1]),
    }
    return [
        Cpu(
            number,
            core=(node * (l3s or 1) + l3) * cores + core,
            socket=socket,
            node=socket * nodes + node,
            l3=None if l3s is None else (socket * nodes + node) * l3s + l3,
        )
        for number, (socket, node, l3, core, _) in enumerate(sorted(places, key=by_number[order]))
    ]


def change(cpus: Sequence[Cpu], fields: Callable[[Cpu], Mapping[str, Any]]) -> list[Cpu]:
    return [replace(cpu, **fields(cpu)) for cpu in cpus]


def raptor_lake() -> list[Cpu]:
    """Six performance cores with two hardware threads, eight efficiency cores in fours around an L2."""
    cores = [Cpu(number, core=number // 2 * 4, counters="cpu_core") for number in range(12)]
    return cores + [Cpu(12 + n, core=24 + n, l2=100 + n // 4, cluster=n // 4, counters="cpu_atom") for n in range(8)]


def meteor_lake() -> list[Cpu]:
    """As above, and two efficiency cores on another die that no L3 serves."""
    low_power = [Cpu(20 + n, core=32 + n, l3=None, l2=102, cluster=2, counters="cpu_atom") for n in range(2)]
    return raptor_lake() + low_power


def gb10() -> list[Cpu]:
    """Two L3s, each over five small and five large cores."""
    capacities = ([718] * 5 + [997] * 5) * 2
    return [Cpu(n, core=n, l3=n // 10, capacity=capacity) for n, capacity in enumerate(capacities)]


def power9(threads_on: int) -> list[Cpu]:
    """Two sockets that are nodes 0 and 8; two cores share an L2 and an L3; `threads_on` of four hardware threads on."""
    return [
        Cpu(
            number,
            core=number // 4 * 4,
            socket=8 * (number // 32),
            node=8 * (number // 32),
            l2=number // 8,
            l3=number // 8,
            online=number % 4 < threads_on,
        )
        for number in range(64)
    ]


def magny_cours() -> list[Cpu]:
    """Four sockets of two dies; the core ids begin anew in each die, and the nodes' numbers have holes."""
    nodes = (0, 1, 2, 33, 34, 45, 72, 73)
    return [
        Cpu(number, core=number % 6, socket=number // 12, node=nodes[number // 6], l3=number // 6)
        for number in range(48)
    ]


def bulldozer() -> list[Cpu]:
    """Two cores of a module are siblings for the kernel, though each has an id of its own."""
    return [Cpu(n, core=n, module=n // 2, l2=n // 2, l3=n // 8, node=n // 8, socket=0) for n in range(16)]


def knights_landing() -> list[Cpu]:
    """Cores of four hardware threads, two a tile with its L2; four nodes with cpus, and four of fast memory alone."""
    return change(stack(nodes=4, l3s=None, cores=4, smt=4), lambda cpu: {"l2": cpu.core // 2})


def kunpeng() -> list[Cpu]:
    return change(stack(sockets=2, nodes=2, cores=8), lambda cpu: {"cluster": cpu.socket * 4 + cpu.core // 4})


def cascade_lake_ap() -> list[Cpu]:
    """Two dies a socket, each a node, and core ids that begin anew in each."""
    cpus = stack(sockets=2, nodes=2, cores=6, smt=2)
    return change(cpus, lambda cpu: {"die": cpu.node % 2, "core": cpu.core % 6})


def cpu_and_node_0_offline() -> list[Cpu]:
    return [
        Cpu(n, core=n % 16, socket=n % 16 // 4, node=n % 16 // 4, l3=n % 16 // 4, online=4 <= n <= 20)
        for n in range(32)
    ]


def phone() -> list[Cpu]:
    return [Cpu(n, core=n, socket=-1, capacity=(325, 871, 1024)[(n > 3) + (n > 6)]) for n in range(8)]


def name_processor(vendor: str, family: int, cpus: int) -> dict[str, str]:
    """Say what lstopo must know of a processor to tell its modules from cores; real recordings have it."""
    lines = "processor\t: {}\nvendor_id\t: {}\ncpu family\t: {}\nmodel\t\t: 2\nmodel name\t: any\n"
    return {
        "proc/cpuinfo": "\n".join(lines.format(n, vendor, family) for n in range(cpus)),
        "proc/hwloc-nofile-info": "OSName: Linux\nArchitecture: x86_64",
    }


MACHINES: dict[str, tuple[list[Cpu], dict[str, Any]]] = {
    "one core": (stack(), {}),
    "desktop": (stack(cores=8, smt=2), {}),
    "SMT siblings neighbours": (stack(cores=8, smt=2, order="smt first"), {}),
    "two Xeons, cpus dealt out in turn": (stack(sockets=2, cores=14, smt=2, order="sockets in turn"), {}),
    "Haswell, cluster on die": (stack(sockets=2, nodes=2, cores=6, smt=2), {}),
    "Skylake, two nodes an L3": (
        change(stack(sockets=2, nodes=2, cores=8, order="nodes in turn"), lambda cpu: {"l3": cpu.socket}),
        {},
    ),
    "twelve sockets": (stack(sockets=12, cores=2, smt=2), {}),
    "EPYC Rome": (stack(sockets=2, l3s=8, cores=4, smt=2), {"l3_size": "16384K"}),
    "EPYC Milan, four nodes a socket": (stack(sockets=2, nodes=4, l3s=2, cores=2, smt=2), {}),
    "EPYC 7451, L3s of three cores": (stack(sockets=2, nodes=2, l3s=2, cores=3, smt=2), {}),
    "EPYC, each L3 a node": (stack(sockets=2, nodes=8, cores=2), {}),
    "Magny-Cours, sparse nodes": (magny_cours(), {}),
    "Bulldozer": (bulldozer(), {"files": name_processor("AuthenticAMD", 21, 16)}),
    "Clovertown, no L3, an L2 for two": (
        change(stack(sockets=2, l3s=None, cores=4), lambda cpu: {"l2": cpu.socket * 2 + cpu.core // 2}),
        {},
    ),
    "Knights Landing, memory alone": (knights_landing(), {"empty_nodes": [4, 5, 6, 7]}),
    "Cascade Lake AP, dies": (cascade_lake_ap(), {}),
    "Raptor Lake": (raptor_lake(), {}),
    "Meteor Lake": (meteor_lake(), {}),
    "DGX GB10": (gb10(), {}),
    "Graviton": (stack(cores=64), {}),
    "Kunpeng": (kunpeng(), {}),
    "phone": (phone(), {}),
    "POWER9": (power9(4), {"empty_nodes": [252, 253, 254, 255]}),
    "POWER9, two of four threads on": (power9(2), {"empty_nodes": [255]}),
    "POWER10, SMT8": (stack(sockets=2, l3s=4, cores=1, smt=8, order="smt first"), {}),
    "cpu0 and node0 offline": (cpu_and_node_0_offline(), {}),
    "one hardware thread of each core offline": (
        change(stack(sockets=2, cores=4, smt=2), lambda cpu: {"online": cpu.number % 3 != 0}),
        {},
    ),
    "virtual machine, a socket for each cpu": (change(stack(sockets=6), lambda cpu: {"node": 0}), {}),
    "virtual machine without caches": (stack(sockets=2, cores=2), {"kernel": Kernel(has_caches=False)}),
    "no NUMA": (stack(cores=4), {"kernel": Kernel(has_nodes=False)}),
    "one socket with an L3, one without": (
        change(stack(sockets=2, cores=4), lambda cpu: {"l3": None if cpu.socket else 0}),
        {},
    ),
    "kernel before 5.3, masks alone": (
        stack(sockets=2, cores=4, smt=2),
        {"kernel": Kernel(lists=False, names_cores=False, has_online=False)},
    ),
    "package ids of -1": (
        stack(sockets=2, cores=2),
        {"files": {PHYSICAL_ID.format(n): "-1" for n in range(4)}},
    ),
    "two sockets of the same id": (
        stack(sockets=2, cores=2),
        {"files": {PHYSICAL_ID.format(n): "0" for n in range(4)}},
    ),
    "L3 maps left empty": (
        stack(sockets=2, cores=2, smt=2),
        {
            "kernel": Kernel(lists=False, names_cores=False),
            "files": {f"{DEVICES}/cpu/cpu{n}/cache/index3/shared_cpu_map": "00000000,00000000" for n in range(8)},
        },
    ),
}
