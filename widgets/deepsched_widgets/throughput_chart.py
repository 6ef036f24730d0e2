"""Throughput and latency as they come: the last minute, and beside it the mean of each setting so far."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import isfinite, nan, sqrt
from typing import TYPE_CHECKING, Any

from deepsched.errors import OptionError
from deepsched.planning import Scheduler
from deepsched.render.sweep import SweepPoint
from deepsched.render.sweep_svg import draw_sweep_svg
from deepsched.render.timeline_data import ORIGINS
from deepsched_widgets.chart_view import ChartView
from deepsched_widgets.live_run import PERIOD
from deepsched_widgets.throughput_figure import SECONDS, Change, Period, SettingMean, describe_throughput

if TYPE_CHECKING:
    from deepsched_widgets.live_run import Sample

_POINTS = int(SECONDS / PERIOD)
_MOST_PLACES = 8
_GAP = 2.5  # periods: what is longer shows as a gap
_MILLISECONDS = 1000.0
_COLUMNS = ["num_streams", "origin", "periods", "mean items/s", "deviation", "mean p50, ms", "mean p99, ms"]


class ThroughputChart(ChartView):
    """A minute of throughput, p50 and p99, with a line at each change of num_streams, and the mean of each setting.

    What it sends for a sample is one message of some 6 KB, however long it runs.

    Parameters
    ----------
    max_streams : int
        Up to eight, each num_streams has its place among the means from the first, so that bars stay where they are.
    origin : str
        Whether the first run will be ``"measured"`` or ``"simulated"``; see `start_run`.
    """

    def __init__(self, max_streams: int = 1, origin: str = ORIGINS[0]) -> None:
        self._max_streams = max_streams
        self._origin = _check_origin(origin)
        self._sums: dict[tuple[str, str], _Sum] = {}
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
        self._origin = _check_origin(origin)
        self._run = _Run()
        self.show_picture(**self._describe())

    def forget(self) -> None:
        """Empty all of it, as when another model or another number of clients makes the means incomparable."""
        self._sums = {}
        self._run = _Run()
        self.show_picture(**self._describe())

    def show_sample(self, sample: Sample) -> None:
        """Add a sample, in one message. Call it from one thread only."""
        period = self._run.add(sample)
        setting = (self._run.setting, self._origin)
        self._sums.setdefault(setting, _Sum(sample.num_streams)).add(period)
        self.show_picture(**self._describe())

    def _means(self) -> list[SettingMean]:
        return [sums.mean(words, origin) for (words, origin), sums in self._sums.items()]

    def _describe(self) -> dict[str, Any]:
        means = sorted(self._means(), key=lambda mean: (mean.num_streams, mean.words))
        places = self._max_streams if self._max_streams <= _MOST_PLACES else 0
        figure = describe_throughput(self._run.periods, self._run.changes, means, self._origin, places)
        label = f"Throughput and latency over the last {SECONDS:g} seconds, {self._origin}. "
        best = max(means, key=lambda mean: mean.throughput, default=None)
        label += f"Best mean: {best.throughput:.4g} items/s with {best.words}." if best else "No run yet."
        return {**figure, "label": label, "table": {"columns": _COLUMNS, "rows": [_write_row(mean) for mean in means]}}

    def __repr__(self) -> str:
        return "ThroughputChart()"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle: tuple[dict[str, Any], dict[str, Any]] | None = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        points = [_make_point(mean) for mean in self._means() if mean.words != Scheduler.single_stream]
        drawn = draw_sweep_svg(points, title="Mean throughput and latency of each num_streams", empty="No run yet.")
        return {**data, "text/plain": repr(self), "image/svg+xml": drawn}, metadata


def _check_origin(origin: str) -> str:
    if origin not in ORIGINS:
        raise OptionError(f"origin is {origin!r}; expected one of {', '.join(ORIGINS)}.")
    return origin


class _Run:
    """The last minute of a run: its periods, and the changes of its setting."""

    def __init__(self) -> None:
        self.setting = ""
        self.periods: deque[Period | None] = deque(maxlen=_POINTS)
        self.changes: deque[Change] = deque(maxlen=_POINTS)
        self._began = nan

    def add(self, sample: Sample) -> Period:
        snapshot = sample.snapshot
        if not self.periods:
            self._began = snapshot.at - PERIOD
        latencies = (snapshot.latency.p50 * _MILLISECONDS, snapshot.latency.p99 * _MILLISECONDS)
        period = Period(snapshot.at - self._began, snapshot.throughput, *latencies)
        last = self.periods[-1] if self.periods else None
        if last and period.at - last.at > _GAP * PERIOD:
            self.periods.append(None)
        self.periods.append(period)
        setting = _name_setting(sample)
        if setting != self.setting:
            self.changes.append(Change(period.at - PERIOD, setting))
        self.setting = setting
        return period


@dataclass(slots=True)
class _Sum:
    """The sums over a setting's periods that its mean and deviation come from (Welford's method)."""

    num_streams: int
    periods: int = 0
    throughput: float = 0.0
    squares: float = 0.0
    answered: int = 0
    p50: float = 0.0
    p99: float = 0.0

    def add(self, period: Period) -> None:
        self.periods += 1
        off = period.throughput - self.throughput
        self.throughput += off / self.periods
        self.squares += off * (period.throughput - self.throughput)
        if isfinite(period.p50):
            self.answered += 1
            self.p50 += period.p50
            self.p99 += period.p99

    def mean(self, words: str, origin: str) -> SettingMean:
        deviation = sqrt(self.squares / (self.periods - 1)) if self.periods > 1 else nan
        p50, p99 = (s / self.answered if self.answered else nan for s in (self.p50, self.p99))
        return SettingMean(self.num_streams, words, origin, self.periods, self.throughput, deviation, p50, p99)


def _name_setting(sample: Sample) -> str:
    if sample.scheduler == Scheduler.single_stream:
        return "single_stream"
    return f"{sample.num_streams} stream{'' if sample.num_streams == 1 else 's'}"


def _make_point(mean: SettingMean) -> SweepPoint:
    low, high = mean.throughput - mean.deviation, mean.throughput + mean.deviation
    latencies = (mean.p50 / _MILLISECONDS, mean.p99 / _MILLISECONDS)
    return SweepPoint(mean.num_streams, mean.throughput, low, high, *latencies, origin=mean.origin)


def _write_row(mean: SettingMean) -> list[str]:
    numbers = (mean.throughput, mean.deviation, mean.p50, mean.p99)
    return [mean.words, mean.origin, str(mean.periods), *(f"{n:.4g}" if isfinite(n) else "unknown" for n in numbers)]
