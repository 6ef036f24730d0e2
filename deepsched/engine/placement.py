"""Where a stream's threads may run, and where they really are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepsched.engine.affinity import CAN_PIN, find_threads
from deepsched.errors import OptionError
from deepsched.topology import format_cpu_list

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deepsched.engine.stream import Stream
    from deepsched.planning import PlannedStream, StreamPlan
    from deepsched.topology import Topology

PINNINGS = ("core", "numa", "socket", "none")


@dataclass(frozen=True, slots=True)
class ThreadPlacement:
    """One worker thread of a stream: the cpus it was asked to run on and those it may really run on."""

    stream: int
    thread_id: int
    asked: frozenset[int] | None
    actual: frozenset[int]

    @property
    def as_asked(self) -> bool:
        """Whether the thread cannot leave the cpus that were asked for."""
        return self.asked is None or self.actual <= self.asked


def choose_cpus(planned: PlannedStream, topology: Topology, pinning: str) -> frozenset[int] | None:
    """Choose where the threads of a stream may run.

    ``"core"`` keeps them on the stream's own cores, ``"numa"`` and ``"socket"`` on the NUMA nodes or sockets that it
    touches, ``"none"`` (None) anywhere.
    """
    if pinning == "none":
        return None
    if pinning == "core":
        return frozenset(planned.cpus)
    nodes, sockets = set(planned.numa_nodes), set(planned.sockets)
    return frozenset(
        t.cpu
        for t in topology.threads
        if t.allowed and (t.numa_node in nodes if pinning == "numa" else t.socket in sockets)
    )


def check_pinning(pinning: object) -> str:
    """Accept one of `PINNINGS`.

    Raises
    ------
    OptionError
        If it is none of them.
    """
    if pinning not in PINNINGS:
        raise OptionError(f"pinning is {pinning!r}; expected one of {', '.join(PINNINGS)}.")
    return str(pinning)


def check_runs_here(plan: StreamPlan) -> None:
    """Refuse a plan for another machine.

    Raises
    ------
    OptionError
        If it uses cpus that this process may not run on.
    """
    wanted = {cpu for stream in plan.streams for cpu in stream.cpus}
    allowed = os.sched_getaffinity(0) if CAN_PIN else wanted
    if not wanted <= allowed:
        raise OptionError(
            f"the plan for {plan.topology.source!r} uses cpus {format_cpu_list(wanted)}; this process may run on "
            f"{format_cpu_list(allowed)}. Plans for other machines can be drawn, not run: leave topology out."
        )


def read_placements(streams: Iterable[Stream]) -> tuple[ThreadPlacement, ...]:
    """Read from ``/proc`` where each worker thread of `streams` may run."""
    return tuple(
        ThreadPlacement(stream.index, thread_id, stream.cpus, actual)
        for stream in streams
        for thread_id, actual in find_threads(stream.name)
    )
