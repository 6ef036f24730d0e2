"""Layouts that a person wrote: the cpus of each stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepsched.errors import PlanError, TopologyError
from deepsched.planning.plan import gather_stream
from deepsched.topology import format_cpu_list, parse_cpu_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deepsched.planning.plan import PlannedStream
    from deepsched.topology import Core, HardwareThread, Topology


def read_layout(
    topology: Topology, layout: Sequence[str | Iterable[int]]
) -> tuple[tuple[PlannedStream, ...], tuple[Core, ...]]:
    """Read the cpus of each stream and check them against the machine.

    Returns
    -------
    streams : tuple of PlannedStream
        As given, each one's cpus in topological order.
    cores : tuple of Core
        All cores that they touch, in topological order.

    Raises
    ------
    PlanError
        If there is no stream, a stream has no cpu, two have the same, or a cpu does not exist or may not be used.
    """
    if isinstance(layout, str) or not layout:
        raise PlanError(f"streams is {layout!r}; expected a list with the cpus of each, such as ['0-7', '8-15'].")
    thread_at = {thread.cpu: thread for thread in topology.threads}
    owner: dict[int, int] = {}
    streams = []
    for index, given in enumerate(layout):
        cpus = _read_cpus(index, given)
        _check_cpus(index, cpus, thread_at)
        for cpu in cpus:
            if owner.setdefault(cpu, index) != index:
                raise PlanError(f"stream {index} and stream {owner[cpu]} both have cpu {cpu}; each cpu serves one.")
        threads = [thread for thread in topology.threads if thread.cpu in cpus]
        cores = dict.fromkeys(thread.core for thread in threads)
        streams.append(gather_stream(index, cores, [thread.cpu for thread in threads], threads))
    touched = {core for stream in streams for core in stream.cores}
    return tuple(streams), tuple(core for core in topology.usable_cores if core.index in touched)


def _read_cpus(index: int, given: str | Iterable[int]) -> frozenset[int]:
    try:
        cpus = parse_cpu_list(given) if isinstance(given, str) else frozenset(given)
    except (TopologyError, TypeError) as error:
        raise PlanError(f"stream {index}: {given!r} names no cpus ({error}).") from None
    if not cpus:
        raise PlanError(f"stream {index} has no cpu; expected at least one, such as '0-3'.")
    return cpus


def _check_cpus(index: int, cpus: frozenset[int], thread_at: dict[int, HardwareThread]) -> None:
    missing = [cpu for cpu in cpus if cpu not in thread_at]
    if missing:
        raise PlanError(f"stream {index}: the machine has no online cpu {_name(missing)}; it has {_name(thread_at)}.")
    barred = [cpu for cpu in cpus if not thread_at[cpu].allowed]
    if barred:
        usable = [cpu for cpu, thread in thread_at.items() if thread.allowed]
        raise PlanError(f"stream {index}: cpu {_name(barred)} may not be used; this process may use {_name(usable)}.")


def _name(cpus: Iterable[object]) -> str:
    whole = [cpu for cpu in cpus if isinstance(cpu, int) and cpu >= 0]
    return format_cpu_list(whole) or ", ".join(map(repr, cpus))
