"""Where a stream's threads may run, and where they really are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepsched.engine.affinity import CAN_PIN, find_threads, pin_thread
from deepsched.errors import OptionError
from deepsched.topology import format_cpu_list

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deepsched.engine.stream import Stream
    from deepsched.planning import PlannedStream, StreamPlan
    from deepsched.topology import Topology

PINNINGS = ("core", "numa", "socket", "none")
_MOVED = "moved since it was pinned, by a control group or another program"
_SHOWN = 4  # streams in a message


@dataclass(frozen=True, slots=True)
class ThreadPlacement:
    """One worker thread of a stream: the cpus it was asked to run on and those it may really run on.

    A stream has one worker less than it has threads, for the caller runs its own request; so a stream of one thread has
    none. `asked` is None where threads are not pinned; `reason` says why a thread is not `as_asked`.
    """

    stream: int
    thread_id: int
    asked: frozenset[int] | None
    actual: frozenset[int]
    reason: str | None = None

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


def check_runs_here(plan: StreamPlan) -> StreamPlan:
    """Give the plan back if it can run here; refuse one for another machine.

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
    return plan


def read_placements(streams: Iterable[Stream], *, repair: bool = False) -> tuple[ThreadPlacement, ...]:
    """Read from ``/proc`` where each worker thread of `streams` may run, by stream.

    With `repair`, threads that are not where they should be are pinned once more, and read again.
    """
    by_name = {stream.name: stream for stream in streams}
    placements = []
    for name, thread_id, found in find_threads(by_name):
        index, asked, actual, reason = by_name[name].index, by_name[name].cpus, found, None
        if asked is not None and not actual <= asked:
            if repair:
                reason = pin_thread(thread_id, asked)
                actual = frozenset(os.sched_getaffinity(thread_id))
            else:
                reason = _try_out([by_name[name]]).get(index, _MOVED)
        placements.append(ThreadPlacement(index, thread_id, asked, actual, reason))
    return tuple(sorted(placements, key=lambda placement: (placement.stream, placement.thread_id)))


def describe_misplacement(streams: Iterable[Stream], placements: Iterable[ThreadPlacement]) -> str:
    """Say which streams cannot keep to their cpus, where they are instead, and why; an empty text if all can.

    Every stream's cpus are tried out as well as its workers looked at. A stream of one thread has no workers: there
    the trial tells whether its callers can be pinned.
    """
    off = [placement for placement in placements if not placement.as_asked]
    refusals = _try_out(streams)
    sentences = []
    for stream in streams:
        found = [placement for placement in off if placement.stream == stream.index]
        reason = refusals.get(stream.index) or (found[0].reason if found else None)
        if stream.cpus is not None and reason is not None:
            actual = frozenset().union(*(placement.actual for placement in found)) or os.sched_getaffinity(0)
            sentences.append(
                f"stream {stream.index} asked for cpus {format_cpu_list(stream.cpus)} and may run on cpus "
                f"{format_cpu_list(actual)} ({reason})"
            )
    more = len(sentences) - _SHOWN
    return "; ".join(sentences[:_SHOWN] + ([f"{more} more streams likewise"] if more > 0 else []))


def _try_out(streams: Iterable[Stream]) -> dict[int, str]:
    """Pin the calling thread to each stream's cpus in turn; give the reasons of those that are refused, by stream."""
    refusals: dict[int, str] = {}
    masks = {stream.index: stream.cpus for stream in streams if stream.cpus is not None}
    if not masks:
        return refusals
    own = os.sched_getaffinity(0)
    try:
        for index, cpus in masks.items():
            reason = pin_thread(0, cpus)
            if reason is not None:
                refusals[index] = reason
    finally:
        pin_thread(0, own)
    return refusals
