"""Random machines for hypothesis, and what there is to find on a plan, told by brute force."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from deepsched import Topology
from deepsched.topology import restrict_topology

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deepsched import StreamPlan
    from deepsched.topology import HardwareThread

STRADDLES = ("socket-straddle", "numa-straddle", "l3-straddle")


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine in hwloc's notation, and the cpus that a process may use of it: short enough to read in a failure."""

    text: str
    allowed: frozenset[int] | None

    def build(self) -> Topology:
        """Give the topology."""
        topology = Topology.from_synthetic(self.text)
        return topology if self.allowed is None else restrict_topology(topology, self.allowed)


@st.composite
def machines(draw: st.DrawFn, max_cores: int = 256) -> Machine:
    """Draw a machine, and often a process that may use only some of its cpus."""
    sockets = draw(st.integers(1, 4))
    memory, nodes = draw(st.sampled_from([("", 1), (" [numa]", 1), (" numa:1", 1), (" numa:2", 2)]))
    l3s = draw(st.integers(0, 4))
    groups = sockets * nodes * max(1, l3s)
    cores = draw(st.sampled_from(range(1, 1 + min(8, max(1, max_cores // groups)))))
    per_core = draw(st.integers(1, 2))
    text = f"pack:{sockets}{memory}{f' l3:{l3s}' if l3s else ''} core:{cores} pu:{per_core}"
    cpus = frozenset(range(groups * cores * per_core))
    few = st.frozensets(st.sampled_from(sorted(cpus)), min_size=1)
    most = st.frozensets(st.sampled_from(sorted(cpus)), max_size=len(cpus) - 1).map(cpus.difference)
    return Machine(text, draw(st.none() | few | most))


@st.composite
def machines_and_counts(draw: st.DrawFn, max_cores: int = 256) -> tuple[Machine, int | None]:
    """Draw a machine and a num_streams: the default, one that fits, or a little more."""
    machine = draw(machines(max_cores))
    most = len(machine.build().usable_cores) + 2
    return machine, draw(st.none() | st.sampled_from(range(most + 1)))


def threads_of_cores(topology: Topology) -> dict[int, list[HardwareThread]]:
    """Gather the allowed hardware threads of each core that has any, in topological order."""
    allowed = [t for t in topology.threads if t.allowed]
    return {core: list(threads) for core, threads in groupby(allowed, key=lambda t: t.core)}


def expect_findings(plan: StreamPlan) -> set[tuple[str, tuple[int, ...]]]:
    """Tell the kind and the streams of each finding, from the hardware threads alone."""
    return {*_expect_straddles(plan), *_expect_shared_l3(plan), *_expect_uneven(plan)}


def straddles(plan: StreamPlan) -> bool:
    """Tell by brute force whether a stream straddles anything."""
    return any(True for _ in _expect_straddles(plan))


def _threads_of_streams(plan: StreamPlan) -> Iterator[tuple[int, list[HardwareThread]]]:
    thread_of = {t.cpu: t for t in plan.topology.threads}
    return ((stream.index, [thread_of[cpu] for cpu in stream.cpus]) for stream in plan.streams)


def _expect_straddles(plan: StreamPlan) -> Iterator[tuple[str, tuple[int, ...]]]:
    for index, threads in _threads_of_streams(plan):
        touched = (
            {t.socket for t in threads},
            {t.numa_node for t in threads},
            {t.l3 for t in threads if t.l3 is not None},
        )
        for kind, numbers in zip(STRADDLES, touched, strict=True):
            if len(numbers) > 1:
                yield kind, (index,)
                break


def _expect_shared_l3(plan: StreamPlan) -> Iterator[tuple[str, tuple[int, ...]]]:
    inside: dict[int, list[int]] = defaultdict(list)
    for index, threads in _threads_of_streams(plan):
        l3s = {t.l3 for t in threads}
        if len(l3s) == 1 and None not in l3s:
            inside[l3s.pop()].append(index)
    yield from (("l3-shared", tuple(sharing)) for sharing in inside.values() if len(sharing) > 1)


def _expect_uneven(plan: StreamPlan) -> Iterator[tuple[str, tuple[int, ...]]]:
    sizes = [len(stream.cores) for stream in plan.streams]
    if max(sizes) > min(sizes):
        yield "uneven-streams", tuple(i for i, size in enumerate(sizes) if size == min(sizes))
