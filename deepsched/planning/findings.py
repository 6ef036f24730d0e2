"""What there is to say of a plan: one function a kind of finding, each from the plan's data alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepsched.planning.partition import find_boundaries, nearest_aligned
from deepsched.planning.plan import Finding
from deepsched.topology import format_cpu_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from deepsched.planning.plan import PlannedStream
    from deepsched.topology import Core

# What is sure to cost comes before what may.
SEVERITIES = ("warning", "info")


@dataclass(frozen=True, slots=True)
class _Level:
    """A boundary that a stream can straddle, and what that costs."""

    name: str
    plural: str
    kind: str
    severity: str
    cost: str
    place: Callable[[Core], int | None]


_LEVELS = (
    _Level("socket", "sockets", "socket-straddle", "warning", "remote memory accesses", lambda core: core.socket),
    _Level("node", "NUMA nodes", "numa-straddle", "warning", "remote memory accesses", lambda core: core.numa_node),
    _Level("l3", "L3 caches", "l3-straddle", "info", "may cost, where threads share data", lambda core: core.l3),
)


def find_all(streams: Sequence[PlannedStream], cores: Sequence[Core]) -> tuple[Finding, ...]:
    """Collect every finding on `streams`, which were cut from `cores`, the gravest first."""
    boundaries = find_boundaries(cores)
    nearest = nearest_aligned(len(cores), len(streams), boundaries)
    advice = f"Try num_streams {' or '.join(map(str, nearest))}." if nearest else ""
    core_at = {core.index: core for core in cores}
    found = (
        *find_straddles(streams, core_at, advice),
        *find_shared_l3(streams, core_at),
        *find_uneven(streams, advice),
    )
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def find_straddles(streams: Sequence[PlannedStream], core_at: dict[int, Core], advice: str) -> Iterator[Finding]:
    """Report each stream that crosses a boundary, by the widest one: socket, else NUMA node, else L3."""
    machine = {level.name: {level.place(core) for core in core_at.values()} - {None} for level in _LEVELS}
    for stream in streams:
        for level in _LEVELS:
            parts: dict[int | None, list[int]] = defaultdict(list)
            for core in stream.cores:
                parts[level.place(core_at[core])].append(core)
            touched = [number for number in parts if number is not None]
            if len(touched) > 1:
                both = "both " if len(touched) == len(machine[level.name]) == 2 else ""  # noqa: PLR2004 - a pair
                which = f"{both}{level.plural}" if both else f"{level.plural} {_name_numbers(touched)}"
                cores = _join([format_cpu_list(cores) for cores in parts.values()])
                message = f"Stream {stream.index} straddles {which} (cores {cores}): {level.cost}."
                yield Finding(level.kind, level.severity, (stream.index,), message, advice, stream.cpus)
                break


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
                suggestion="Measure it beside one stream an L3: more requests in parallel may outweigh it.",
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
        suggestion=advice,
        cpus=tuple(cpu for stream in streams if stream.index in small for cpu in stream.cpus),
    )


def _name_numbers(numbers: Sequence[int]) -> str:
    """Say ``0 and 1``, or ``0-7`` where a list would be long."""
    return format_cpu_list(numbers) if len(numbers) > 3 else _join([str(n) for n in numbers])  # noqa: PLR2004


def _join(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
