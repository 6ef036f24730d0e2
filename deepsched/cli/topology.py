"""``deepsched topology``: what the machine is."""

from __future__ import annotations

from deepsched.cli.output import JsonOption, TopologyOption, print_result
from deepsched.render import show_topology
from deepsched.topology import Topology


def print_topology(topology: TopologyOption = "this", json: JsonOption = False) -> None:
    """Show the machine's sockets, NUMA nodes, L3 caches and cores, and what of them this process may use."""
    machine = Topology.load(topology)
    print_result(machine.to_dict(), show_topology(machine), as_json=json)
