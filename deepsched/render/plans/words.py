"""What pictures and texts of a plan say alike: counts, names, titles and descriptions."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from deepsched.planning import Scheduler
from deepsched.render.plans.finding_groups import group_findings
from deepsched.topology import format_cpu_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.planning import StreamPlan
    from deepsched.topology import Topology

_MIB = 1 << 20
_RANGES = 3  # of a list of cpus, before it is shortened
_MOST = 12  # streams that are described one by one


def count(number: int, noun: str) -> str:
    """Say ``1 core`` or ``2 cores``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def name_cpus(cpus: Sequence[int]) -> str:
    """Say ``cpus 0-7``; of a list too long for a legend its ends."""
    ranges = format_cpu_list(cpus).split(",")
    shown = ranges if len(ranges) <= _RANGES else [ranges[0], "...", ranges[-1]]
    return f"cpu{'s' if len(cpus) > 1 else ''} {','.join(shown)}"


def name_size(size: int) -> str:
    """Say ``32 MiB``; of what is smaller than that, KiB."""
    return f"{size / _MIB:.4g} MiB" if size >= _MIB else f"{size / 1024:.4g} KiB"


def name_schedule(scheduler: str, num_streams: int) -> str:
    """Name a schedule as people do: ``single_stream``, ``1 stream``, ``3 streams``."""
    return scheduler if scheduler == Scheduler.single_stream else count(num_streams, "stream")


def name_streams(plan: StreamPlan) -> str:
    """Say ``3 streams``, and what was requested where that is another number."""
    asked = plan.requested_num_streams
    capped = f" ({asked} requested)" if asked not in (None, plan.num_streams) else ""
    return name_schedule(plan.scheduler.value, plan.num_streams) + capped


def title_plan(plan: StreamPlan) -> str:
    """Say ``3 streams on 16 cores``."""
    return f"{name_streams(plan)} on {count(plan.num_cores, 'core')}"


def describe_machine(topology: Topology) -> str:
    """Say ``2 sockets · 16 cores · 2 L3 caches of 32 MiB``."""
    parts = [count(len(topology.sockets), "socket")]
    if len(topology.numa_nodes) > 1:
        parts.append(count(len(topology.numa_nodes), "NUMA node"))
    if topology.l3_caches:
        sizes = {topology.l3_bytes.get(l3) for l3 in topology.l3_caches}
        size = sizes.pop() if len(sizes) == 1 else None
        parts.append(count(len(topology.l3_caches), "L3 cache") + (f" of {name_size(size)}" if size else ""))
    parts.append(count(len(topology.cores), "core"))
    if len(topology.threads) > len(topology.cores):
        parts.append(count(len(topology.threads), "hardware thread"))
    if topology.limits.quota_cpus is not None:
        parts.append(f"a quota of {topology.limits.quota_cpus:g} cpus")
    return " · ".join(parts)


def describe_plan(plan: StreamPlan) -> str:
    """Say in sentences, for those who do not see the picture, what each stream owns, and what there is to say of it."""
    sentences = [f"{describe_machine(plan.topology)}."]
    if plan.num_streams <= _MOST:
        for stream in plan.streams:
            caches = f", L3 {format_cpu_list(stream.l3_caches)}" if stream.l3_caches else ""
            where = f"socket {format_cpu_list(stream.sockets)}{caches}"
            sentences.append(f"Stream {stream.index}: cores {format_cpu_list(stream.cores)}, {where}.")
    else:
        for size, some in groupby(plan.streams, key=lambda stream: len(stream.cores)):
            indices = [stream.index for stream in some]
            each = " each" if len(indices) > 1 else ""
            sentences.append(f"Streams {format_cpu_list(indices)}: {count(size, 'core')}{each}.")
    findings = [f"{finding.message} {finding.suggestion}".strip() for finding in group_findings(plan.findings)]
    return " ".join([*sentences, *(findings or ["No findings."])])
