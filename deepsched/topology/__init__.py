"""What the machine is: pure data, and one reader for each source of it."""

from __future__ import annotations

from deepsched.topology.cpulist import format_cpu_list, parse_cpu_list
from deepsched.topology.detect import restrict_topology
from deepsched.topology.model import Core, HardwareThread, Limits, Topology

__all__ = [
    "Core",
    "HardwareThread",
    "Limits",
    "Topology",
    "format_cpu_list",
    "parse_cpu_list",
    "restrict_topology",
]
