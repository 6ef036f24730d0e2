"""What a machine is: hardware threads, the cores, L3 caches, NUMA nodes and sockets that they share."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import floor
from typing import TYPE_CHECKING, Any

from deepsched.errors import TopologyError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

_SHOWN = 100  # characters of a source; a description may be a megabyte


@dataclass(frozen=True, slots=True)
class HardwareThread:
    """One hardware thread, where it sits, and whether this process may use it.

    `cpu` and `numa_node` are the operating system's numbers. `core`, `socket` and `l3` are logical
    numbers, unique in the machine and counted from 0 in topological order. `smt` is the thread's place
    among those of its core. `l3` is None on a core that no L3 serves; `kind` is None where all cores are alike.
    """

    cpu: int
    core: int
    socket: int
    numa_node: int
    l3: int | None
    smt: int
    kind: str | None = None
    allowed: bool = True


@dataclass(frozen=True, slots=True)
class Core:
    """One physical core with those of its hardware threads (`cpus`) that this process may use."""

    index: int
    cpus: tuple[int, ...]
    socket: int
    numa_node: int
    l3: int | None
    kind: str | None


@dataclass(frozen=True, slots=True)
class Limits:
    """What of the machine a process may use.

    `allowed_cpus` comes from the affinity mask and cpusets. `quota_cpus` is the processor time that a control group or
    JupyterHub grants, in cpus (1.5 means one and a half), or None without a quota; `quota_source` says which.
    """

    allowed_cpus: tuple[int, ...]
    quota_cpus: float | None = None
    quota_source: str = "quota"

    def cap_cores(self, cores: int) -> int:
        """Tell how many of `cores` cores the quota keeps busy: whole ones, and one at least.

        A thread too many does not get the fraction that is left: it uses up the others' time, and then all stand still.
        """
        return cores if self.quota_cpus is None else max(1, min(cores, floor(self.quota_cpus)))

    def describe_quota(self, cores: int) -> str:
        """Say ``1.0 CPU by quota, 48 cores visible``; nothing without a quota."""
        return "" if self.quota_cpus is None else f"{self.quota_cpus:.1f} CPU by {self.quota_source}, {cores} visible"


@dataclass(frozen=True)
class Topology:
    """A machine, as a table of its hardware threads in topological order.

    Topological order is socket, NUMA node, L3, core: the order in which streams take cores.

    Parameters
    ----------
    source : str
        Where the description came from: ``"this machine"``, or the text or path that was given.
    threads : tuple of HardwareThread
        Online hardware threads in topological order.
    limits : Limits
        What of them this process may use.
    l3_bytes : mapping of int to int
        Size in bytes of each L3 by its logical number, as far as known.
    notes : tuple of str
        What the reader had to assume, in sentences.
    """

    source: str
    threads: tuple[HardwareThread, ...]
    limits: Limits
    l3_bytes: Mapping[int, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.threads:
            raise TopologyError(f"{self.source!r} describes a machine without hardware threads.")

    @classmethod
    def detect(cls) -> Topology:
        """Describe this machine, and what of it this process may use.

        On Linux from sysfs and the affinity mask. Elsewhere psutil's counts make one socket with one L3,
        and `notes` says so.
        """
        from deepsched.topology.detect import detect_topology  # noqa: PLC0415 - the readers build this class

        return detect_topology()

    @classmethod
    def from_sysfs(cls, root: str | os.PathLike[str]) -> Topology:
        """Describe the Linux machine whose ``sys/`` lies in the folder `root` (``"/"`` is this machine).

        Where the folder holds a recorded ``proc/self`` too, the cpus that its process might not use are in the picture
        and not allowed. Nothing outside the folder is read.

        Raises
        ------
        TopologyError
            If the folder holds no ``sys/devices/system/cpu``, or its files make no sense.
        """
        from deepsched.topology.sysfs import read_sysfs  # noqa: PLC0415

        return read_sysfs(root)

    @classmethod
    def from_hwloc_xml(cls, path: str | os.PathLike[str]) -> Topology:
        """Describe the machine in an XML file of lstopo's (``lstopo machine.xml``), of hwloc 2 or 3.

        Hardware threads that were offline are left out; those that were not allowed are there, and not allowed.
        Entities are not expanded, and no other file is read.

        Raises
        ------
        TopologyError
            If the file cannot be read, is not such XML, is of hwloc 1, or makes no sense.
        """
        from deepsched.topology.hwloc_xml import read_hwloc_xml  # noqa: PLC0415

        return read_hwloc_xml(path)

    @classmethod
    def from_synthetic(cls, text: str) -> Topology:
        """Describe the machine written in hwloc's synthetic notation.

        Parameters
        ----------
        text : str
            Levels from the outside in, each with its count per parent, for example
            ``"pack:2 [numa] l3:1 core:8 pu:1"``: two sockets, each with a NUMA node and one L3 over eight cores.

        Raises
        ------
        TopologyError
            If the text is not of that form; the message names the part.
        """
        from deepsched.topology.synthetic import parse_synthetic  # noqa: PLC0415

        return parse_synthetic(text)

    @classmethod
    def load(cls, source: str | os.PathLike[str] | Topology) -> Topology:
        """Describe a machine from whatever names it.

        Parameters
        ----------
        source : str, path or Topology
            ``"this"``; a name of `deepsched.topology.catalogue`; the path of an ``.xml`` file of lstopo's; a folder
            that holds another Linux machine's ``sys/``; a synthetic description; or a Topology, which is returned
            as it is.

        Raises
        ------
        TopologyError
            If it is none of these; the message lists them.
        """
        from deepsched.topology.load import load_topology  # noqa: PLC0415

        return load_topology(source)

    @cached_property
    def cores(self) -> tuple[Core, ...]:
        """All cores in topological order, each with its allowed hardware threads."""
        first: dict[int, HardwareThread] = {}
        cpus: dict[int, list[int]] = {}
        for thread in self.threads:
            first.setdefault(thread.core, thread)
            cpus.setdefault(thread.core, [])
            if thread.allowed:
                cpus[thread.core].append(thread.cpu)
        return tuple(Core(index, tuple(cpus[index]), t.socket, t.numa_node, t.l3, t.kind) for index, t in first.items())

    @cached_property
    def usable_cores(self) -> tuple[Core, ...]:
        """The cores of which this process may use at least one hardware thread."""
        return tuple(core for core in self.cores if core.cpus)

    @property
    def sockets(self) -> tuple[int, ...]:
        """Logical numbers of the sockets."""
        return tuple(dict.fromkeys(t.socket for t in self.threads))

    @property
    def numa_nodes(self) -> tuple[int, ...]:
        """OS numbers of the NUMA nodes that have cores, in topological order."""
        return tuple(dict.fromkeys(t.numa_node for t in self.threads))

    @property
    def l3_caches(self) -> tuple[int, ...]:
        """Logical numbers of the L3 caches."""
        return tuple(dict.fromkeys(t.l3 for t in self.threads if t.l3 is not None))

    def to_hwloc_synthetic(self) -> str:
        """Write the machine in hwloc's synthetic notation, which lstopo and `from_synthetic` read.

        What a process may use is no part of the notation.

        Raises
        ------
        TopologyError
            If the notation has no words for the machine: it has but one size for all parts of a level, and no kinds
            of cores.
        """
        from deepsched.topology.hwloc_synthetic import write_synthetic  # noqa: PLC0415

        return write_synthetic(self)

    def to_dict(self) -> dict[str, Any]:
        """Give the machine as plain data, in the shape that ``deepsched topology --json`` prints."""
        return {
            "source": self.source,
            "sockets": len(self.sockets),
            "numa_nodes": len(self.numa_nodes),
            "l3_caches": len(self.l3_caches),
            "cores": len(self.cores),
            "hardware_threads": len(self.threads),
            "limits": {"allowed_cpus": list(self.limits.allowed_cpus), "quota_cpus": self.limits.quota_cpus},
            "threads": [{name: getattr(thread, name) for name in HardwareThread.__slots__} for thread in self.threads],
        }

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, str]:
        # Only a notebook that shows a machine pays for its picture; see tests/test_architecture.py.
        from deepsched.render import draw_topology, write_topology  # noqa: PLC0415

        return {"image/svg+xml": draw_topology(self), "text/plain": write_topology(self)}

    def __repr__(self) -> str:
        return (
            f"Topology({self.source[:_SHOWN]!r}, sockets={len(self.sockets)}, numa_nodes={len(self.numa_nodes)}, "
            f"l3_caches={len(self.l3_caches)}, cores={len(self.cores)}, hardware_threads={len(self.threads)})"
        )
