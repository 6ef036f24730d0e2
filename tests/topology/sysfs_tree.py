"""Writing the sysfs of machines that are not here, in the files that a Linux kernel would show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

DEVICES = "sys/devices/system"


@dataclass(frozen=True, slots=True)
class Cpu:
    """One hardware thread, with the kernel's ids: `core` is one within the socket; `l3` is any number, or None.

    `l2` is one within the machine, or None for one a core; so is `cluster`. `module` names cores that the kernel lists
    as siblings although their `core` differs. `counters` is the folder of the cpu's counters on a hybrid part.
    """

    number: int
    core: int
    socket: int = 0
    node: int = 0
    l3: int | None = 0
    online: bool = True
    die: int = 0
    l2: int | None = None
    cluster: int | None = None
    module: int | None = None
    counters: str | None = None
    capacity: int | None = None
    highest_perf: int | None = None
    max_freq: int | None = None


@dataclass(frozen=True, slots=True)
class Kernel:
    """What kernels differ in: the notations that they show, and the files that they have at all."""

    lists: bool = True
    masks: bool = True
    names_cores: bool = True  # core_cpus and package_cpus, since 5.3, and with them die_id
    has_online: bool = True
    has_nodes: bool = True
    lists_nodes: bool = True  # otherwise NUMA shows in the links cpuN/nodeM only
    has_caches: bool = True
    has_topology: bool = True


NEWEST = Kernel()


def write_machine(
    root: Path,
    cpus: Sequence[Cpu],
    *,
    kernel: Kernel = NEWEST,
    l3_size: str = "32768K",
    empty_nodes: Sequence[int] = (),
    files: Mapping[str, str] | None = None,
) -> Path:
    """Write the machine below `root`; `empty_nodes` are NUMA nodes of memory alone, `files` any others by path."""
    devices = root / DEVICES
    online = [cpu for cpu in cpus if cpu.online]
    if kernel.has_online:
        write(devices / "cpu/online", write_list(cpu.number for cpu in online))
        for name in ("present", "possible"):
            write(devices / "cpu" / name, write_list(cpu.number for cpu in cpus))
    for cpu in cpus:
        folder = devices / f"cpu/cpu{cpu.number}"
        folder.mkdir(parents=True)
        # cpu0 can seldom be switched off, and then has no such file.
        if cpu.number or not cpu.online:
            write(folder / "online", str(int(cpu.online)))
        # An offline cpu keeps its folder and loses what would be in it.
        if cpu.online:
            _write_cpu(folder, cpu, online, kernel, l3_size)
    if kernel.has_nodes:
        _write_nodes(devices, online, empty_nodes, kernel)
    for name in sorted({cpu.counters for cpu in online if cpu.counters}):
        write(
            root / "sys/devices" / name / "cpus", write_list(select(online, lambda other, n=name: other.counters == n))
        )
    for path, text in (files or {}).items():
        write(root / path, text)
    return root


def _write_cpu(folder: Path, cpu: Cpu, online: Sequence[Cpu], kernel: Kernel, l3_size: str) -> None:
    siblings = select(online, lambda other: core_key(other) == core_key(cpu))
    if kernel.has_topology:
        _write_topology(folder / "topology", cpu, online, siblings, kernel)
    if kernel.has_caches:
        l2 = siblings if cpu.l2 is None else select(online, lambda other: other.l2 == cpu.l2)
        caches = [("1", "Data", "32K", siblings), ("1", "Instruction", "32K", siblings), ("2", "Unified", "1024K", l2)]
        if cpu.l3 is not None:
            caches.append(("3", "Unified", l3_size, select(online, lambda other: other.l3 == cpu.l3)))
        for index, (level, kind, size, shared) in enumerate(caches):
            cache = folder / f"cache/index{index}"
            # The id repeats in other sockets.
            for name, text in (("level", level), ("type", kind), ("size", size), ("id", "0")):
                write(cache / name, text)
            _write_set(cache, "shared_cpu_list", "shared_cpu_map", shared, kernel)
    ratings = {
        "cpu_capacity": cpu.capacity,
        "acpi_cppc/highest_perf": cpu.highest_perf,
        "cpufreq/cpuinfo_max_freq": cpu.max_freq,
    }
    for name, rating in ratings.items():
        if rating is not None:
            write(folder / name, str(rating))


def _write_topology(folder: Path, cpu: Cpu, online: Sequence[Cpu], siblings: list[int], kernel: Kernel) -> None:
    package = select(online, lambda other: other.socket == cpu.socket)
    sets = {"thread_siblings": siblings, "core_siblings": package}
    ids = {"core_id": cpu.core, "physical_package_id": cpu.socket}
    if kernel.names_cores:
        die = select(online, lambda other: (other.socket, other.die) == (cpu.socket, cpu.die))
        cluster = [cpu.number] if cpu.cluster is None else select(online, lambda other: other.cluster == cpu.cluster)
        sets |= {"core_cpus": siblings, "package_cpus": package, "die_cpus": die, "cluster_cpus": cluster}
        ids |= {"die_id": cpu.die, "cluster_id": 65535 if cpu.cluster is None else cpu.cluster}
    for name, number in ids.items():
        write(folder / name, str(number))
    for name, shared in sets.items():
        _write_set(folder, f"{name}_list", name, shared, kernel)


def _write_nodes(devices: Path, online: Sequence[Cpu], empty_nodes: Sequence[int], kernel: Kernel) -> None:
    nodes = {node: select(online, lambda other, n=node: other.node == n) for node in {cpu.node for cpu in online}}
    nodes |= {node: [] for node in empty_nodes}
    for cpu in online:
        (devices / f"cpu/cpu{cpu.number}/node{cpu.node}").symlink_to(f"../../node/node{cpu.node}")
    if not kernel.lists_nodes:
        return
    for name in ("online", "possible"):
        write(devices / "node" / name, write_list(nodes))
    for node, members in nodes.items():
        folder = devices / f"node/node{node}"
        write(folder / "meminfo", f"Node {node} MemTotal:       1048576 kB")
        _write_set(folder, "cpulist", "cpumap", members, kernel)
        for number in members:
            (folder / f"cpu{number}").symlink_to(f"../../cpu/cpu{number}")


def core_key(cpu: Cpu) -> tuple[int, ...]:
    """Tell what the kernel takes for a core: within a socket and a die, its id or its module."""
    return (cpu.socket, cpu.die, cpu.node, cpu.core) if cpu.module is None else (cpu.module,)


def _write_set(folder: Path, list_name: str, mask_name: str, cpus: list[int], kernel: Kernel) -> None:
    if kernel.lists:
        write(folder / list_name, write_list(cpus))
    if kernel.masks:
        write(folder / mask_name, write_mask(cpus))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


def select(cpus: Sequence[Cpu], chosen: Callable[[Cpu], bool]) -> list[int]:
    return [cpu.number for cpu in cpus if chosen(cpu)]


def write_list(cpus: Iterable[int]) -> str:
    # One number a part is a valid list too, and needs nothing of what is under test.
    return ",".join(map(str, sorted(cpus)))


def write_mask(cpus: Iterable[int]) -> str:
    """Write words of 32 bits, the highest first, as the kernel's ``%*pb`` does."""
    digits = f"{sum(1 << cpu for cpu in cpus):016x}"
    digits = digits.zfill(-(-len(digits) // 8) * 8)
    return ",".join(digits[start : start + 8] for start in range(0, len(digits), 8))
