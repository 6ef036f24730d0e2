"""``deepsched topology``: what the machine is."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from deepsched.cli.output import JsonOption, TopologyOption, print_result
from deepsched.errors import OptionError
from deepsched.render import show_catalogue, show_topology
from deepsched.topology import Topology
from deepsched.topology.catalogue import MACHINES
from deepsched.topology.snapshot import save_snapshot


def print_topology(
    topology: TopologyOption = "this",
    list_machines: Annotated[bool, typer.Option("--list", help="List the machines that can be named.")] = False,
    save: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Record this machine in a new folder, for --topology elsewhere.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show the machine's sockets, NUMA nodes, L3 caches and cores, and what of them this process may use."""
    if list_machines + (save is not None) + (topology != "this") > 1:
        raise OptionError("--list, --save and --topology do different things: give one. --save records this machine.")
    if list_machines:
        machines = {"machines": [asdict(machine) for machine in MACHINES]}
        print_result(machines, show_catalogue(), as_json=json)
        return
    if save is not None:
        files = save_snapshot(save)
        print_result({"folder": str(save), "files": files}, f"{len(files)} files recorded in {save}.", as_json=json)
        return
    machine = Topology.load(topology)
    print_result(machine.to_dict(), show_topology(machine), as_json=json)
