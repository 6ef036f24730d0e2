"""A thread that follows wishes and reports what runs every half second; knows nothing of widgets."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from deepsched.engine import ThreadPlacement
    from deepsched.simulation import Workload
    from deepsched.telemetry import Snapshot
    from deepsched_widgets.prediction import Prediction

PERIOD = 0.5
_JOIN_SECONDS = 30.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants to see run.

    Attributes
    ----------
    scheduler : str
        The scheduler.
    num_streams : int
        Its streams.
    clients : int
        How many clients send requests.
    workload : Workload, optional
        What a simulated request asks for. A real one asks for what its model does.
    predict : bool
        Whether to show beside what is measured what a simulation predicts.
    """

    scheduler: str
    num_streams: int
    clients: int
    workload: Workload | None = None
    predict: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """What ran in one period: its statistics, the schedule that was really in force, and where its threads were.

    `clients`, `workload` and `prediction` say under what load, and what was expected of it, where that is known.
    """

    snapshot: Snapshot
    scheduler: str
    num_streams: int
    placements: tuple[ThreadPlacement, ...] = ()
    clients: int = 0
    workload: Workload | None = None
    prediction: Prediction | None = None


class Source(Protocol):
    """What a live run takes its samples from: an engine under load, or a simulation of one."""

    def adapt(self, wish: Wish) -> None:
        """Change what differs from the wish before, and nothing else."""

    def sample(self) -> Sample:
        """Say what ran in the last period; raise what ended it, if anything did."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class LiveRun:
    """One thread that opens a source, lets it follow wishes, and reports a sample every half second.

    Only the newest wish counts: wishes that come while an older one is being carried out replace each other.

    Parameters
    ----------
    open_source : callable
        Called in the run's own thread with the first wish; gives the `Source`, which is left when the run is over.
    on_sample : callable
        Called with each `Sample`, in the run's own thread.
    on_end : callable
        Called once when the run is over, with the error that ended it, or None.
    wish : Wish
        What to run first.
    seconds : float
        The run ends by itself after so long.
    """

    def __init__(
        self,
        open_source: Callable[[Wish], Source],
        on_sample: Callable[[Sample], None],
        on_end: Callable[[Exception | None], None],
        wish: Wish,
        seconds: float,
    ) -> None:
        self._open_source = open_source
        self._on_sample = on_sample
        self._on_end = on_end
        self._seconds = seconds
        self._wish = wish
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="deepsched-live-run", daemon=True)

    def start(self) -> None:
        """Start the run."""
        self._thread.start()

    def follow(self, wish: Wish) -> None:
        """Replace the wish; the run follows as soon as it has carried out the one before."""
        self._wish = wish
        self._changed.set()

    def stop(self, *, wait: bool = True) -> None:
        """End the run; with `wait`, return when its threads and streams are gone."""
        self._stopping.set()
        self._changed.set()
        if wait and self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(_JOIN_SECONDS)

    @property
    def alive(self) -> bool:
        """Whether the run's thread is there."""
        return self._thread.is_alive()

    def _work(self) -> None:
        error: Exception | None = None
        try:
            self._follow_wishes()
        except Exception as caught:
            logger.exception("a live run ended")
            error = caught
        self._on_end(error)

    def _follow_wishes(self) -> None:
        until = time.monotonic() + self._seconds
        with self._open_source(self._wish) as source:
            due = time.monotonic() + PERIOD
            while not self._stopping.is_set() and time.monotonic() < until:
                self._changed.clear()
                source.adapt(self._wish)
                self._changed.wait(max(0.0, due - time.monotonic()))
                # On time even while wishes storm in: that is when a person looks.
                if time.monotonic() >= due:
                    self._on_sample(source.sample())
                    due = time.monotonic() + PERIOD
