"""A stream at work: its cpus, one session for each model, and requests on them."""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING, Any

from deepsched.engine.affinity import CAN_PIN
from deepsched.engine.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import onnxruntime

    from deepsched.engine.dispatch import Pool
    from deepsched.engine.weights import Weights
    from deepsched.planning import PlannedStream, StreamPlan
    from deepsched.telemetry import Counter

_serial_numbers = count()


class Stream:
    """One stream of a plan, with the sessions that run on it.

    Whoever holds the stream, as `Dispatcher.take` gave it, has it alone.

    Parameters
    ----------
    plan : StreamPlan
        The plan that it belongs to.
    planned : PlannedStream
        Its cores; one thread for each of its cpus serves a request.
    cpus : frozenset of int or None
        Where its threads may run; None leaves them unpinned.
    """

    __slots__ = ("__weakref__", "cpus", "index", "name", "num_threads", "plan", "pool", "sessions", "totals", "worker")

    def __init__(self, plan: StreamPlan, planned: PlannedStream, cpus: frozenset[int] | None) -> None:
        self.plan = plan
        self.index = planned.index
        self.num_threads = len(planned.cpus)
        self.cpus = cpus if CAN_PIN else None
        # The serial number keeps an old layout's threads apart from those of the layout that follows it.
        self.name = f"ds{next(_serial_numbers)}.s{planned.index}"
        self.sessions: dict[int, onnxruntime.InferenceSession] = {}
        self.totals: dict[int, Counter] = {}  # of each model, written by whoever holds the stream
        self.worker = Worker(self.name, self.cpus)
        self.pool: Callable[[], Pool | None]  # set by the pool

    def open_model(self, key: int, weights: Weights) -> onnxruntime.InferenceSession:
        """Open a session of a model on this stream's cpus, and keep it under `key`."""
        session = weights.open_session(self)
        self.sessions[key] = session
        return session

    def run(
        self, key: int, names: Sequence[str], feeds: dict[str, Any], options: onnxruntime.RunOptions | None
    ) -> list[Any]:
        """Run one request in the calling thread, on this stream's cpus, and give the thread its own cpus back.

        No variable here holds the session: a traceback that somebody keeps must not keep the session's threads.
        It is called below its Python wrapper, which would check once more what was checked before.
        """
        cpus = self.cpus
        own = None if cpus is None else os.sched_getaffinity(0)
        if own == cpus:
            return self.sessions[key]._sess.run(names, feeds, options)  # type: ignore[no-any-return]  # noqa: SLF001
        try:
            _pin(cpus)
            return self.sessions[key]._sess.run(names, feeds, options)  # type: ignore[no-any-return]  # noqa: SLF001
        finally:
            _pin(own)


def _pin(cpus: set[int] | frozenset[int] | None) -> None:
    try:
        os.sched_setaffinity(0, cpus)  # type: ignore[arg-type]  # an unpinned stream never gets here
    except OSError:
        return  # a control group has taken these cpus away since: the request matters more than its place
