"""A stream at work: its cpus, one session for each model, and requests on them."""

from __future__ import annotations

import os
from itertools import count
from typing import TYPE_CHECKING, Any

from deepsched.engine.affinity import CAN_PIN, call_pinned
from deepsched.engine.session import build_session

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnxruntime

    from deepsched.engine.model import Model
    from deepsched.planning import PlannedStream

_serial_numbers = count()


class Stream:
    """One stream of a plan, with the sessions that run on it.

    Whoever holds the stream, as `Dispatcher.acquire` gave it, has it alone.

    Parameters
    ----------
    planned : PlannedStream
        Its cores; one thread for each of its cpus serves a request.
    cpus : frozenset of int or None
        Where its threads may run; None leaves them unpinned.
    """

    __slots__ = ("cpus", "index", "name", "num_threads", "pool", "sessions")

    def __init__(self, planned: PlannedStream, cpus: frozenset[int] | None) -> None:
        self.index = planned.index
        self.num_threads = len(planned.cpus)
        self.cpus = cpus if CAN_PIN else None
        # The serial number keeps an old layout's threads apart from those of the layout that follows it.
        self.name = f"ds{next(_serial_numbers)}.s{planned.index}"
        self.sessions: dict[int, onnxruntime.InferenceSession] = {}
        self.pool: Any = None  # the dispatcher's, which it sets

    def open_model(self, key: int, model: Model) -> onnxruntime.InferenceSession:
        """Build the session for `model` on this stream's cpus, and keep it under `key`."""
        session = call_pinned(self.cpus, self.name, lambda: build_session(model, self.num_threads))
        self.sessions[key] = session
        return session

    def run(self, session: onnxruntime.InferenceSession, names: Sequence[str], feeds: dict[str, Any]) -> list[Any]:
        """Run one request in the calling thread, on this stream's cpus, and give the thread its own cpus back."""
        if self.cpus is None:
            return session.run(names, feeds)  # type: ignore[no-any-return]
        own = os.sched_getaffinity(0)
        if own == self.cpus:
            return session.run(names, feeds)  # type: ignore[no-any-return]
        try:
            os.sched_setaffinity(0, self.cpus)
        except OSError:  # a control group took these cpus away since: the request matters more than its place
            return session.run(names, feeds)  # type: ignore[no-any-return]
        try:
            return session.run(names, feeds)  # type: ignore[no-any-return]
        finally:
            os.sched_setaffinity(0, own)
