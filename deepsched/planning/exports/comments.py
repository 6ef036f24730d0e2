"""The comment lines of an export: all the programs take ``#`` up to the end of the line."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from deepsched.topology import format_cpu_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.planning.plan import PlannedStream, StreamPlan


def write_comment(text: str) -> str:
    """Break a paragraph into comment lines."""
    return "\n".join(wrap(text, 100, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False))


def name_plan(plan: StreamPlan) -> str:
    """Say which plan it is: ``3 streams on pack:2 l3:1 core:8 pu:1``."""
    # The source is what a person typed: nothing in it may end the comment.
    source = "".join(char if char.isprintable() else " " for char in plan.topology.source)
    return f"{plan.num_streams} {'stream' if plan.num_streams == 1 else 'streams'} on {source}"


def name_spanning(streams: Sequence[PlannedStream]) -> str:
    """Begin a sentence on streams with cores of several NUMA nodes: ``Streams 1, 3-5 span NUMA nodes``."""
    indices = format_cpu_list(stream.index for stream in streams).replace(",", ", ")
    return f"Stream {indices} spans NUMA nodes" if len(streams) == 1 else f"Streams {indices} span NUMA nodes"


def find_spanning(plan: StreamPlan) -> list[PlannedStream]:
    """Find the streams with cores of several NUMA nodes."""
    return [stream for stream in plan.streams if len(stream.numa_nodes) > 1]
