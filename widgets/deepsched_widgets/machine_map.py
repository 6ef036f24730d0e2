"""The map of a machine: which stream owns which cores, and what there is to say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from deepsched.render import draw_plan
from deepsched.topology import Topology, format_cpu_list
from deepsched_widgets.page_files import join_script, join_styles

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deepsched.engine import ThreadPlacement
    from deepsched.planning import StreamPlan

# What the view reads of each hardware thread.
_COLUMNS = ("cpu", "core", "socket", "numa_node", "l3", "kind", "allowed")


class MachineMap(anywidget.AnyWidget):
    """A machine's sockets, NUMA nodes, L3 caches and cores, each core coloured and labelled by its stream.

    Parameters
    ----------
    plan : StreamPlan, optional
        The plan to show, on the machine that it was made for.
    topology : Topology or str, optional
        The machine to show without a plan, as `Topology.load` takes it; None shows this machine.
    **kwargs
        Values of other traits, such as `layout`.

    Raises
    ------
    TypeError
        If a keyword argument is no trait, or `plan` was made for another machine than `topology`.
    """

    _esm = join_script("machine_map")
    _css = join_styles("machine_map")

    machine = traitlets.Dict().tag(sync=True)
    """Kernel to view: the machine. Its `threads` are those of `Topology.to_dict`, a list for each column."""

    plan = traitlets.Dict().tag(sync=True)
    """Kernel to view: the plan as `StreamPlan.to_dict` gives it, with a `title` and a `label` for each stream.

    Empty where no plan is shown.
    """

    misplaced = traitlets.List(traitlets.Dict()).tag(sync=False)
    """In the kernel: the worker threads that are off their stream's cpus, each with `stream`, `thread_id`, `asked` and
    `actual`. Their streams get a sign on the map, and a sentence below it; another plan clears them.
    """

    selected_stream = traitlets.Int(-1).tag(sync=True, echo_update=False)
    """View to kernel: the stream that the person selected, or -1."""

    def __init__(self, plan: StreamPlan | None = None, topology: Topology | str | None = None, **kwargs: Any) -> None:
        unknown = sorted(set(kwargs) - set(self.class_trait_names()))
        if unknown:
            raise TypeError(f"MachineMap() got unexpected keyword arguments: {', '.join(unknown)}.")
        if plan and topology and Topology.load(topology) != plan.topology:
            raise TypeError("MachineMap() got a plan and another machine than it was made for; give one of them.")
        machine = plan.topology if plan else Topology.load(topology or "this")
        self._shown = plan
        super().__init__(machine=_pack_machine(machine), plan=_pack_plan(plan) if plan else {}, **kwargs)

    def show_plan(self, plan: StreamPlan) -> None:
        """Show `plan` and the machine that it was made for, in one message."""
        with self.hold_sync():
            self._shown = plan
            self.misplaced = []
            self.machine = _pack_machine(plan.topology)
            self.plan = _pack_plan(plan)

    def show_placements(self, placements: Iterable[ThreadPlacement]) -> None:
        """Mark the streams that are not where their plan has them, as `Engine.verify_pinning` found their threads."""
        self.misplaced = [
            {"stream": p.stream, "thread_id": p.thread_id, "asked": sorted(p.asked or ()), "actual": sorted(p.actual)}
            for p in placements
            if not p.as_asked
        ]

    @traitlets.observe("misplaced")
    def _on_misplaced(self, _change: Any) -> None:
        if self._shown is not None:
            self.plan = _pack_plan(self._shown, self.misplaced)

    def __repr__(self) -> str:
        streams = f", num_streams={self.plan['num_streams']}" if self.plan else ""
        return f"MachineMap(cores={self.machine['cores']}{streams})"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle: tuple[dict[str, Any], dict[str, Any]] | None = super()._repr_mimebundle_(**kwargs)
        if bundle is None or self._shown is None:
            return bundle
        data, metadata = bundle
        return {**data, "image/svg+xml": draw_plan(self._shown)}, metadata


def _pack_machine(topology: Topology) -> dict[str, Any]:
    """Turn the table of hardware threads on its side, a quarter of the bytes, and add what a person reads."""
    sockets, nodes, cores, threads = topology.sockets, topology.numa_nodes, topology.cores, topology.threads
    node_of = {t.socket: t.numa_node for t in threads}
    divided = any(t.numa_node != node_of[t.socket] for t in threads)
    same = not divided and len(nodes) == len(sockets)
    title = [_count(len(sockets), "socket"), _count(len(cores), "core")]
    if len(threads) > len(cores):
        title.append(_count(len(threads), "hardware thread"))
    if topology.limits.quota_cpus is not None:
        title.append(f"a quota of {topology.limits.quota_cpus:g} cpus")
    return {
        "title": " · ".join(title),
        "cores": len(cores),
        "numa_nodes": len(nodes),
        # A NUMA node is a box where it divides a socket, a second name where it is one, and neither where it spans
        # several.
        "levels": ["socket", *(["numa_node"] if divided else []), "l3", "core", "cpu"],
        "socket_names": [f"socket {s} · NUMA node {n}" if same else f"socket {s}" for s, n in node_of.items()],
        "threads": {name: [getattr(t, name) for t in threads] for name in _COLUMNS},
    }


def _pack_plan(plan: StreamPlan, misplaced: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """Add to the plan's plain data what a person reads."""
    packed = plan.to_dict()
    packed["findings"][:0] = _find_misplaced(misplaced)
    off = {thread["stream"] for thread in misplaced}
    for stream, plain in zip(plan.streams, packed["streams"], strict=True):
        plain["label"] = f"S{stream.index}: {_count(len(stream.cores), 'core')}, {_name_cpus(stream.cpus)}"
        if stream.index in off:
            plain["note"] = "threads elsewhere"
            plain["label"] += " ▲ threads elsewhere"
    asked = plan.requested_num_streams
    capped = f" ({asked} requested)" if asked not in (None, plan.num_streams) else ""
    return {**packed, "title": _count(plan.num_streams, "stream") + capped}


def _find_misplaced(misplaced: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say in the form of findings which streams have threads elsewhere."""
    threads: dict[tuple[int, str, str], int] = {}
    for thread in misplaced:
        key = thread["stream"], _name_cpus(thread["asked"]), _name_cpus(thread["actual"])
        threads[key] = threads.get(key, 0) + 1
    return [
        {
            "kind": "pinning-failed",
            "severity": "warning",
            "streams": [stream],
            "message": f"{_count(number, 'thread')} of stream {stream}, pinned to {asked}, may run on {actual}.",
            "suggestion": "verify_pinning(repair=True) pins again what can be pinned.",
        }
        for (stream, asked, actual), number in threads.items()
    ]


def _name_cpus(cpus: Sequence[int]) -> str:
    """Say ``cpus 0-7``; of a list too long for a legend its ends."""
    ranges = format_cpu_list(cpus).split(",")
    shown = ranges if len(ranges) < 4 else [ranges[0], "...", ranges[-1]]  # noqa: PLR2004
    return f"cpu{'s' if len(cpus) > 1 else ''} {','.join(shown)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
