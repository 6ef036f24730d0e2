"""What there is to say of a plan: one function a kind of finding, each from the plan's data alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepsched.planning.cores import rank_kind
from deepsched.planning.plan import Finding
from deepsched.topology import format_cpu_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from deepsched.planning.plan import PlannedStream
    from deepsched.topology import Core, Topology

# What is sure to cost comes before what may.
SEVERITIES = ("warning", "info")


@dataclass(frozen=True, slots=True)
class Advice:
    """Which num_streams to try instead: those that straddle nothing, in words too, and one stream an L3."""

    words: str = ""
    aligned: tuple[int, ...] = ()
    one_an_l3: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Level:
    """A boundary that a stream can straddle, and what that costs."""

    name: str
    kind: str
    severity: str
    cost: str
    place: Callable[[Core], int | None]
    touched: Callable[[PlannedStream], tuple[int, ...]]

    @property
    def plural(self) -> str:
        return f"{self.name} caches" if self.name == "L3" else f"{self.name}s"


_LEVELS = (
    _Level(
        "socket",
        "socket-straddle",
        "warning",
        "remote memory accesses",
        lambda core: core.socket,
        lambda stream: stream.sockets,
    ),
    _Level(
        "NUMA node",
        "numa-straddle",
        "warning",
        "remote memory accesses",
        lambda core: core.numa_node,
        lambda stream: stream.numa_nodes,
    ),
    _Level(
        "L3",
        "l3-straddle",
        "info",
        "may cost, where threads share data",
        lambda core: core.l3,
        lambda stream: stream.l3_caches,
    ),
)


def find_all(
    topology: Topology, streams: Sequence[PlannedStream], cores: Sequence[Core], advice: Advice
) -> tuple[Finding, ...]:
    """Collect every finding, the gravest first.

    Parameters
    ----------
    topology : Topology
        The machine.
    streams : sequence of PlannedStream
        The plan.
    cores : sequence of Core
        The cores that the streams own.
    advice : Advice
        Which num_streams to try instead; none for a layout that a person wrote.
    """
    core_at = {core.index: core for core in cores}
    found = (
        *find_straddles(topology, streams, core_at, advice),
        *find_mixed_kinds(streams, core_at, advice),
        *find_shared_cores(streams),
        *find_exceeded_quota(topology, streams, cores),
        *find_shared_l3(streams, core_at, advice),
        *find_uneven(streams, advice),
        *find_idle_cores(topology, cores),
    )
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def find_straddles(
    topology: Topology, streams: Sequence[PlannedStream], core_at: dict[int, Core], advice: Advice
) -> Iterator[Finding]:
    """Report each stream that crosses a boundary, by the widest one: socket, else NUMA node, else L3."""
    pairs = {level.name for level in _LEVELS if len({level.place(core) for core in topology.cores} - {None}) == 2}  # noqa: PLR2004
    for stream in streams:
        for level in _LEVELS:
            touched = level.touched(stream)
            if len(touched) > 1:
                parts: dict[int | None, list[int]] = defaultdict(list)
                for core in stream.cores:
                    parts[level.place(core_at[core])].append(core)
                which = f"both {level.plural}" if level.name in pairs else f"{level.plural} {_name_numbers(touched)}"
                cores = _join([format_cpu_list(cores) for cores in parts.values()])
                message = f"Stream {stream.index} straddles {which} (cores {cores}): {level.cost}."
                keep = advice.words or _advise_part(level, parts)
                yield Finding(level.kind, level.severity, (stream.index,), message, keep, stream.cpus, advice.aligned)
                break


def find_mixed_kinds(streams: Sequence[PlannedStream], core_at: dict[int, Core], advice: Advice) -> Iterator[Finding]:
    """Report each stream with cores of several kinds."""
    if len({core.kind for core in core_at.values()}) == 1:
        return
    for stream in streams:
        kinds = Counter(core_at[core].kind or "unknown" for core in stream.cores)
        if len(kinds) > 1:
            counts = _join([f"{count} {kind}" for kind, count in kinds.items()])
            fastest = sum(rank_kind(core.kind) == rank_kind("performance") for core in core_at.values())
            yield Finding(
                kind="mixed-core-kinds",
                severity="warning",
                streams=(stream.index,),
                message=f"Stream {stream.index} mixes {counts} cores: each request waits for its slowest.",
                suggestion=advice.words or f"Keep each stream to one kind; there are {fastest} performance cores.",
                cpus=stream.cpus,
                options=advice.aligned,
            )


def find_shared_cores(streams: Sequence[PlannedStream]) -> Iterator[Finding]:
    """Report streams that use different hardware threads of the same core."""
    holders: dict[int, list[int]] = defaultdict(list)
    for stream in streams:
        for core in stream.cores:
            holders[core].append(stream.index)
    shared: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for core, indices in holders.items():
        if len(indices) > 1:
            shared[tuple(indices)].append(core)
    for group, cores in shared.items():
        one = len(cores) == 1
        yield Finding(
            kind="smt-shared",
            severity="warning",
            streams=group,
            message=f"Streams {_name_numbers(group)} share core{'' if one else 's'} {format_cpu_list(cores)}: "
            f"their hardware threads wait for each other.",
            suggestion="Give all hardware threads of a core to one stream.",
            cpus=tuple(cpu for index in group for cpu in streams[index].cpus),
        )


def find_exceeded_quota(
    topology: Topology, streams: Sequence[PlannedStream], cores: Sequence[Core]
) -> Iterator[Finding]:
    """Report a plan with more cores than the CPU quota keeps busy."""
    visible = len(topology.usable_cores)
    most = topology.limits.cap_cores(visible)
    if len(cores) > most:
        yield Finding(
            kind="exceeds-quota",
            severity="warning",
            streams=tuple(stream.index for stream in streams),
            message=f"{len(cores)} cores are planned, but there is {topology.limits.describe_quota(visible)}: "
            f"when the time is spent, all threads are stopped.",
            suggestion=f"Use num_cores {most}.",
            cpus=tuple(cpu for stream in streams for cpu in stream.cpus),
        )


def find_shared_l3(streams: Sequence[PlannedStream], core_at: dict[int, Core], advice: Advice) -> Iterator[Finding]:
    """Report each L3 that holds two or more streams whole; one that a stream straddles is reported as that."""
    holders: dict[int, list[PlannedStream]] = defaultdict(list)
    for stream in streams:
        if len({core_at[core].l3 for core in stream.cores}) == 1 and stream.l3_caches:
            holders[stream.l3_caches[0]].append(stream)
    for l3, sharing in sorted(holders.items()):
        if len(sharing) > 1:
            indices = tuple(stream.index for stream in sharing)
            yield Finding(
                kind="l3-shared",
                severity="info",
                streams=indices,
                message=f"Streams {_name_numbers(indices)} share L3 {l3}: may thrash the cache.",
                suggestion="Measure it beside one stream an L3: more requests in parallel may outweigh it.",
                cpus=tuple(cpu for stream in sharing for cpu in stream.cpus),
                options=advice.one_an_l3,
            )


def find_uneven(streams: Sequence[PlannedStream], advice: Advice) -> Iterator[Finding]:
    """Report streams of different sizes, and by how much the smallest differs."""
    sizes = [len(stream.cores) for stream in streams]
    most, least = max(sizes), min(sizes)
    if most == least:
        return
    small = tuple(stream.index for stream, size in zip(streams, sizes, strict=True) if size == least)
    if len(sizes) <= 4:  # noqa: PLR2004 - a list that a person reads at a glance
        listed = ", ".join(str(size) for size in sizes)
    else:
        listed = ", ".join(f"{count} of {size}" for size, count in sorted(Counter(sizes).items(), reverse=True))
    yield Finding(
        kind="uneven-streams",
        severity="info",
        streams=small,
        message=(
            f"The streams are uneven ({listed} cores): a request on a smaller one has "
            f"{(most - least) / most:.0%} fewer cores."
        ),
        suggestion=advice.words,
        cpus=tuple(cpu for index in small for cpu in streams[index].cpus),
        options=advice.aligned,
    )


def find_idle_cores(topology: Topology, cores: Sequence[Core]) -> Iterator[Finding]:
    """Report usable cores that no stream owns."""
    planned = {core.index for core in cores}
    idle = [core for core in topology.usable_cores if core.index not in planned]
    if idle:
        visible = len(topology.usable_cores)
        by_quota = len(cores) == topology.limits.cap_cores(visible)
        reason = f" ({topology.limits.describe_quota(visible)})" if by_quota else ""
        yield Finding(
            kind="idle-cores",
            severity="info",
            streams=(),
            message=f"{len(idle)} of {visible} usable cores are in no stream{reason}.",
            suggestion="More would only be stopped by the quota."
            if by_quota
            else "Plan more cores, or a further stream, to use them.",
            cpus=tuple(cpu for core in idle for cpu in core.cpus),
        )


def _advise_part(level: _Level, parts: dict[int | None, list[int]]) -> str:
    place, cores = max(parts.items(), key=lambda part: len(part[1]))
    where = "outside any L3" if place is None else f"on {level.name} {place}"
    return f"Keep it to cores {format_cpu_list(cores)}, {where}."


def _name_numbers(numbers: Sequence[int]) -> str:
    """Say ``0 and 1``, or ``0-7`` where a list would be long."""
    return format_cpu_list(numbers) if len(numbers) > 3 else _join([str(n) for n in numbers])  # noqa: PLR2004


def _join(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
