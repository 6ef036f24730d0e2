"""The map of a machine: which stream owns which cores, and what there is to say of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import traitlets

from deepsched.planning import StreamPlan
from deepsched.render import draw_plan, draw_topology
from deepsched.topology import Topology
from deepsched_widgets.cell_widget import CellWidget, add_picture
from deepsched_widgets.map_data import pack_load, pack_machine, pack_plan
from deepsched_widgets.page_files import join_script, join_styles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deepsched.engine import ThreadPlacement
    from deepsched_widgets.cell_widget import Bundle


class MachineMap(CellWidget):
    """A machine's sockets, NUMA nodes, L3 caches and cores, each core coloured, hatched and labelled by its stream.

    L3 caches are to scale. A core away from the rest of its stream is marked as remote. Pointing at a stream, moving
    to it with the arrow keys or selecting it tells of its cores, cpus, sockets, caches and findings.

    Parameters
    ----------
    plan : StreamPlan, optional
        The plan to show, on the machine that it was made for.
    topology : Topology or str, optional
        The machine to show without a plan, as `Topology.load` takes it; None shows this machine.
    findings : bool, default True
        Whether the page lists the plan's findings below the picture.
    compared : StreamPlan, optional
        A second plan, shown beside the first one; see `compare_with`.
    **traits
        Values of other traits, such as `layout`.

    Raises
    ------
    TypeError
        If a keyword argument is no trait, a plan is none, or `plan` was made for another machine than `topology`.
    """

    _esm = join_script("machine_map")
    _css = join_styles("machine_map")

    machine = traitlets.Dict().tag(sync=True)
    """Kernel to view: the machine. Its `threads` are those of `Topology.to_dict`, a list for each column."""

    plan = traitlets.Dict().tag(sync=True)
    """Kernel to view: the plan as `pack_plan` writes it: its title, the stream of each hardware thread, its findings.

    Empty where no plan is shown.
    """

    findings = traitlets.Bool(default_value=True).tag(sync=True)
    """Kernel to view: whether the findings are listed below the picture."""

    compared = traitlets.Dict().tag(sync=True)
    """Kernel to view: a second `plan`, and its `machine` where that is another one; empty without a second plan."""

    load = traitlets.List(traitlets.Int()).tag(sync=True)
    """Kernel to view: how busy each hardware thread is in per cent, in the order of the machine's `threads`.

    -1 where it is not known; empty where no load is shown.
    """

    misplaced = traitlets.List(traitlets.Dict()).tag(sync=False)
    """In the kernel: the worker threads that are off their stream's cpus, each with `stream`, `thread_id`, `asked` and
    `actual`. Their streams get a sign on the map, and a sentence below it; another plan clears them.
    """

    selected_stream = traitlets.Int(-1).tag(sync=True, echo_update=False)
    """View to kernel: the stream that the person selected, or -1."""

    def __init__(
        self,
        plan: StreamPlan | None = None,
        topology: Topology | str | None = None,
        *,
        findings: bool = True,
        compared: StreamPlan | None = None,
        **traits: Any,
    ) -> None:
        _require_plan(plan)
        _require_plan(compared)
        if plan and topology and Topology.load(topology) != plan.topology:
            raise TypeError("MachineMap() got a plan and another machine than it was made for; give one of them.")
        self._topology = plan.topology if plan else Topology.load(topology or "this")
        self._shown = plan
        self._compared = compared
        super().__init__(
            machine=pack_machine(self._topology),
            plan=pack_plan(plan) if plan else {},
            findings=findings,
            compared=self._pack_compared(),
            **traits,
        )

    def show_plan(self, plan: StreamPlan) -> None:
        """Show `plan` and the machine that it was made for, in one message; the load of another machine goes.

        Raises
        ------
        TypeError
            If `plan` is no StreamPlan.
        """
        _require_plan(plan, optional=False)
        with self.hold_sync():
            self._shown = plan
            self.misplaced = []
            if plan.topology != self._topology:
                self._topology = plan.topology
                self.machine = pack_machine(plan.topology)
                self.load = []
            self.plan = pack_plan(plan)
            self.compared = self._pack_compared()

    def compare_with(self, plan: StreamPlan | None) -> None:
        """Show `plan` beside the plan that is shown, for another machine too, in one message; None takes it away.

        Raises
        ------
        TypeError
            If `plan` is neither a StreamPlan nor None.
        """
        _require_plan(plan)
        self._compared = plan
        self.compared = self._pack_compared()

    def show_placements(self, placements: Iterable[ThreadPlacement]) -> None:
        """Mark the streams that are not where their plan has them, as `Engine.verify_pinning` found their threads."""
        self.misplaced = [
            {"stream": p.stream, "thread_id": p.thread_id, "asked": sorted(p.asked or ()), "actual": sorted(p.actual)}
            for p in placements
            if not p.as_asked
        ]

    def show_load(self, percent_by_cpu: Mapping[int, float] | None) -> None:
        """Show how busy the cpus are, in one message.

        Parameters
        ----------
        percent_by_cpu : mapping of int to float, or None
            Per cent of the time that each cpu was busy, by its OS number, cut to 0..100. A cpu that is not among them
            shows no level. None shows no load at all.

        Raises
        ------
        TypeError
            If it is neither a mapping nor None.
        """
        if not isinstance(percent_by_cpu, Mapping | None):
            given = type(percent_by_cpu).__name__
            raise TypeError(
                f"show_load() takes a mapping of cpu to per cent, such as {{0: 12.5}}, or None; got {given}."
            )
        self.load = pack_load(self._topology, percent_by_cpu) if percent_by_cpu is not None else []

    @traitlets.observe("misplaced")
    def _on_misplaced(self, _change: Any) -> None:
        if self._shown is not None:
            self.plan = pack_plan(self._shown, self.misplaced)

    def _pack_compared(self) -> dict[str, Any]:
        plan = self._compared
        if plan is None:
            return {}
        other = {} if plan.topology == self._topology else {"machine": pack_machine(plan.topology)}
        return {"plan": pack_plan(plan), **other}

    def __repr__(self) -> str:
        streams = f", num_streams={self.plan['num_streams']}" if self.plan else ""
        return f"MachineMap(cores={self.machine['cores']}{streams})"

    def _repr_mimebundle_(self, **kwargs: Any) -> Bundle | None:
        drawn = draw_plan(self._shown) if self._shown else draw_topology(self._topology)
        return add_picture(super()._repr_mimebundle_(**kwargs), repr(self), drawn)


def _require_plan(plan: object, *, optional: bool = True) -> None:
    if not (isinstance(plan, StreamPlan) or (optional and plan is None)):
        raise TypeError(f"MachineMap shows a StreamPlan, as plan_streams() gives it; got {type(plan).__name__}.")
