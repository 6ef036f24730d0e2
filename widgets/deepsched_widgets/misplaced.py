"""Threads that are not where their stream's plan has them, said as findings."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from deepsched.planning import Finding
from deepsched.topology import format_cpu_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def find_misplaced(misplaced: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Say which streams have threads elsewhere; for `misplaced` see `MachineMap`."""
    threads = Counter((one["stream"], tuple(one["asked"]), tuple(one["actual"])) for one in misplaced)
    return [
        Finding(
            kind="pinning-failed",
            severity="warning",
            streams=(stream,),
            message=f"{number} thread{'s' if number > 1 else ''} of stream {stream}, pinned to {_name_cpus(asked)}, "
            f"may run on {_name_cpus(actual)}.",
            suggestion="verify_pinning(repair=True) pins again what can be pinned.",
            cpus=actual,
        )
        for (stream, asked, actual), number in threads.items()
    ]


def _name_cpus(cpus: Sequence[int]) -> str:
    return f"cpu{'s' if len(cpus) > 1 else ''} {format_cpu_list(cpus)}"
