"""One model's weights, and who shares them: all streams and processes, or nobody."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from deepsched.engine.affinity import call_pinned
from deepsched.engine.heap import trim_heap
from deepsched.engine.prepared import NotPreparedError, fingerprint_model, prepare_model
from deepsched.engine.session import build_session
from deepsched.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import onnxruntime

    from deepsched.engine.model import Model
    from deepsched.engine.stream import Stream

SHARINGS = ("shared", "private")

_log = logging.getLogger("deepsched")


class Weights:
    """A model as the streams of a context open it.

    Parameters
    ----------
    model : Model
        The model as it was given.
    sharing : {"shared", "private"}
        ``"shared"`` maps the model's prepared form, one copy for all streams of a NUMA node in all processes; streams
        of one thread share one session too. A model that cannot be prepared is opened as it is, with a log line.
        ``"private"`` builds each stream's session from the model itself, with weights of its own.
    spinning : mapping of str to str
        How the sessions' workers wait; see `deepsched.engine.spinning`.
    """

    def __init__(self, model: Model, sharing: str, spinning: Mapping[str, str]) -> None:
        self._model = model
        self._spinning = spinning
        self._shares = self._prepares = sharing == "shared"
        self._fingerprint: str | None = None
        # A session of one thread has no pool: any number of streams can run in it at once. It lives as long as they do.
        self._sessions: WeakValueDictionary[int | None, onnxruntime.InferenceSession] = WeakValueDictionary()

    def open_session(self, stream: Stream) -> onnxruntime.InferenceSession:
        """Open the model for a stream, on its cpus.

        Raises
        ------
        ModelError
            If onnxruntime cannot load the model, or its file must be read again and was changed since it was compiled.
        """
        node = _find_home(stream)
        may_share = self._shares and stream.num_threads == 1
        session = self._sessions.get(node) if may_share else None
        if session is None:
            session = call_pinned(stream.cpus, stream.name, partial(self._build_lean, stream.num_threads, node))
            if may_share:
                self._sessions[node] = session
        return session

    def _build_lean(self, num_threads: int, node: int | None) -> onnxruntime.InferenceSession:
        try:
            return self._build(num_threads, node)
        finally:
            trim_heap()  # in the thread whose heap it is

    def _build(self, num_threads: int, node: int | None) -> onnxruntime.InferenceSession:
        obstacle = None
        if self._prepares:
            try:
                return self._build_prepared(num_threads, node)
            except NotPreparedError as error:
                obstacle, self._prepares = str(error).rstrip("."), False
        self._model.check_unchanged()
        session = build_session(self._model, num_threads, self._spinning)
        if obstacle is not None:
            _log.warning(
                "model %s cannot be prepared, so each stream holds weights of its own: %s.", self._model.label, obstacle
            )
        return session

    def _build_prepared(self, num_threads: int, node: int | None) -> onnxruntime.InferenceSession:
        if self._fingerprint is None:
            self._fingerprint = fingerprint_model(self._model)
        prepared = prepare_model(self._model, self._fingerprint, node)
        try:
            return build_session(prepared, num_threads, self._spinning)
        except ModelError as error:  # it was evicted at this moment, or onnxruntime lacks the memory
            raise NotPreparedError(str(error)) from error


def _find_home(stream: Stream) -> int | None:
    """Find the NUMA node whose copy of the weights a stream reads; None where all read the same."""
    nodes = {thread.numa_node for thread in stream.plan.topology.threads}
    if stream.cpus is None or len(nodes) == 1:
        return None
    return stream.plan.streams[stream.index].numa_nodes[0]
