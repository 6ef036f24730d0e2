"""What there is to say of a plan: one function a kind of finding, each from the plan's data alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from deepsched.planning.partition import find_boundaries, nearest_aligned
from deepsched.planning.plan import Finding
from deepsched.topology import format_cpu_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deepsched.planning.plan import PlannedStream
    from deepsched.topology import Core


def find_all(streams: Sequence[PlannedStream], cores: Sequence[Core]) -> tuple[Finding, ...]:
    """Collect every finding on `streams`, which were cut from `cores`."""
    boundaries = find_boundaries(cores)
    nearest = nearest_aligned(len(cores), len(streams), boundaries)
    advice = f"Try num_streams {' or '.join(map(str, nearest))}." if nearest else ""
    core_at = {core.index: core for core in cores}
    return (
        *find_straddles(streams, core_at, advice),
        *find_shared_l3(streams, core_at),
        *find_uneven(streams, advice),
    )


def find_straddles(streams: Sequence[PlannedStream], core_at: dict[int, Core], advice: str) -> Iterator[Finding]:
    """Report each stream that crosses a boundary, by the widest one: socket, else NUMA node, else L3."""
    for stream in streams:
        cpus = stream.cpus
        if len(stream.sockets) > 1:
            parts = _name_parts(stream, core_at, "socket")
            message = (
                f"Stream {stream.index} straddles {len(stream.sockets)} sockets ({parts}): remote memory accesses."
            )
            yield Finding("socket-straddle", "warning", (stream.index,), message, advice, cpus)
        elif len(stream.numa_nodes) > 1:
            parts = _name_parts(stream, core_at, "numa_node")
            message = f"Stream {stream.index} straddles {len(stream.numa_nodes)} NUMA nodes ({parts}): remote memory accesses."
            yield Finding("numa-straddle", "warning", (stream.index,), message, advice, cpus)
        elif len(stream.l3_caches) > 1:
            parts = _name_parts(stream, core_at, "l3")
            message = (
                f"Stream {stream.index} straddles {len(stream.l3_caches)} L3 caches ({parts}): "
                f"may cost, where its threads share data."
            )
            yield Finding("l3-straddle", "info", (stream.index,), message, advice, cpus)


def find_shared_l3(streams: Sequence[PlannedStream], core_at: dict[int, Core]) -> Iterator[Finding]:
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
                suggestion="Compare its throughput with one stream an L3: the gain in parallel requests may outweigh it.",
                cpus=tuple(cpu for stream in sharing for cpu in stream.cpus),
            )


def find_uneven(streams: Sequence[PlannedStream], advice: str) -> Iterator[Finding]:
    """Report streams of different sizes, and by how much the smallest differs."""
    sizes = [len(stream.cores) for stream in streams]
    most, least = max(sizes), min(sizes)
    if most == least:
        return
    small = tuple(stream.index for stream, size in zip(streams, sizes, strict=True) if size == least)
    if len(sizes) <= 4:  # noqa: PLR2004 - a list that a person reads at a glance
        listed = _join([str(size) for size in sizes])
    else:
        listed = _join([f"{count} of {size}" for size, count in sorted(Counter(sizes).items(), reverse=True)])
    yield Finding(
        kind="uneven-streams",
        severity="info",
        streams=small,
        message=(
            f"The streams are uneven ({listed} cores): a request on a smaller one has "
            f"{(most - least) / most:.0%} fewer cores."
        ),
        suggestion=advice,
        cpus=tuple(cpu for stream in streams if stream.index in small for cpu in stream.cpus),
    )


def _name_parts(stream: PlannedStream, core_at: dict[int, Core], place: str) -> str:
    """Say which of the stream's cores lie where: ``cores 6-7 on socket 0, 8-10 on socket 1``."""
    parts: dict[int | None, list[int]] = defaultdict(list)
    for core in stream.cores:
        parts[getattr(core_at[core], place)].append(core)
    label = {"socket": "socket", "numa_node": "NUMA node", "l3": "L3"}[place]
    named = [
        f"{format_cpu_list(cores)} on {label} {number}" if number is not None else f"{format_cpu_list(cores)} on none"
        for number, cores in parts.items()
    ]
    return "cores " + ", ".join(named)


def _name_numbers(numbers: Sequence[int]) -> str:
    """Say ``0 and 1``, or ``0-7`` where a list would be long."""
    return format_cpu_list(numbers) if len(numbers) > 3 else _join([str(n) for n in numbers])  # noqa: PLR2004


def _join(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
