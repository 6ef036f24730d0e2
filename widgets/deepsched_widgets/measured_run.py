"""A model under load on this machine, as a live run shows it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from deepsched.engine import compile_model
from deepsched.measure import ClosedLoop
from deepsched.planning import Scheduler
from deepsched_widgets.live_run import PERIOD, Sample

if TYPE_CHECKING:
    from types import TracebackType

    from deepsched.engine import Engine
    from deepsched.topology import Topology
    from deepsched_widgets.live_run import Wish
    from deepsched_widgets.prediction import Predictor


class MeasuredRun:
    """An engine with clients upon it, as one wish describes them.

    Parameters
    ----------
    model : path, bytes or onnx.ModelProto
        The model.
    topology : Topology
        This machine.
    predictor : Predictor
        What predicts, when a wish asks for it.
    wish : Wish
        What to run first.
    """

    def __init__(self, model: Any, topology: Topology, predictor: Predictor, wish: Wish) -> None:
        self._model = model
        self._topology = topology
        self._predictor = predictor
        self._wish = wish
        self._engine = self._compile()
        self._load = self._start_clients()

    def adapt(self, wish: Wish) -> None:
        """Change what differs, and nothing else."""
        old, self._wish = self._wish, wish
        if wish.predict and not self._predictor.calibrated:
            self._calibrate()
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
        snapshot, plan, clients = self._engine.stats(window), self._engine.plan, self._wish.clients
        # A period that began before the last change would spoil the mean that the prediction stands beside.
        comparable = self._wish.predict and settled >= PERIOD
        prediction = self._predictor.compare(plan, clients, snapshot) if comparable else None
        return Sample(
            snapshot,
            self._engine.scheduler,
            plan.num_streams,
            self._placements,
            clients=clients,
            prediction=prediction,
        )

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

    def _calibrate(self) -> None:
        """Let the clients rest meanwhile: they would be measured too."""
        self._load.stop()
        self._predictor.calibrate(self._model)
        self._load = self._start_clients()
        # A sample speaks for the last period, and none should speak for their rest.
        time.sleep(PERIOD)

    def _start_clients(self) -> ClosedLoop:
        load = ClosedLoop(self._engine, self._wish.clients)
        load.start()
        self._settled = time.perf_counter()
        return load
