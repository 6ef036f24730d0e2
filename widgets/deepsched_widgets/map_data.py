"""What the machine map's page reads: plain data, small enough to be sent again at each move of a slider.

A plan of 512 streams is a number a hardware thread and some sentences; labels, cpus and caches follow from these and
the machine, which the page has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deepsched.render.plans.finding_groups import group_findings
from deepsched.render.plans.remote import NAMES, find_straddles
from deepsched.render.plans.words import count, name_size, name_streams
from deepsched_widgets.misplaced import find_misplaced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deepsched.planning import StreamPlan
    from deepsched.topology import Topology

# What the view reads of each hardware thread.
_COLUMNS = ("cpu", "core", "socket", "numa_node", "l3", "kind", "allowed")
_NONE = -1
_HOMES = {"socket": "socket", "numa": "numa_node"}
# A sign of the legend: what it means, and the tile that the view draws as its sample.
_Sign = tuple[str, dict[str, Any]]
_CACHE: _Sign = ("L3 cache, to scale, in equal parts for its streams", {"flat": True})
_BARRED: _Sign = ("not allowed to this process", {"allowed": False})
_REMOTE: _Sign = ("remote: outside its stream's home", {"remote": True})
_FREE: _Sign = ("in no stream", {})


def pack_machine(topology: Topology) -> dict[str, Any]:
    """Turn the table of hardware threads on its side, a quarter of the bytes, and add what a person reads."""
    sockets, nodes, cores, threads = topology.sockets, topology.numa_nodes, topology.cores, topology.threads
    node_of = {t.socket: t.numa_node for t in threads}
    divided = any(t.numa_node != node_of[t.socket] for t in threads)
    same = not divided and len(nodes) == len(sockets)
    title = [count(len(sockets), "socket"), count(len(cores), "core")]
    if len(threads) > len(cores):
        title.append(count(len(threads), "hardware thread"))
    if topology.limits.quota_cpus is not None:
        title.append(f"a quota of {topology.limits.quota_cpus:g} cpus")
    return {
        "title": " · ".join(title),
        "cores": len(cores),
        "numa_nodes": len(nodes),
        # A NUMA node is a box where it divides a socket, a second name where it is one, and neither where it spans
        # several.
        "levels": ["socket", *(["numa_node"] if divided else []), "l3", "core", "cpu"],
        "names": {
            "socket": {s: f"socket {s} · NUMA node {n}" if same else f"socket {s}" for s, n in node_of.items()},
            "numa_node": {n: f"NUMA node {n}" for n in nodes},
            "l3": {l3: _name_cache(l3, topology.l3_bytes.get(l3)) for l3 in topology.l3_caches},
        },
        "l3_bytes": {l3: topology.l3_bytes[l3] for l3 in topology.l3_caches if l3 in topology.l3_bytes},
        "threads": {name: [getattr(t, name) for t in threads] for name in _COLUMNS},
        "signs": _list_signs(topology),
    }


def pack_plan(plan: StreamPlan, misplaced: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Say of each hardware thread which stream owns it, and of the plan what there is to say.

    Returns
    -------
    dict
        `title` and `num_streams`; `owners`: the index of the stream of each hardware thread, in the machine's order, -1
        where none owns it; `homes`: see `find_homes`; `misplaced`: the streams with threads elsewhere; `findings`: as
        in `StreamPlan.to_dict`, the many of a kind in one; `signs`: what the legend explains beside the machine's.
    """
    stream_of = plan.stream_of_cpus()
    homes = find_homes(plan)
    findings = group_findings([*find_misplaced(misplaced), *plan.findings])
    return {
        "title": name_streams(plan),
        "num_streams": plan.num_streams,
        "owners": [stream_of.get(thread.cpu, _NONE) for thread in plan.topology.threads],
        "homes": homes,
        "misplaced": sorted({thread["stream"] for thread in misplaced}),
        "findings": [finding.to_dict() for finding in findings],
        "signs": [*_list_if(homes, _REMOTE), *_list_if(_find_free(plan), _FREE)],
    }


def find_homes(plan: StreamPlan) -> dict[int, tuple[str, int, str]]:
    """Give each stream that has remote cores its home: the column of it, its number, and words that name it."""
    return {
        straddle.stream: (
            _HOMES[straddle.level],
            straddle.home,
            f"stream {straddle.stream}'s home is {NAMES[straddle.level]} {straddle.home}",
        )
        for straddle in find_straddles(plan)
    }


def pack_load(topology: Topology, percent_by_cpu: Mapping[int, float]) -> list[int]:
    """Give whole per cents in the machine's order, -1 for what is not known."""
    levels = (percent_by_cpu.get(thread.cpu) for thread in topology.threads)
    return [_NONE if level is None else round(min(max(level, 0.0), 100.0)) for level in levels]


def _find_free(plan: StreamPlan) -> bool:
    owned = plan.stream_of_cpus()
    return any(thread.allowed and thread.cpu not in owned for thread in plan.topology.threads)


def _list_signs(topology: Topology) -> list[_Sign]:
    """List the machine's signs for the legend."""
    kinds = dict.fromkeys(core.kind for core in topology.cores if core.kind)
    barred = not all(thread.allowed for thread in topology.threads)
    signs = [(f"{kind} core", {"kind": kind}) for kind in kinds]
    return [*signs, *_list_if(topology.l3_caches, _CACHE), *_list_if(barred, _BARRED)]


def _list_if(condition: object, sign: _Sign) -> list[_Sign]:
    return [sign] if condition else []


def _name_cache(l3: int, size: int | None) -> str:
    return f"L3 {l3} · {name_size(size)}" if size else f"L3 {l3}"
