"""A model under load in the background, its schedule changed by wishes; knows nothing of widgets."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from deepsched.engine import compile_model
from deepsched.measure import ClosedLoop
from deepsched.planning import Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from deepsched.engine import Engine, ThreadPlacement
    from deepsched.telemetry import Snapshot
    from deepsched.topology import Topology

PERIOD = 0.5
_JOIN_SECONDS = 30.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants to see run: the scheduler, its streams, and how many clients send requests."""

    scheduler: str
    num_streams: int
    clients: int


@dataclass(frozen=True, slots=True)
class Sample:
    """What ran in one period: its statistics, the schedule that was really in force, and where its threads were."""

    snapshot: Snapshot
    scheduler: str
    num_streams: int
    placements: tuple[ThreadPlacement, ...] = ()


class LiveRun:
    """One thread that compiles a model, loads it, follows wishes and reports a sample every half second.

    Only the newest wish counts: wishes that come while an older one is being carried out replace each other.

    Parameters
    ----------
    model : path, bytes or onnx.ModelProto
        The model.
    topology : Topology
        This machine.
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
        model: Any,
        topology: Topology,
        on_sample: Callable[[Sample], None],
        on_end: Callable[[Exception | None], None],
        wish: Wish,
        seconds: float,
    ) -> None:
        self._model = model
        self._topology = topology
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
        with _LoadedEngine(self._model, self._topology, self._wish) as loaded:
            due = time.monotonic() + PERIOD
            while not self._stopping.is_set() and time.monotonic() < until:
                self._changed.clear()
                loaded.adapt(self._wish)
                self._changed.wait(max(0.0, due - time.monotonic()))
                # On time even while wishes storm in: that is when a person looks.
                if time.monotonic() >= due:
                    self._on_sample(loaded.sample())
                    due = time.monotonic() + PERIOD


class _LoadedEngine:
    """An engine with clients upon it, as one wish describes them."""

    def __init__(self, model: Any, topology: Topology, wish: Wish) -> None:
        self._model = model
        self._topology = topology
        self._wish = wish
        self._engine = self._compile()
        self._load = self._start_clients()

    def adapt(self, wish: Wish) -> None:
        """Change what differs, and nothing else."""
        old, self._wish = self._wish, wish
        if wish.scheduler != old.scheduler:
            self._load.stop()
            self._engine.close()
            self._engine = self._compile()
            self._load = self._start_clients()
            return
        if wish.num_streams != old.num_streams and wish.scheduler != Scheduler.single_stream:
            self._engine.set_num_streams(wish.num_streams)
            self._placements = self._engine.verify_pinning()
            self._settled = time.perf_counter()
        if wish.clients != old.clients:
            self._load.stop()
            self._load = self._start_clients()

    def sample(self) -> Sample:
        """Take the statistics of the last period; raise what ended a client, if anything did."""
        if self._load.error is not None:
            raise self._load.error
        # Requests since the last change speak for the schedule in force; if that was just now, there are none yet.
        settled = time.perf_counter() - self._settled
        window = settled if PERIOD / 4 < settled < PERIOD else PERIOD
        return Sample(self._engine.stats(window), self._engine.scheduler, self._engine.num_streams, self._placements)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._load.stop()
        finally:
            self._engine.close()

    def _compile(self) -> Engine:
        several = self._wish.scheduler != Scheduler.single_stream
        engine = compile_model(
            self._model,
            num_streams=self._wish.num_streams if several else None,
            scheduler=self._wish.scheduler,
            topology=self._topology,
        )
        self._placements = engine.verify_pinning()
        return engine

    def _start_clients(self) -> ClosedLoop:
        load = ClosedLoop(self._engine, self._wish.clients)
        load.start()
        self._settled = time.perf_counter()
        return load
