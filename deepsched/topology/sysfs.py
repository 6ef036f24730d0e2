"""A Linux machine, read from the files of its sysfs.

The files are described in the kernel's Documentation/ABI/stable/sysfs-devices-system-cpu and -node, and in
admin-guide/cputopology.rst. Cores, sockets and L3s are told apart by the sets of cpus that the kernel shows for them,
never by its ids: those repeat, or are -1.
"""

from __future__ import annotations

import os
import re
from itertools import count
from typing import TYPE_CHECKING

from deepsched.errors import TopologyError
from deepsched.topology.arrange import FoundThread, arrange_threads
from deepsched.topology.core_kinds import read_kinds
from deepsched.topology.cpulist import format_cpu_list
from deepsched.topology.model import Limits, Topology
from deepsched.topology.recorded_limits import read_recorded_limits
from deepsched.topology.sysfs_files import MAX_CPUS, Files

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping

_CPUS = "sys/devices/system/cpu"
_NODES = "sys/devices/system/node"
# The names that kernels have since 5.3, then the older ones for the same.
_CORE_FILES = ("core_cpus_list", "core_cpus", "thread_siblings_list", "thread_siblings")
_SOCKET_FILES = ("package_cpus_list", "package_cpus", "core_siblings_list", "core_siblings")
# Like MAX_CPUS: no Linux has more nodes (CONFIG_NODES_SHIFT), and no cpu so many caches.
_MAX_NODES = 1024
_MAX_CACHES = 10
_SIZE = re.compile(r"([0-9]{1,12})([KMG]?)")
_SIZE_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def read_sysfs(root: str | os.PathLike[str]) -> Topology:
    """Describe the machine below `root`; see `Topology.from_sysfs`."""
    source = os.fsdecode(root)
    return describe_machine(Files(source), source)


def describe_machine(files: Files, source: str) -> Topology:
    """Describe the machine that has these files, under the name `source`."""
    online = _read_online(files, source)
    siblings = _group(online, lambda cpu: files.read_cpus(*_name(cpu, "topology", _CORE_FILES)))
    sockets = _group(online, lambda cpu: files.read_cpus(*_name(cpu, "topology", _SOCKET_FILES)))
    l3_sizes: dict[int, int] = {}
    l3s = _group(online, lambda cpu: _read_l3(files, cpu, siblings.get(cpu), l3_sizes))
    nodes, homeless = _read_nodes(files, online)
    cores = _name_cores(files, online, siblings)
    # A core is in one place, that of its lowest cpu, whatever a firmware's tables say of the others.
    lowest = {core: cpu for cpu, core in sorted(cores.items(), reverse=True)}
    kinds = read_kinds(files, sorted(lowest.values()), frozenset(l3s))
    allowed = _read_allowed(files, source, online)
    found = []
    for cpu in online:
        first = lowest[cores[cpu]]
        # Without a set of cpus, the socket's id is better than nothing.
        socket = sockets.get(first) or files.read(f"{_CPUS}/cpu{first}/topology/physical_package_id")
        found.append(
            FoundThread(
                cpu=cpu,
                core=cores[cpu],
                socket=socket,
                numa_node=nodes[first],
                l3=l3s.get(first),
                kind=kinds.get(first),
                allowed=cpu in allowed,
            )
        )
    threads, l3_numbers = arrange_threads(found)
    return Topology(
        source=source,
        threads=threads,
        limits=Limits(allowed_cpus=tuple(sorted(allowed))),
        l3_bytes={l3_numbers[l3]: size for cpu, size in l3_sizes.items() if (l3 := l3s.get(cpu)) in l3_numbers},
        notes=tuple(_note_gaps(siblings, homeless)),
    )


def _read_online(files: Files, source: str) -> frozenset[int]:
    """Take the kernel's own list; without one, each cpu that has a topology and does not say that it is offline."""
    if not files.is_folder(_CPUS):
        raise TopologyError(f"{source!r} holds no {_CPUS}; expected a Linux machine's root folder.")
    present = files.list_numbers(_CPUS, "cpu")
    listed = files.read_cpus(f"{_CPUS}/online")
    cpus = frozenset(present) & listed if listed else frozenset(present)
    if len(cpus) > MAX_CPUS:
        raise TopologyError(f"{source!r} holds {len(cpus)} cpus; no Linux has more than {MAX_CPUS}.")
    if not listed:
        cpus = frozenset(
            cpu
            for cpu in cpus
            if files.is_folder(f"{_CPUS}/cpu{cpu}/topology") and files.read(f"{_CPUS}/cpu{cpu}/online") != "0"
        )
    if not cpus:
        raise TopologyError(f"{source!r} describes a machine without hardware threads: no cpu is online.")
    return cpus


