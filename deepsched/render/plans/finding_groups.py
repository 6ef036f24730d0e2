"""A plan's findings as a person reads them: those of one kind in one sentence where they are many.

A hundred pairs of streams that share an L3 are one thing to know, not a hundred.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deepsched.topology import format_cpu_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deepsched.planning import Finding

# More sentences of one kind than this become one.
_MOST = 6
# Of the streams, or groups of streams, that such a sentence is about, so many are named.
_NAMED = 3
# What the sentence says of "Streams 0, 3, 5, ... (32 streams)".
_ON_STREAMS = {
    "socket-straddle": "straddle sockets: remote memory accesses.",
    "numa-straddle": "straddle NUMA nodes: remote memory accesses.",
    "l3-straddle": "straddle L3 caches: may cost, where threads share data.",
    "mixed-core-kinds": "mix kinds of cores: each request waits for its slowest.",
}
# And of "Streams 0 and 1, 2 and 3, 4 and 5, ... (16 groups)".
_ON_GROUPS = {
    "l3-shared": "share an L3 each: may thrash the cache.",
    "smt-shared": "share cores: their hardware threads wait for each other.",
}


def group_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Put more than six findings of one kind and severity into one, where the first of them stood.

    The streams and cpus of a group are those of all in it; it keeps their suggestion where they agree.
    """
    kinds: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        kinds.setdefault((finding.kind, finding.severity), []).append(finding)
    return tuple(finding for alike in kinds.values() for finding in _shorten(alike))


def _shorten(alike: Sequence[Finding]) -> Sequence[Finding]:
    first = alike[0]
    if len(alike) <= _MOST or first.kind not in {**_ON_STREAMS, **_ON_GROUPS}:
        return alike
    if first.kind in _ON_GROUPS:
        names = [_name_group(finding.streams) for finding in alike]
        who, what = f"{', '.join(names[:_NAMED])}, ... ({len(names)} groups)", _ON_GROUPS[first.kind]
    else:
        names = [str(stream) for finding in alike for stream in finding.streams]
        who, what = f"{', '.join(names[:_NAMED])}, ... ({len(names)} streams)", _ON_STREAMS[first.kind]
    agreed = all(finding.suggestion == first.suggestion for finding in alike)
    group = replace(
        first,
        streams=tuple(sorted({stream for finding in alike for stream in finding.streams})),
        message=f"Streams {who} {what}",
        suggestion=first.suggestion if agreed else "",
        cpus=tuple(cpu for finding in alike for cpu in finding.cpus),
    )
    return [group]


def _name_group(streams: Sequence[int]) -> str:
    return " and ".join(map(str, streams)) if len(streams) == 2 else format_cpu_list(streams)  # noqa: PLR2004
