"""Which cores are there to plan with, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepsched.planning.plan import Adjustment

if TYPE_CHECKING:
    from deepsched.topology import Core, Topology

# Performance cores first; cores of a kind that no reader names come last.
_KIND_ORDER = ("performance", "efficiency", "low-power")


def order_cores(topology: Topology) -> tuple[Core, ...]:
    """Give the usable cores as streams take them: kind by kind, the fastest first, and topologically within a kind."""
    return tuple(sorted(topology.usable_cores, key=lambda core: rank_kind(core.kind)))


def rank_kind(kind: str | None) -> int:
    """Give a kind of core its place; all cores of a machine without kinds are of the first."""
    return 0 if kind is None else _KIND_ORDER.index(kind) if kind in _KIND_ORDER else len(_KIND_ORDER)


def choose_cores(topology: Topology, num_cores: int | None) -> tuple[tuple[Core, ...], list[Adjustment]]:
    """Take the first `num_cores` cores, or by default as many as the quota keeps busy.

    Asking for more than the quota carries is granted, and becomes a finding; asking for more than there are is capped.
    """
    cores = order_cores(topology)
    if num_cores is None:
        return cores[: topology.limits.cap_cores(len(cores))], []
    if num_cores <= len(cores):
        return cores[:num_cores], []
    reason = f"{len(cores)} of the machine's {len(topology.cores)} cores are usable"
    return cores, [Adjustment("num_cores", num_cores, len(cores), reason)]
