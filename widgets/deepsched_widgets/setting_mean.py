"""What a setting gave on average, kept up period by period, and given as a point of a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, nan, sqrt
from typing import TYPE_CHECKING

from deepsched.planning import Scheduler, plan_streams
from deepsched.render.plans.words import name_schedule
from deepsched.render.sweeps.sweep import SweepPoint, read_alignment

if TYPE_CHECKING:
    from deepsched.topology import Topology

_MILLISECONDS = 1000.0
_NORMAL = 1.96  # standard errors on either side of a mean hold the true one 95 times of 100


@dataclass(frozen=True, slots=True)
class Period:
    """What half a second gave: when it ended, in s since the run began, items/s, and latencies in ms or NaN."""

    at: float
    throughput: float
    p50: float
    p99: float


@dataclass(slots=True)
class SettingMean:
    """The mean over a setting's periods, and the standard deviation of their throughput (Welford's method).

    Attributes
    ----------
    scheduler, num_streams, origin
        The setting, and whether it was ``"measured"`` or ``"simulated"``.
    predicted : float
        The throughput that a simulation gives it, in items/s; NaN where there is none.
    periods : int
        How many there were.
    throughput : float
        Their mean, in items/s.
    """

    scheduler: str
    num_streams: int
    origin: str
    predicted: float = nan
    periods: int = 0
    throughput: float = 0.0
    _squares: float = 0.0
    _answered: int = 0
    _p50: float = 0.0
    _p99: float = 0.0

    def add(self, period: Period) -> None:
        """Take in one more period; one without an answered request has no latency to take in."""
        self.periods += 1
        off = period.throughput - self.throughput
        self.throughput += off / self.periods
        self._squares += off * (period.throughput - self.throughput)
        if isfinite(period.p50):
            self._answered += 1
            self._p50 += period.p50
            self._p99 += period.p99

    @property
    def deviation(self) -> float:
        """The standard deviation of the periods' throughput, in items/s; NaN of one period alone."""
        return sqrt(self._squares / (self.periods - 1)) if self.periods > 1 else nan

    @property
    def p50(self) -> float:
        """The mean of the periods' p50, in ms; NaN where none was answered."""
        return self._p50 / self._answered if self._answered else nan

    @property
    def p99(self) -> float:
        """The mean of the periods' p99, in ms; NaN where none was answered."""
        return self._p99 / self._answered if self._answered else nan

    @property
    def single(self) -> bool:
        """Whether all cores served one request after another."""
        return self.scheduler == Scheduler.single_stream

    @property
    def words(self) -> str:
        """The setting's name, such as ``3 streams``."""
        return name_schedule(self.scheduler, self.num_streams)


def make_point(mean: SettingMean, topology: Topology | None) -> SweepPoint:
    """Give a mean as a point of a sweep, with the interval that holds the true mean at 95 % confidence.

    The interval is the mean's, not the spread of single periods: it shrinks as periods come.

    Parameters
    ----------
    topology : Topology, optional
        The machine; with it the point says how the plan fits.
    """
    half = _NORMAL * mean.deviation / sqrt(mean.periods)
    fit = (True, "")
    if topology is not None and not mean.single:
        fit = read_alignment(plan_streams(topology, mean.num_streams, scheduler=mean.scheduler))
    return SweepPoint(
        mean.num_streams,
        mean.throughput,
        mean.throughput - half,
        mean.throughput + half,
        mean.p50 / _MILLISECONDS,
        mean.p99 / _MILLISECONDS,
        *fit,
        origin=mean.origin,
        scheduler=mean.scheduler,
    )


def write_row(mean: SettingMean) -> list[str]:
    """Give a mean as a row of the chart's table."""
    numbers = (mean.throughput, mean.deviation, mean.predicted, mean.p50, mean.p99)
    return [mean.words, mean.origin, str(mean.periods), *(_write(number) for number in numbers)]


def _write(number: float) -> str:
    return f"{number:.4g}" if isfinite(number) else "unknown"
