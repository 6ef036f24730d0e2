"""Who is compared: each opens a workload, and gives the function that connects a caller to it.

A caller calls ``connect(place)`` in its own thread and gets the function that runs one request. Contenders are opened
anew for each measurement and closed after it: the idle threads of one would spin on the cores of the next.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING

import onnxruntime

from deepsched import Topology, compile_model, plan_streams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from benchmarks.load import Connect
    from benchmarks.workloads import Workload

    Opener = Callable[[Workload], AbstractContextManager[Connect]]

_ERRORS_ONLY = 3


@cache
def list_core_cpus() -> tuple[int, ...]:
    """List one cpu of each core that this process may use, in topological order."""
    topology = Topology.detect()
    plan = plan_streams(topology, len(topology.usable_cores), scheduler="multi_stream")
    return tuple(stream.cpus[0] for stream in plan.streams)


def count_cores() -> int:
    """Count the cores that this process may use."""
    return len(list_core_cpus())


def build_session(model: str | bytes, num_threads: int | None = None) -> onnxruntime.InferenceSession:
    """Build a session with onnxruntime's default options but for the number of threads; None keeps that one too."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    if num_threads is not None:
        options.intra_op_num_threads = num_threads
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def bind_run(session: onnxruntime.InferenceSession, workload: Workload) -> Callable[[], object]:
    """Give the function that runs one request on `session`."""
    return partial(session.run, None, {session.get_inputs()[0].name: workload.array})


@contextmanager
def open_default(workload: Workload) -> Iterator[Connect]:
    """One session with default options, shared by all callers: what people do first."""
    run = bind_run(build_session(workload.model), workload)
    yield lambda _: run


@contextmanager
def open_by_hand(workload: Workload) -> Iterator[Connect]:
    """One session of one thread a core, each with a caller pinned to that core: the best that is built by hand."""
    cpus = list_core_cpus()
    runs = [bind_run(build_session(workload.model, 1), workload) for _ in cpus]

    def connect(place: int) -> Callable[[], object]:
        os.sched_setaffinity(0, {cpus[place % len(cpus)]})
        return runs[place % len(cpus)]

    yield connect


@contextmanager
def open_with_threads(workload: Workload, num_threads: int) -> Iterator[Connect]:
    """One session of `num_threads` threads, the caller's being one of them."""
    run = bind_run(build_session(workload.model, num_threads), workload)
    yield lambda _: run


@contextmanager
def open_engine(workload: Workload, num_streams: int) -> Iterator[Connect]:
    """Open the engine with all cores in `num_streams` streams; checks, pinning and telemetry are on."""
    scheduler = "multi_stream" if num_streams > 1 else "single_stream"
    with compile_model(workload.model, num_streams=num_streams, scheduler=scheduler) as engine:
        run = partial(engine.run, [workload.array])
        yield lambda _: run
