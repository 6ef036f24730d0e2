"""Command lines for *taskset(1)* of util-linux: a process a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepsched.planning.exports.comments import name_plan, write_comment
from deepsched.planning.exports.threads import THREADS_ADVICE, assign_threads
from deepsched.topology import format_cpu_list

if TYPE_CHECKING:
    from deepsched.planning.plan import StreamPlan


def write_taskset(plan: StreamPlan) -> str:
    """Write one command line a stream."""
    about = f"{name_plan(plan)}: a process a stream, pinned by taskset. Write your program for COMMAND."
    lines = [write_comment(about), write_comment(THREADS_ADVICE)]
    lines += [
        f"{assign_threads(stream)} taskset --cpu-list {format_cpu_list(stream.cpus)} COMMAND" for stream in plan.streams
    ]
    return "\n".join(lines) + "\n"
