"""Command lines for *numactl(8)*: a process a stream, its memory beside its cpus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepsched.planning.exports.comments import find_spanning, name_plan, name_spanning, write_comment
from deepsched.planning.exports.threads import THREADS_ADVICE, assign_threads
from deepsched.topology import format_cpu_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deepsched.planning.plan import PlannedStream, StreamPlan


def write_numactl(plan: StreamPlan) -> str:
    """Write one command line a stream."""
    lines = [write_comment(text) for text in _advise(plan)]
    lines += [
        f"{assign_threads(stream)} numactl --physcpubind={format_cpu_list(stream.cpus)} {_place_memory(stream)} COMMAND"
        for stream in plan.streams
    ]
    return "\n".join(lines) + "\n"


def _advise(plan: StreamPlan) -> Iterator[str]:
    yield f"{name_plan(plan)}: a process a stream, pinned by numactl. Write your program for COMMAND."
    yield THREADS_ADVICE
    yield (
        "With --membind a program fails when its NUMA node is full; --preferred would fall back to another node. "
        'Where numactl may not place memory ("set_mempolicy: Operation not permitted", as in a container without '
        "CAP_SYS_NICE), leave the memory option out, or use taskset: memory then comes from the node of the thread "
        "that first writes to it."
    )
    spanning = find_spanning(plan)
    if spanning:
        yield (
            f"{name_spanning(spanning)}, and all threads of a stream read the same weights: interleaved, these are as "
            f"far from one thread as from another, and come through the memory channels of all its nodes."
        )


def _place_memory(stream: PlannedStream) -> str:
    option = "membind" if len(stream.numa_nodes) == 1 else "interleave"
    return f"--{option}={format_cpu_list(stream.numa_nodes)}"
