"""Asking hwloc's own lstopo what a machine looks like, and reading its answer with nothing of what is under test."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from pathlib import Path

    from deepsched import Topology


def run_lstopo(
    source: str | Path | None, form: str = "xml", *options: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Let lstopo read `source`, a description or an XML file; without one it looks where the environment says."""
    assert shutil.which("lstopo"), "lstopo is missing: apt-get install hwloc (make system says what else is)."
    given = [] if source is None else ["-i", str(source)]
    return subprocess.run(
        ["lstopo", *given, "--of", form, *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **(environment or {})},
    )


def export_xml(source: str | Path | None, *options: str, environment: Mapping[str, str] | None = None) -> str:
    """Let lstopo write the XML of a machine that it must be able to read."""
    done = run_lstopo(source, "xml", *options, environment=environment)
    assert done.returncode == 0, f"lstopo refuses {str(source)!r}: {done.stderr}"
    return done.stdout


@dataclass(slots=True)
class Machine:
    """What each cpu shares with others, by any name for it; where a name is None, there is no such thing."""

    order: list[int] = field(default_factory=list)
    cores: dict[int, Hashable] = field(default_factory=dict)
    l3s: dict[int, Hashable] = field(default_factory=dict)
    sockets: dict[int, Hashable] = field(default_factory=dict)
    numa_nodes: dict[int, int] = field(default_factory=dict)
    l3_sizes: dict[int, int] = field(default_factory=dict)

    def group(self) -> dict[str, object]:
        """Give the sets of cpus that share something, and the NUMA nodes by their OS numbers."""
        return {
            "cores": _group(self.cores),
            "l3s": _group(self.l3s),
            "sockets": _group(self.sockets),
            "numa_nodes": self.numa_nodes,
        }


def read_machine(xml: str) -> Machine:
    """Read what lstopo says."""
    machine = Machine()
    for element in ET.fromstring(xml).iterfind("object"):
        _read_object(machine, element, {}, None)
    return machine


def see(topology: Topology) -> Machine:
    """Put a topology of ours in the same form."""
    return Machine(
        order=[t.cpu for t in topology.threads],
        cores={t.cpu: t.core for t in topology.threads},
        l3s={t.cpu: t.l3 for t in topology.threads},
        sockets={t.cpu: t.socket for t in topology.threads},
        numa_nodes={t.cpu: t.numa_node for t in topology.threads},
        l3_sizes={t.cpu: topology.l3_bytes[t.l3] for t in topology.threads if t.l3 in topology.l3_bytes},
    )


def _read_object(machine: Machine, element: ET.Element, above: Mapping[str, str], home: int | None) -> None:
    kind, number = element.attrib["type"], element.attrib["gp_index"]
    above = {**above, kind: number}
    if kind == "L3Cache":
        above["L3Cache size"] = element.attrib["cache_size"]
    # The nearest memory is home, and the first where there are several.
    memory = element.find("object[@type='NUMANode']")
    if memory is None:
        memory = element.find("object[@type='MemCache']//object[@type='NUMANode']")
    if memory is not None:
        home = int(memory.attrib["os_index"])
    if kind == "PU":
        cpu = int(element.attrib["os_index"])
        machine.order.append(cpu)
        machine.sockets[cpu] = above.get("Package")
        machine.l3s[cpu] = above.get("L3Cache")
        # Where no core is written, each hardware thread stands for its own.
        machine.cores[cpu] = above.get("Core", f"pu {number}")
        if "L3Cache size" in above:
            machine.l3_sizes[cpu] = int(above["L3Cache size"])
        if home is not None:
            machine.numa_nodes[cpu] = home
    for child in element.iterfind("object"):
        _read_object(machine, child, above, home)


def _group(shared: Mapping[int, Hashable]) -> set[frozenset[int]]:
    groups: dict[Hashable, set[int]] = defaultdict(set)
    for cpu, what in shared.items():
        groups[what].add(cpu)
    return {frozenset(cpus) for cpus in groups.values()}
