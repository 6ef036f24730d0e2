"""What a sweep over num_streams gives, and its picture: throughput and latency against num_streams."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Protocol

from deepsched.checks import check_choice, check_count
from deepsched.errors import OptionError
from deepsched.planning import Scheduler
from deepsched.render.figure import make_figure
from deepsched.render.sweeps.sweep_figure import describe_sweep
from deepsched.render.timelines.timeline_data import ORIGINS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deepsched.planning import StreamPlan
    from deepsched.topology import Topology


@dataclass(frozen=True, slots=True)
class SweepPoint:
    """One num_streams of a sweep.

    Parameters
    ----------
    num_streams : int
        At least 1.
    throughput, low, high : float
        Items per second, and the ends of its confidence interval; infinite or NaN where it has none.
    p50, p99 : float
        Latency in seconds; NaN where no request ended.
    aligned : bool
        Whether no stream straddles a socket, a NUMA node or an L3.
    findings : str
        What the plan says of this num_streams.
    origin : str
        ``"measured"`` or ``"simulated"``.
    p50_interval, p99_interval : (float, float), optional
        The ends of their confidence intervals in seconds.
    scheduler : str
        A point of ``"single_stream"`` is no point of the curve: it is drawn as a level to compare the others with.

    Raises
    ------
    OptionError
        If `num_streams` is below 1, `origin` neither of the two, or the throughput outside its interval.
    PlanError
        If there is no such scheduler.
    """

    num_streams: int
    throughput: float
    low: float
    high: float
    p50: float
    p99: float
    aligned: bool = True
    findings: str = ""
    origin: str = "measured"
    p50_interval: tuple[float, float] | None = None
    p99_interval: tuple[float, float] | None = None
    scheduler: str = Scheduler.multi_stream.value

    @property
    def single(self) -> bool:
        """Whether all cores served one request after another."""
        return self.scheduler == Scheduler.single_stream

    def __post_init__(self) -> None:
        check_count("num_streams", self.num_streams)
        check_choice("origin", self.origin, ORIGINS)
        Scheduler.choose(self.scheduler)
        if not isfinite(self.throughput) or self.low > self.throughput or self.high < self.throughput:
            interval = f"{self.low} to {self.high}"
            raise OptionError(f"throughput is {self.throughput!r}; expected a number in its interval, {interval}.")


class Estimated(Protocol):
    """A value and the ends of its confidence interval; measurements and simulations have their own kinds of it."""

    @property
    def value(self) -> float:
        """The value."""

    @property
    def low(self) -> float:
        """The interval's lower end."""

    @property
    def high(self) -> float:
        """The interval's upper end."""


def make_point(
    plan: StreamPlan | None,
    num_streams: int,
    throughput: Estimated,
    p50: Estimated,
    p99: Estimated,
    origin: str = "measured",
) -> SweepPoint:
    """Make a point of what was found of a plan: items per second, and latencies in seconds."""
    aligned, findings = read_alignment(plan) if plan else (True, "")
    return SweepPoint(
        num_streams=num_streams,
        throughput=throughput.value,
        low=throughput.low,
        high=throughput.high,
        p50=p50.value,
        p99=p99.value,
        aligned=aligned,
        findings=findings,
        origin=origin,
        p50_interval=(p50.low, p50.high),
        p99_interval=(p99.low, p99.high),
        scheduler=(plan.scheduler if plan else Scheduler.multi_stream).value,
    )


def read_alignment(plan: StreamPlan) -> tuple[bool, str]:
    """Say whether no stream of a plan straddles anything, and what there is to say of the plan."""
    straddles = any(finding.kind.endswith("-straddle") for finding in plan.findings)
    return not straddles, " ".join(finding.message for finding in plan.findings) or "No findings."


def name_boundaries(topology: Topology) -> dict[int, str]:
    """Give each num_streams at which every stream owns one whole part of the machine the part's name."""
    counts = {"a socket": topology.sockets, "a NUMA node": topology.numa_nodes, "an L3": topology.l3_caches}
    names: dict[int, list[str]] = {}
    for name, parts in counts.items():
        # One stream for the whole machine is aligned with everything: not worth a mark.
        if len(parts) > 1:
            names.setdefault(len(parts), []).append(name)
    return {count: f"one stream {', '.join(parts)}" for count, parts in names.items()}


def draw_sweep(points: Sequence[SweepPoint], *, boundaries: Mapping[int, str] | None = None, title: str = "") -> Any:
    """Draw throughput, p50 and p99 against num_streams, measured beside simulated.

    Parameters
    ----------
    points : sequence of SweepPoint
        In any order.
    boundaries : mapping of int to str, optional
        What to write at which num_streams; `name_boundaries` gives those of a machine.
    title : str
        What was swept.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    MissingPackageError
        If plotly is not installed.
    OptionError
        If one num_streams, or single_stream, has two points of one origin.
    """
    return make_figure(describe_sweep(points, boundaries=boundaries or {}, title=title), caller="draw_sweep")