def _read_allowed(files: Files, source: str, online: frozenset[int]) -> frozenset[int]:
    # What this very process may use is asked of the kernel, not of a recording: see the module limits.
    recorded = None if files.root == "/" else read_recorded_limits(files)
    if recorded is None:
        return online
    if recorded.isdisjoint(online):
        raise TopologyError(
            f"{source!r}: its proc/self allows the cpus {format_cpu_list(recorded)}, and none of them is online."
        )
    return recorded & online


def _group(online: frozenset[int], read_shared: Callable[[int], frozenset[int] | None]) -> dict[int, frozenset[int]]:
    """Put together the cpus that share something; those that share it with nobody known are left out.

    The lowest cpu speaks for all of its group, as in hwloc: no need to ask the others, and where a firmware's tables
    contradict each other a cpu is still in one group only. If that cpu says nothing, the next one does.
    """
    groups: dict[int, frozenset[int]] = {}
    silent = set()
    for cpu in sorted(online):
        if cpu in groups:
            continue
        shared = (read_shared(cpu) or frozenset()) & online
        if not shared:
            silent.add(cpu)
        elif cpu in shared and (min(shared) == cpu or min(shared) in silent):
            members = shared.difference(groups)
            groups |= dict.fromkeys(members, members)
    return groups


def _name(cpu: int, folder: str, names: Iterable[str]) -> Iterable[str]:
    return (f"{_CPUS}/cpu{cpu}/{folder}/{name}" for name in names)


def _name_cores(files: Files, online: frozenset[int], siblings: dict[int, frozenset[int]]) -> dict[int, Hashable]:
    """Name cores by their cpus; but the cpus of an AMD module are siblings too, and cores with ids of their own."""
    names: dict[int, Hashable] = {cpu: cpu for cpu in online}
    for group in {group for group in siblings.values() if len(group) > 1}:
        ids = {cpu: files.read(f"{_CPUS}/cpu{cpu}/topology/core_id") for cpu in group}
        names |= {cpu: (group, core_id if all(ids.values()) else None) for cpu, core_id in ids.items()}
    return names


def _read_l3(files: Files, cpu: int, siblings: frozenset[int] | None, sizes: dict[int, int]) -> frozenset[int] | None:
    """Give the cpus that share the L3 of `cpu`, and note its size."""
    folder = f"{_CPUS}/cpu{cpu}/cache"
    for index in files.list_numbers(folder, "index")[:_MAX_CACHES]:
        cache = f"{folder}/index{index}"
        if files.read(f"{cache}/level") != "3" or files.read(f"{cache}/type") == "Instruction":
            continue
        shared = files.read_cpus(f"{cache}/shared_cpu_list", f"{cache}/shared_cpu_map")
        if shared is not None:
            size = _SIZE.fullmatch(files.read(f"{cache}/size") or "")
            if size and int(size[1]):
                sizes[cpu] = int(size[1]) * _SIZE_UNITS[size[2]]
            # Some kernels leave the map empty; such a cache belongs to its core.
            return shared or siblings or frozenset({cpu})
    return None


def _read_nodes(files: Files, online: frozenset[int]) -> tuple[dict[int, int], frozenset[int]]:
    """Give each cpu's NUMA node, and the cpus that are in none although there are some."""
    numbers = files.list_numbers(_NODES, "node")
    if len(numbers) > _MAX_NODES:
        raise TopologyError(f"{files.root}/{_NODES} holds {len(numbers)} nodes; no Linux has more than {_MAX_NODES}.")
    nodes: dict[int, int] = {}
    for node in numbers:
        folder = f"{_NODES}/node{node}"
        # A node of memory alone names no cpu, and is nobody's home.
        for cpu in files.read_cpus(f"{folder}/cpulist", f"{folder}/cpumap") or files.list_numbers(folder, "cpu"):
            nodes.setdefault(cpu, node)
    for cpu in online - nodes.keys():
        for node in files.list_numbers(f"{_CPUS}/cpu{cpu}", "node")[:1]:
            nodes[cpu] = node
    homeless = online - nodes.keys()
    # A machine without NUMA is node 0; beside known nodes, the first number that none of them has.
    taken = {*numbers, *nodes.values()}
    nodes |= dict.fromkeys(homeless, next(number for number in count() if number not in taken))
    return nodes, homeless if taken else frozenset()


def _note_gaps(siblings: Mapping[int, frozenset[int]], homeless: frozenset[int]) -> Iterator[str]:
    if not siblings:
        yield "It is not known which cpus share a core: each is taken as one."
    if homeless:
        yield f"No NUMA node is known for the cpus {format_cpu_list(homeless)}: they are taken as one."
