"""A model under load on this machine, as a live run shows it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol, Self

from deepsched.engine import compile_model
from deepsched.engine.claims import describe_rivals
from deepsched.engine.dispatch import CLOSED
from deepsched.engine.heap import trim_heaps_of_ended_threads
from deepsched.errors import ClosedError
from deepsched.measure import ClosedLoop
from deepsched_widgets.lab.arrivals import Arrivals
from deepsched_widgets.lab.core_load import CoreLoad
from deepsched_widgets.lab.live_run import PERIOD, Sample, Trace
from deepsched_widgets.lab.words import describe_inputs

if TYPE_CHECKING:
    from types import TracebackType

    from deepsched.engine import Engine
    from deepsched_widgets.lab.prediction import Predictor
    from deepsched_widgets.lab.wish import Wish

_PERIODS_A_LOOK = 2  # at pins and cpus: once a second
_RECORDS = 2000


class Load(Protocol):
    """What sends requests to an engine."""

    @property
    def error(self) -> Exception | None:
        """What ended it before its time, if anything did."""

    def start(self) -> None:
        """Send the first requests."""

    def stop(self) -> None:
        """Return when the last request is answered or taken back."""


class MeasuredRun:
    """An engine with load upon it, as one wish describes them.

    An engine that the person made stays open, with the streams that it has at the end.

    Parameters
    ----------
    predictor : Predictor
        What predicts, when a wish asks for it.
    wish : Wish
        What to run first.
    """

    def __init__(self, predictor: Predictor, wish: Wish) -> None:
        self._predictor = predictor
        self._wish = wish
        self._core_load = CoreLoad(wish.topology)
        self._settled = 0.0
        self._periods = 0
        if wish.predict and not predictor.knows(wish.model):
            predictor.calibrate(wish.model)
        self._engine = self._compile()
        try:
            self._follow_streams()
            self._load = self._start_load()
        except BaseException:
            self._close_engine()
            raise

    def adapt(self, wish: Wish) -> None:
        """Change what differs, and nothing else."""
        old, self._wish = self._wish, wish
        if wish.predict and not self._predictor.knows(wish.model):
            self._calibrate()
        if (wish.scheduler, wish.threads_per_core) != (old.scheduler, old.threads_per_core):
            self._stop_load()
            self._close_engine()
            self._engine = self._compile()
            self._load = self._start_load()
            return
        self._follow_streams()
        if wish.load != old.load:
            self._stop_load()
            self._load = self._start_load()

    def sample(self) -> Sample:
        """Take the statistics of the last period; raise what ended the load, if anything did."""
        if self._load is not None and self._load.error is not None:
            raise self._load.error
        # Nobody's request would tell a person who only watches.
        if self._engine.closed:
            raise ClosedError(CLOSED)
        # Only requests since the last change speak for the schedule in force; if that was just now, some are awaited.
        time.sleep(max(0.0, self._settled + PERIOD / 4 - time.perf_counter()))
        settled = time.perf_counter() - self._settled
        window = min(settled, PERIOD)
        snapshot, plan, wish = self._engine.stats(window), self._engine.plan, self._wish
        # A period that began before the last change would spoil the mean that the prediction stands beside.
        comparable = wish.predict and settled >= PERIOD
        prediction = self._predictor.compare(plan, wish, snapshot) if comparable else None
        core_load = {}
        self._periods += 1
        if self._periods % _PERIODS_A_LOOK == 0:
            core_load = self._core_load.read()
            self._placements = self._engine.verify_pinning()
        return Sample(
            snapshot,
            wish.scheduler,
            plan.num_streams,
            self._placements,
            clients=wish.clients,
            rate=wish.rate,
            prediction=prediction,
            core_load=core_load,
            note=" ".join(filter(None, [self._rivals, describe_inputs(self._engine, wish)])),
        )

    def trace(self) -> Trace:
        """Give the engine's last requests since the last change of its streams."""
        # An engine's owner may change its streams too, at any time.
        count, since = self._engine.num_streams, self._settled
        records = tuple(r for r in self._engine.trace() if r.queued >= since and r.stream < count)
        return Trace(self._wish, count, records[-_RECORDS:])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._stop_load()
        finally:
            self._close_engine()

    def _compile(self) -> Engine:
        wish = self._wish
        engine = wish.model.engine or compile_model(
            wish.model.given,
            num_streams=wish.num_streams if wish.several else None,
            scheduler=wish.scheduler,
            topology=wish.topology,
            threads_per_core=wish.threads_per_core,
        )
        self._look(engine)
        return engine

    def _close_engine(self) -> None:
        if self._wish.model.engine is None:
            self._engine.close()
            # The clients have ended, and a session's memory lies in the heaps of those who ran it.
            trim_heaps_of_ended_threads()

    def _follow_streams(self) -> None:
        """Give the engine the streams that are wished for, if it has others."""
        if self._wish.several and self._engine.num_streams != self._wish.num_streams:
            self._engine.set_num_streams(self._wish.num_streams)
            self._look(self._engine)

    def _look(self, engine: Engine) -> None:
        rivals = describe_rivals(engine.plan)
        self._rivals = rivals[:1].upper() + rivals[1:]
        self._placements = engine.verify_pinning()
        self._settled = time.perf_counter()

    def _calibrate(self) -> None:
        """Let the clients rest meanwhile: they would be measured too."""
        self._stop_load()
        self._predictor.calibrate(self._wish.model)
        self._load = self._start_load()
        # A sample speaks for the last period, and none should speak for their rest.
        time.sleep(PERIOD)

    def _start_load(self) -> Load | None:
        """Load the engine; nobody does where the person only watches."""
        wish = self._wish
        load: Load | None = None
        if wish.rate is not None:
            load = Arrivals(self._engine, wish.rate, wish.model.inputs)
        elif wish.clients:
            load = ClosedLoop(self._engine, wish.clients, wish.model.inputs)
        if load is not None:
            load.start()
        self._settled = time.perf_counter()
        return load

    def _stop_load(self) -> None:
        if self._load is not None:
            self._load.stop()
