"""A thread that follows wishes and tells what runs every half second; knows nothing of widgets."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self

from deepsched_widgets.lab.job import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from deepsched.engine import ThreadPlacement
    from deepsched.planning import StreamPlan
    from deepsched.simulation import Workload
    from deepsched.telemetry import RequestRecord, Snapshot
    from deepsched_widgets.lab.prediction import Prediction
    from deepsched_widgets.lab.wish import Wish

PERIOD = 0.5
_PERIODS_A_TRACE = 4
_JOIN_SECONDS = 30.0
_LOOK_SECONDS = 0.05

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sample:
    """What ran in one period: its statistics, the schedule that was really in force, and where its threads were.

    `clients` or `rate` and `workload` say under what load; `prediction` what was expected of it, where that is known;
    `core_load` how busy each cpu was, in per cent, where that was read; `note` what there is to know of the load.
    """

    snapshot: Snapshot
    scheduler: str
    num_streams: int
    placements: tuple[ThreadPlacement, ...] = ()
    clients: int | None = None
    rate: float | None = None
    workload: Workload | None = None
    prediction: Prediction | None = None
    core_load: Mapping[int, float] = field(default_factory=dict)
    note: str = ""

    def is_of(self, plan: StreamPlan) -> bool:
        """Whether it is this plan that was in force."""
        return (self.scheduler, self.num_streams) == (plan.scheduler.value, plan.num_streams)


@dataclass(frozen=True, slots=True)
class Trace:
    """The last requests of one setting, oldest first."""

    wish: Wish
    num_streams: int
    records: tuple[RequestRecord, ...]


class Source(Protocol):
    """What a live run takes its samples from: an engine under load, or a simulation of one."""

    def adapt(self, wish: Wish) -> None:
        """Change what differs from the wish before, and nothing else."""

    def sample(self) -> Sample:
        """Say what ran in the last period; raise what ended it, if anything did."""

    def trace(self) -> Trace:
        """Give the last requests of the setting in force."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Audience(Protocol):
    """Who is told of a live run, always in the run's own thread."""

    def show_sample(self, run: LiveRun, wish: Wish, sample: Sample) -> None:
        """Take the sample of a period, and the wish that was in force."""

    def show_trace(self, run: LiveRun, trace: Trace) -> None:
        """Take the last requests: every two seconds, and of each setting when it is left."""

    def show_end(self, run: LiveRun, error: Exception | None) -> None:
        """Take it that the run is over, and what ended it, if anything did."""


class LiveRun(Job):
    """One thread that opens a source, lets it follow wishes, and tells an audience of it.

    Only the newest wish counts: wishes that come while an older one is being carried out replace each other.

    Parameters
    ----------
    open_source : callable
        Called in the run's own thread with a wish; gives the `Source`, which is left when the run is over, or when a
        wish comes that it cannot follow.
    audience : Audience
        Who is told.
    wish : Wish
        What to run first.
    seconds : float
        The run ends by itself after so long.
    """

    def __init__(self, open_source: Callable[[Wish], Source], audience: Audience, wish: Wish, seconds: float) -> None:
        super().__init__(wish, self._work, "deepsched-live-run", _JOIN_SECONDS)
        self._open_source = open_source
        self._audience = audience
        self.seconds = seconds
        self._changed = threading.Event()
        self._free: threading.Event | None = None

    def follow(self, wish: Wish, free: threading.Event | None = None) -> None:
        """Replace the wish; the run follows as soon as it has carried out the one before, and `free` is set."""
        if free is not None:
            self._free = free
        self.wish = wish
        self._changed.set()

    def stop(self, *, wait: bool = True) -> None:
        """End the run; see `Job`."""
        # In this order: the thread looks at the first when the second wakes it.
        self._stopping.set()
        self._changed.set()
        super().stop(wait=wait)

    def _work(self) -> None:
        error: Exception | None = None
        try:
            self._after()
            until = time.monotonic() + self.seconds
            while not self._is_over(until):
                wish = self.wish
                if self._is_free():
                    self._follow_wishes(wish, until)
        except Exception as caught:
            logger.exception("a live run ended")
            error = caught
        self._audience.show_end(self, error)

    def _follow_wishes(self, ground: Wish, until: float) -> None:
        """Run a source until the end, or until a wish comes that asks for another one."""
        with self._open_source(ground) as source:
            wish = ground
            due, periods = time.monotonic() + PERIOD, 0
            while not self._is_over(until):
                self._changed.clear()
                newest = self.wish
                if not newest.shares_ground_with(ground):
                    break
                if newest != wish:
                    self._audience.show_trace(self, source.trace())
                    source.adapt(newest)
                    wish = newest
                self._changed.wait(max(0.0, due - time.monotonic()))
                # On time even while wishes storm in: that is when a person looks.
                if time.monotonic() >= due:
                    self._audience.show_sample(self, wish, source.sample())
                    due, periods = time.monotonic() + PERIOD, periods + 1
                    if periods % _PERIODS_A_TRACE == 0:
                        self._audience.show_trace(self, source.trace())
            self._audience.show_trace(self, source.trace())

    def _is_free(self) -> bool:
        """Tell, after a moment, whether the cores that a wish needs are free."""
        return self._free is None or self._free.wait(_LOOK_SECONDS)

    def _is_over(self, until: float) -> bool:
        return self.stopping or time.monotonic() >= until
