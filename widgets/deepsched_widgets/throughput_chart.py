"""Throughput and latency as they come: the last minute, and beside it the mean of each setting so far."""

from __future__ import annotations

from collections import deque
from math import nan
from typing import TYPE_CHECKING, Any

from deepsched.checks import check_choice
from deepsched.planning import choose_cores
from deepsched.render.plans.words import count, name_schedule
from deepsched.render.sweeps.sweep_svg import draw_sweep_svg
from deepsched.render.timelines.timeline_data import ORIGINS
from deepsched_widgets.cell_widget import add_picture
from deepsched_widgets.chart_view import ChartView
from deepsched_widgets.lab.live_run import PERIOD
from deepsched_widgets.setting_mean import Period, SettingMean, make_point, write_row
from deepsched_widgets.throughput_figure import describe_throughput
from deepsched_widgets.throughput_layout import SECONDS, Change

if TYPE_CHECKING:
    from deepsched.render.sweeps.sweep import SweepPoint
    from deepsched.topology import Topology
    from deepsched_widgets.cell_widget import Bundle
    from deepsched_widgets.lab.live_run import Sample

_POINTS = int(SECONDS / PERIOD)
_MOST_PLACES = 8
_TITLE = "Mean throughput and latency of each num_streams"
_GAP = 2.5  # periods: what is longer shows as a gap
_MILLISECONDS = 1000.0
_COLUMNS = [
    *("num_streams", "origin", "periods", "mean items/s", "deviation", "predicted items/s"),
    *("mean p50, ms", "mean p99, ms"),
]


class ThroughputChart(ChartView):
    """A minute of throughput, p50 and p99, with a line at each change of setting, and the mean of each num_streams.

    What it sends for a sample is one message of some 6 KB, however long it runs. Means of different loads do not
    compare: those shown are of the load in force, and those of another come back with it.

    A notebook saves what a cell displayed, and a run changes nothing of that: displayed before it runs, the chart has
    the same saved output every time. Displayed after a run, its SVG holds the means that were measured.

    Parameters
    ----------
    max_streams : int
        Up to eight, each num_streams has its place among the means from the first, so that bars stay where they are.
    origin : str
        Whether the first run will be ``"measured"`` or ``"simulated"``; see `start_run`.
    """

    def __init__(self, max_streams: int = 1, origin: str = ORIGINS[0]) -> None:
        self._max_streams = max_streams
        self._origin = check_choice("origin", origin, ORIGINS)
        self._means: dict[tuple[tuple[str, ...], str, int, str], SettingMean] = {}
        self._load: tuple[str, ...] = ()
        self._runs = 0
        self._run = _Run()
        super().__init__(**self._describe())

    def start_run(self, origin: str = "measured") -> None:
        """Empty the lines for a new run; the means of settings stay, to compare with.

        Parameters
        ----------
        origin : str
            Whether the samples to come are ``"measured"`` or ``"simulated"``.

        Raises
        ------
        OptionError
            If it is neither.
        """
        self._origin = check_choice("origin", origin, ORIGINS)
        self._runs += 1
        self._run = _Run()
        self.show_picture(**self._describe())

    def forget(self, max_streams: int | None = None) -> None:
        """Empty all of it, as when another model or another machine makes the means incomparable.

        Parameters
        ----------
        max_streams : int, optional
            The places for means from now on, as for the class; as many as before by default.
        """
        self._max_streams = max_streams or self._max_streams
        self._means = {}
        self._run = _Run()
        self.show_picture(**self._describe())

    def show_sample(self, sample: Sample) -> None:
        """Add a sample, in one message. Call it from one thread only."""
        self._load = _name_load(sample)
        period = self._run.add(sample, self._load)
        setting = (self._load, sample.scheduler, sample.num_streams, self._origin)
        mean = self._means.setdefault(setting, SettingMean(*setting[1:]))
        mean.add(period)
        mean.predicted = sample.prediction.predicted if sample.prediction else nan
        self.show_picture(**self._describe())

    def points(self, topology: Topology | None = None) -> list[SweepPoint]:
        """Give the means under the load in force as points of a sweep, such as `SweepChart` shows.

        Parameters
        ----------
        topology : Topology, optional
            The machine that ran; with it the points say which num_streams straddle.

        Returns
        -------
        list of SweepPoint
            By num_streams; each with the interval that holds the true mean at 95 % confidence. Of the settings that
            the machine can have, if it is given: the others ran on another one.
        """
        means = self._list_means()
        if topology is not None:
            cores, _ = choose_cores(topology, None)
            means = [mean for mean in means if mean.num_streams <= len(cores)]
        return [make_point(mean, topology) for mean in means]

    def _list_means(self) -> list[SettingMean]:
        own = [mean for (load, *_), mean in self._means.items() if load == self._load]
        return sorted(own, key=lambda mean: (not mean.single, mean.num_streams))

    def _describe(self) -> dict[str, Any]:
        means = self._list_means()
        places = self._max_streams if self._max_streams <= _MOST_PLACES else 0
        periods, changes = self._run.periods, self._run.changes
        figure = describe_throughput(periods, changes, means, self._origin, places, ", ".join(self._load))
        # A person's zoom survives the next period, but not the next run.
        figure["layout_of_figure"]["uirevision"] = self._runs
        label = f"Throughput and latency over the last {SECONDS:g} seconds, {self._origin}. "
        best = max(means, key=lambda mean: mean.throughput, default=None)
        label += f"Best mean: {best.throughput:.4g} items/s with {best.words}." if best else "Nothing ran yet."
        return {**figure, "label": label, "table": {"columns": _COLUMNS, "rows": [write_row(mean) for mean in means]}}

    def __repr__(self) -> str:
        return "ThroughputChart()"

    def _repr_mimebundle_(self, **kwargs: Any) -> Bundle | None:
        drawn = draw_sweep_svg(self.points(), title=_TITLE, empty="Nothing ran yet.")
        return add_picture(super()._repr_mimebundle_(**kwargs), repr(self), drawn)


class _Run:
    """The last minute of a run: its periods, and the changes of its setting."""

    def __init__(self) -> None:
        self.periods: deque[Period | None] = deque(maxlen=_POINTS)
        self.changes: deque[Change] = deque(maxlen=_POINTS)
        self._setting: tuple[str, ...] = ()
        self._began = nan

    def add(self, sample: Sample, load: tuple[str, ...]) -> Period:
        snapshot = sample.snapshot
        if not self.periods:
            self._began = snapshot.at - PERIOD
        latencies = (snapshot.latency.p50 * _MILLISECONDS, snapshot.latency.p99 * _MILLISECONDS)
        period = Period(snapshot.at - self._began, snapshot.throughput, *latencies)
        last = self.periods[-1] if self.periods else None
        if last and period.at - last.at > _GAP * PERIOD:
            self.periods.append(None)
        self.periods.append(period)
        schedule = name_schedule(sample.scheduler, sample.num_streams)
        setting = (schedule, *load)
        # The load stands in the heading of the means; here only that another one came.
        new = [words for words in setting if words not in self._setting] if self._setting else [schedule]
        if new:
            self.changes.append(Change(period.at - PERIOD, ", ".join(new)))
        self._setting = setting
        return period


def _name_load(sample: Sample) -> tuple[str, ...]:
    """Say what load a sample tells of, such as ``("16 clients", "small convnet")``."""
    words = []
    if sample.clients:
        words.append(count(sample.clients, "client"))
    if sample.rate is not None:
        words.append(f"{sample.rate:g} requests/s")
    if sample.workload is not None:
        words.append(sample.workload.name)
    return tuple(words)
