"""Describing this machine, restricted to what this process may use."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from deepsched.errors import TopologyError
from deepsched.topology.limits import read_limits
from deepsched.topology.portable import read_counts
from deepsched.topology.sysfs import read_sysfs

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from deepsched.topology.model import Topology


def detect_topology() -> Topology:
    """Describe this machine; see `Topology.detect`."""
    if not sys.platform.startswith("linux") or not Path("/sys/devices/system/cpu").is_dir():
        return read_counts()
    topology = replace(read_sysfs("/"), source="this machine")
    limits = read_limits(frozenset(thread.cpu for thread in topology.threads))
    restricted = restrict_topology(topology, frozenset(limits.allowed_cpus))
    return replace(restricted, limits=limits)


def restrict_topology(topology: Topology, allowed: AbstractSet[int]) -> Topology:
    """Mark the hardware threads outside `allowed` as not to be used; they stay in the picture.

    Raises
    ------
    TopologyError
        If no hardware thread would be left.
    """
    threads = tuple(replace(t, allowed=t.allowed and t.cpu in allowed) for t in topology.threads)
    cpus = tuple(sorted(t.cpu for t in threads if t.allowed))
    if not cpus:
        raise TopologyError(f"{topology.source}: none of its cpus is among those allowed, {sorted(allowed)}.")
    return replace(topology, threads=threads, limits=replace(topology.limits, allowed_cpus=cpus))
