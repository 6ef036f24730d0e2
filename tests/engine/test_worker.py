"""The thread of a stream that serves the requests that had to wait."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from deepsched import compile_model
from deepsched.engine.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto

ONES = [np.ones((1, 3), np.float32)]


class Note:
    """A piece of work that notes the thread in which it was done, and where that may run."""

    def __init__(self) -> None:
        self.done = threading.Event()

    def serve(self) -> None:
        self.thread = threading.current_thread()
        self.cpus = os.sched_getaffinity(0)
        self.done.set()


def test_a_worker_does_all_its_work_in_one_pinned_thread() -> None:
    cpu = max(os.sched_getaffinity(0))
    worker = Worker("ds9.s0", frozenset({cpu}))
    notes = [Note() for _ in range(3)]
    for note in notes:
        worker.put(note)
    worker.close()
    assert all(note.done.is_set() for note in notes)
    assert {note.thread.name for note in notes} == {"deepsched-ds9.s0"}
    assert all(note.cpus == {cpu} and not note.thread.is_alive() for note in notes)


def test_a_worker_that_never_worked_has_no_thread() -> None:
    before = threading.active_count()
    worker = Worker("ds9.s1", None)
    assert threading.active_count() == before
    worker.close()


def test_a_worker_that_is_dropped_ends(wait_until: Callable[[Callable[[], bool]], None]) -> None:
    worker, note = Worker("ds9.s2", None), Note()
    worker.put(note)
    assert note.done.wait(10)
    del worker
    wait_until(lambda: not note.thread.is_alive())


def test_without_a_queue_callers_run_their_own_requests(doubling: ModelProto, new_threads: Callable[[], Any]) -> None:
    with compile_model(doubling, num_cores=1) as engine:
        for _ in range(10):
            engine.run(ONES)
        assert not new_threads()


@pytest.mark.parametrize("callers", [2, 8])
def test_those_who_wait_keep_their_own_cpus(
    doubling: ModelProto,
    holding: Callable[..., Any],
    queue_up: Callable[..., Any],
    read_masks: Callable[[], Any],
    callers: int,
) -> None:
    own = os.sched_getaffinity(0)
    with compile_model(doubling, num_cores=1) as engine:
        with holding(engine.context):
            futures = queue_up([(engine, ONES)] * callers)
            # THEN nobody in the queue was moved anywhere
            assert set(read_masks().values()) == {frozenset(own)}
        assert all(future.result()[0].tolist() == [[2, 2, 2]] for future in futures)
        assert len(engine.trace()) == callers
