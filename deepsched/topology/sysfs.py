"""A Linux machine, read from the files of its sysfs.

The files are described in the kernel's Documentation/ABI/stable/sysfs-devices-system-cpu and -node.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from deepsched.errors import TopologyError
from deepsched.topology.arrange import FoundThread, arrange_threads
from deepsched.topology.cpulist import parse_cpu_list, parse_cpu_mask
from deepsched.topology.model import Limits, Topology

if TYPE_CHECKING:
    from collections.abc import Iterator

_L3 = "3"
_NUMBERED = re.compile(r"[a-z]+(\d{1,6})$")
_SIZE_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def read_sysfs(root: str | os.PathLike[str]) -> Topology:
    """Describe the machine below `root`; see `Topology.from_sysfs`."""
    devices = Path(root) / "sys" / "devices" / "system"
    if not (devices / "cpu").is_dir():
        raise TopologyError(
            f"{os.fspath(root)!r} holds no sys/devices/system/cpu; expected a Linux machine's root folder."
        )
    cpus = _online_cpus(devices / "cpu")
    nodes = _node_of_cpus(devices)
    found = []
    sizes: dict[frozenset[int], int] = {}
    for cpu in sorted(cpus):
        folder = devices / "cpu" / f"cpu{cpu}"
        siblings = _read_set(folder / "topology", "core_cpus", "thread_siblings") & cpus or frozenset({cpu})
        l3 = _read_l3(folder, siblings, sizes)
        found.append(
            FoundThread(
                cpu=cpu,
                # Siblings of one module with different core_ids are separate cores.
                core=(siblings, _read(folder / "topology" / "core_id")),
                socket=_socket_key(folder / "topology", cpus),
                numa_node=nodes.get(cpu, 0),
                l3=None if l3 is None else l3 & cpus,
            )
        )
    threads, l3_numbers = arrange_threads(found)
    return Topology(
        source=os.fspath(root),
        threads=threads,
        limits=Limits(allowed_cpus=tuple(sorted(cpus))),
        l3_bytes={l3_numbers[key & cpus]: size for key, size in sizes.items()},
    )


def _online_cpus(folder: Path) -> frozenset[int]:
    """Take the kernel's own list; without one, each cpu that has a topology and does not say offline."""
    online = _read(folder / "online")
    present = _numbered(folder, "cpu")
    if online:
        return parse_cpu_list(online) & frozenset(present)
    return frozenset(n for n, path in present.items() if (path / "topology").is_dir() and _read(path / "online") != "0")


def _socket_key(topology: Path, online: frozenset[int]) -> object:
    """Name a socket by its cpus: its id may be -1, or the same for two sockets."""
    cpus = _read_set(topology, "package_cpus", "core_siblings") & online
    return cpus or _read(topology / "physical_package_id")


def _node_of_cpus(devices: Path) -> dict[int, int]:
    nodes: dict[int, int] = {}
    for node, folder in sorted(_numbered(devices / "node", "node").items()):
        for cpu in _read_set(folder, "cpu") or _numbered(folder, "cpu"):
            nodes.setdefault(cpu, node)
    for cpu, folder in _numbered(devices / "cpu", "cpu").items():
        for node in _numbered(folder, "node"):
            nodes.setdefault(cpu, node)
    return nodes


def _read_l3(cpu_folder: Path, siblings: frozenset[int], sizes: dict[frozenset[int], int]) -> frozenset[int] | None:
    for cache in _numbered(cpu_folder / "cache", "index").values():
        if _read(cache / "level") == _L3 and _read(cache / "type") != "Instruction":
            # Some kernels leave the map empty; such a cache belongs to its core.
            shared = _read_set(cache, "shared_cpu") or siblings
            size = _parse_size(_read(cache / "size"))
            if size:
                sizes[shared] = size
            return shared
    return None


def _parse_size(text: str) -> int | None:
    match = re.match(r"(\d{1,12})([KMG]?)", text)
    return int(match[1]) * _SIZE_UNITS.get(match[2], 1) if match else None


def _read_set(folder: Path, *stems: str) -> frozenset[int]:
    """Read a set of cpus from the first of the files that is there: as a list, else as a mask."""
    for stem in stems:
        for name, parse in ((f"{stem}_list", parse_cpu_list), (f"{stem}list", parse_cpu_list)):
            if text := _read(folder / name):
                return parse(text)
        for name in (stem, f"{stem}_map", f"{stem}map"):
            if text := _read(folder / name):
                return parse_cpu_mask(text)
    return frozenset()


def _numbered(folder: Path, stem: str) -> dict[int, Path]:
    return dict(_iter_numbered(folder, stem))


def _iter_numbered(folder: Path, stem: str) -> Iterator[tuple[int, Path]]:
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return
    for name in names:
        match = _NUMBERED.match(name)
        if match and name.startswith(stem) and name == f"{stem}{match[1]}":
            yield int(match[1]), folder / name


def _read(path: Path) -> str:
    """Give a small file's text, or nothing: any file may be missing on some kernel."""
    try:
        with path.open("rb") as file:
            return file.read(1 << 20).decode("ascii", "replace").strip()
    except OSError:
        return ""
