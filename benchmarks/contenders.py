"""What is compared: each opens a model and gives a function that runs one request and may be called by many threads."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import onnxruntime

from deepsched import compile_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def open_default(model: Any, value: Any) -> Iterator[Callable[[], object]]:
    """One onnxruntime session with default options, shared by all callers: what people do first."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    feeds = {session.get_inputs()[0].name: value}
    yield lambda: session.run(None, feeds)


@contextmanager
def open_by_hand(model: Any, value: Any) -> Iterator[Callable[[], object]]:
    """One pinned single-thread session a core, each caller with its own: the best that can be built by hand."""
    cores = sorted(os.sched_getaffinity(0))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    sessions = [onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"]) for _ in cores]
    feeds = {sessions[0].get_inputs()[0].name: value}
    mine = threading.local()
    turn = iter(range(10**9))

    def run() -> object:
        if not hasattr(mine, "session"):
            place = next(turn) % len(cores)
            os.sched_setaffinity(0, {cores[place]})
            mine.session = sessions[place]
        return mine.session.run(None, feeds)

    yield run


@contextmanager
def open_deepsched(model: Any, value: Any) -> Iterator[Callable[[], object]]:
    """One stream a core, with checks, pinning and telemetry on."""
    with compile_model(model, num_streams=len(os.sched_getaffinity(0)), scheduler="multi_stream") as engine:
        yield lambda: engine.run([value])


@contextmanager
def open_deepsched_single(model: Any, value: Any) -> Iterator[Callable[[], object]]:
    """All cores for each request."""
    with compile_model(model, scheduler="single_stream") as engine:
        yield lambda: engine.run([value])
