"""The machines that a lab can plan for: this one, those of the catalogue, or one that the person describes."""

from __future__ import annotations

from deepsched.topology.catalogue import MACHINES

HERE = "this"


def list_machines() -> list[list[str]]:
    """List this machine and the catalogue, each as its value and its label."""
    return [[HERE, "this machine"], *([machine.name, f"{machine.name}: {machine.summary}"] for machine in MACHINES)]
