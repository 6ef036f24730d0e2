"""Collecting the objects of hwloc's XML as a parser meets them.

hwloc2.dtd names the elements. The nesting of the objects tells what hardware threads share; hwloc's own indices for
cores and sockets are told apart nowhere, for they repeat.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deepsched.errors import TopologyError
from deepsched.topology.cpulist import MAX_CPU
from deepsched.topology.hwloc_bitmap import parse_bitmap
from deepsched.topology.hwloc_kinds import CpuKind

if TYPE_CHECKING:
    from collections.abc import Mapping

# Several times the largest machines, and bounds on what a file can cost.
_MAX_ELEMENTS = 1 << 18
_MAX_DEPTH = 256
_MAX_NODES = 1 << 10
_LONGEST_NUMBER = 18
_LEAVES = ("PU", "NUMANode", "Misc", "Bridge", "PCIDev", "OSDev")
_ALL = -1


@dataclass(frozen=True, slots=True)
class Node:
    """A NUMA node with its cpus, as a set of bits; an ordinary one is of plain memory."""

    number: int
    cpus: int
    ordinary: bool


@dataclass(slots=True)
class Place:
    """An object that hardware threads lie below, and what those share; `parent` is the number of the one around it."""

    parent: int
    core: int | None = None
    socket: int | None = None
    l3: int | None = None
    cpus: list[int] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Thread:
    """A hardware thread; `complete_nodes` is the set of its NUMA nodes, those too that were not allowed."""

    cpu: int
    place: Place
    complete_nodes: int


class ObjectReader:
    """The target of an XML parser.

    Attributes
    ----------
    places : list of Place
        Each behind the place around it; the first is the file itself.
    threads : dict of int to Thread
        By cpu, in the file's order.
    l3_bytes : dict of int to int
        Size of each L3 by the name that places have for it; 0 where it is not said.
    kinds : list of CpuKind
        In the file's order.
    present, allowed : int
        The machine's sets of cpus.
    """

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.threads: dict[int, Thread] = {}
        self.l3_bytes: dict[int, int] = {}
        self.kinds: list[CpuKind] = []
        self.present = self.allowed = _ALL
        self._elements = 0
        self._nodes: set[int] = set()
        # For each open element the number of the place that its children belong to; None below what is passed over.
        self._path: list[int | None] = []
        self._in_kind = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take in the start of an element."""
        self._elements += 1
        if self._elements > _MAX_ELEMENTS or len(self._path) >= _MAX_DEPTH:
            raise TopologyError(f"has more than {_MAX_ELEMENTS} elements or {_MAX_DEPTH} levels; no machine's XML has.")
        if not self._path:
            _check_version(tag, attributes)
            self._path.append(self._add_place(Place(parent=-1)))
            return
        around = self._path[-1]
        if tag == "object" and around is not None:
            around = self._open(around, attributes)
        elif tag == "cpukind":
            self._in_kind = True
            said = {"forced_efficiency": attributes.get("forced_efficiency", "")}
            self.kinds.append(CpuKind(_read_set(attributes, "cpuset"), said))
        elif tag == "info" and self._in_kind:
            self.kinds[-1].said.setdefault(attributes.get("name", ""), attributes.get("value", ""))
        self._path.append(around)

    def end(self, tag: str) -> None:
        """Take in the end of an element."""
        self._path.pop()
        if tag == "cpukind":
            self._in_kind = False

    def _open(self, around: int, attributes: Mapping[str, str]) -> int | None:
        """Take in an object, and give the number of the place that the objects within it belong to."""
        kind = attributes.get("type", "")
        if kind == "PU":
            self._add_thread(self.places[around], attributes)
        elif kind == "NUMANode":
            self._add_node(self.places[around], attributes)
        if kind in _LEAVES:
            return None
        if kind == "MemCache":
            return around
        if not kind:
            raise TopologyError("has an object without a type.")
        if around == 0:
            self.present &= _read_set(attributes, "cpuset")
            self.allowed &= _read_set(attributes, "allowed_cpuset")
        outer = self.places[around]
        place = Place(around, outer.core, outer.socket, outer.l3)
        number = self._add_place(place)
        if kind == "Core":
            place.core = number
        elif kind == "Package":
            place.socket = number
        elif kind == "L3Cache":
            place.l3 = number
            self.l3_bytes[number] = _read_number(attributes, "cache_size", kind) if "cache_size" in attributes else 0
        return number

    def _add_place(self, place: Place) -> int:
        self.places.append(place)
        return len(self.places) - 1

    def _add_node(self, place: Place, attributes: Mapping[str, str]) -> None:
        number = _read_index(attributes, "NUMANode")
        if number in self._nodes:
            raise TopologyError(f"has NUMA node {number} twice.")
        self._nodes.add(number)
        if len(self._nodes) > _MAX_NODES:
            raise TopologyError(f"has more than {_MAX_NODES} NUMA nodes; no machine has.")
        # Others are high-bandwidth memory, memory behind CXL, and that of a GPU.
        ordinary = attributes.get("subtype") in (None, "", "DRAM")
        place.nodes.append(Node(number, _read_set(attributes, "cpuset"), ordinary))

    def _add_thread(self, place: Place, attributes: Mapping[str, str]) -> None:
        cpu = _read_index(attributes, "PU")
        cpus = _read_set(attributes, "cpuset")
        if not cpus:
            return  # it is offline
        if not cpus >> cpu & 1:
            raise TopologyError(f"has the cpuset {attributes['cpuset'][:40]!r} at cpu {cpu}.")
        if cpu in self.threads:
            raise TopologyError(f"has cpu {cpu} twice.")
        place.cpus.append(cpu)
        self.threads[cpu] = Thread(cpu, place, max(_read_set(attributes, "complete_nodeset"), 0))


def _check_version(tag: str, attributes: Mapping[str, str]) -> None:
    version = attributes.get("version", "1.0")
    if tag != "topology":
        raise TopologyError(f"is XML of something else: its first element is {tag[:40]!r}, and not 'topology'.")
    if version.startswith(("0.", "1.")):
        raise TopologyError(
            "is in the format of hwloc 1. An lstopo of hwloc 2 converts it: lstopo -i old.xml --of xml new.xml."
        )
    if not version.startswith(("2.", "3.")):
        raise TopologyError(f"is in format {version[:40]!r}; known are 2 and 3.")


def _read_set(attributes: Mapping[str, str], name: str) -> int:
    """Read a set of cpus or nodes; one that is not given leaves nothing out."""
    return parse_bitmap(attributes[name]) if name in attributes else _ALL


def _read_index(attributes: Mapping[str, str], kind: str) -> int:
    number = _read_number(attributes, "os_index", kind)
    if number >= MAX_CPU:
        raise TopologyError(f"has the os_index {number} at a {kind}; expected less than {MAX_CPU}.")
    return number


def _read_number(attributes: Mapping[str, str], name: str, kind: str) -> int:
    text = attributes.get(name, "")
    if not (text.isascii() and text.isdecimal()) or len(text) > _LONGEST_NUMBER:
        raise TopologyError(f"has the {name} {text[:40]!r} at a {kind}; expected a number.")
    return int(text)
