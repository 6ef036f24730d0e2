"""The lab's four pictures, and what of a run is drawn in which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepsched_widgets.lab.traces import Traces
from deepsched_widgets.machine_map import MachineMap
from deepsched_widgets.request_timeline import RequestTimeline
from deepsched_widgets.sweep_chart import SweepChart
from deepsched_widgets.throughput_chart import ThroughputChart

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deepsched.planning import StreamPlan
    from deepsched.render.sweeps.sweep import SweepPoint
    from deepsched.render.timelines.timeline_data import Timeline
    from deepsched_widgets.lab.live_run import Sample, Trace


class Pictures:
    """The map, the live chart, the timeline and the curve. The caller sees to it that one thread at a time draws.

    Parameters
    ----------
    plan : StreamPlan
        What the map shows at first.
    max_streams : int
        How many places the live chart has for means.
    origin : str
        Whether the first run will be ``"measured"`` or ``"simulated"``.
    """

    def __init__(self, plan: StreamPlan, max_streams: int, origin: str) -> None:
        # The lab lists findings itself, with buttons.
        self.machine_map = MachineMap(plan, findings=False)
        self.chart = ThroughputChart(max_streams, origin)
        self.timeline = RequestTimeline([])
        self.sweep = SweepChart((), plan.topology)
        self._plan = plan
        self._traces = Traces()
        self._found: tuple[SweepPoint, ...] = ()

    @property
    def timelines(self) -> tuple[Timeline, ...]:
        """The last requests of each setting that ran."""
        return self._traces.list_all()

    def show_plan(self, plan: StreamPlan) -> None:
        """Draw another plan, of another machine too."""
        if plan.topology is not self._plan.topology:
            self.machine_map.show_load(None)
            self.sweep.show((), plan.topology)
        self._plan = plan
        self.machine_map.show_plan(plan)

    def start_run(self, origin: str) -> None:
        """Empty the live chart's lines for a run that begins."""
        self.chart.start_run(origin)

    def show_sample(self, sample: Sample) -> None:
        """Draw a period: one message to the live chart, and to the map what changed."""
        self.chart.show_sample(sample)
        if sample.core_load:
            self.machine_map.show_load(sample.core_load)
        if sample.is_of(self._plan):
            self.machine_map.show_placements(sample.placements)

    def show_trace(self, trace: Trace) -> None:
        """Draw the last requests of the setting that runs beside those of another one."""
        self._traces.keep(trace)
        pair = self._traces.choose_pair()
        if pair:
            self.timeline.show(pair, newest=True)
        # A setting that was left has its mean.
        self._show_points()

    def show_points(self, points: Iterable[SweepPoint]) -> None:
        """Draw what a search found instead of what another one did."""
        self._found = tuple(points)
        self._show_points()

    def rest(self) -> None:
        """Take from the map what is live only: a run is over, and so are its threads."""
        self.machine_map.show_load(None)
        self.machine_map.show_placements(())

    def forget_requests(self, *, found: bool) -> None:
        """Empty the timeline and, with `found`, what a search found: they are of another load."""
        if found:
            self._found = ()
        self._traces.forget()
        self.timeline.show([])
        self._show_points()

    def forget_means(self, max_streams: int, origin: str) -> None:
        """Empty the live chart: its means are of another model or another machine, what comes is of `origin`."""
        self.chart.forget(max_streams)
        self.chart.start_run(origin)
        self._show_points()

    def close(self) -> None:
        """Take all of them off the page."""
        for picture in (self.machine_map, self.chart, self.timeline, self.sweep):
            picture.close()

    def _show_points(self) -> None:
        """Draw the curve of what a search found with care or, without one, of what was seen in passing."""
        # Not of both: what else the machine did meanwhile would look like a difference between settings.
        self.sweep.show(self._found or self.chart.points(self._plan.topology), self._plan.topology)
