"""On which cpus a stream's threads really are, as /proc tells while a request runs."""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from deepsched import Context, DeepschedError, DeepschedWarning, Engine, Topology, compile_model
from deepsched.engine import stream as stream_module
from deepsched.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onnx import ModelProto

    Masks = Callable[[], dict[int, frozenset[int]]]

pytestmark = pytest.mark.usefixtures("two_cores")
LAYOUTS = pytest.mark.parametrize(
    "layout",
    [{"num_cores": 1}, {"num_cores": 2}, {}, {"num_cores": 2, "num_streams": 2}, {"num_streams": 2}],
    ids=str,
)


def watch_caller(engine: Engine, inputs: list[Any], read_masks: Masks) -> set[frozenset[int]]:
    """Run a request in a thread of its own, and read meanwhile which cpus that thread has."""
    seen: list[tuple[float, frozenset[int]]] = []
    caller = threading.Thread(target=engine.run, args=(inputs,))
    caller.start()
    while caller.is_alive():
        mask = read_masks().get(caller.native_id or 0)
        if mask is not None:
            seen.append((time.perf_counter(), mask))
        time.sleep(0.001)
    record = engine.trace()[-1]
    # The record begins before the thread is pinned and ends after it is freed: the middle half is certainly inside.
    margin = (record.ended - record.started) / 4
    return {mask for moment, mask in seen if record.started + margin < moment < record.ended - margin}


def refuse(thread: int, cpus: frozenset[int]) -> None:
    """Do as the kernel does where a control group allows none of `cpus`."""
    raise OSError(22, "Invalid argument")


@pytest.fixture
def narrow_caller() -> Iterator[ThreadPoolExecutor]:
    """A thread that may run on one cpu only, the last of this process's."""
    last = max(os.sched_getaffinity(0))
    with ThreadPoolExecutor(1, initializer=os.sched_setaffinity, initargs=(0, {last})) as caller:
        assert caller.submit(os.sched_getaffinity, 0).result() == {last}
        yield caller


@LAYOUTS
def test_the_caller_runs_on_its_streams_cpus(
    repeating: ModelProto, layout: dict[str, Any], slow_inputs: list[Any], read_masks: Masks
) -> None:
    with compile_model(repeating, **layout) as engine:
        seen = watch_caller(engine, slow_inputs, read_masks)
        assert seen == {frozenset(engine.plan.streams[engine.trace()[-1].stream].cpus)}


@LAYOUTS
def test_every_stream_is_used_from_its_own_cpus(
    repeating: ModelProto, layout: dict[str, Any], read_masks: Masks, holding: Callable[..., Any]
) -> None:
    inputs = [np.ones((256, 256), np.float32), np.array(50)]
    with compile_model(repeating, **layout) as engine:
        for planned in engine.plan.streams:
            # GIVEN that the streams before this one are taken, and so are those after it
            with holding(engine.context, engine.num_streams) as streams:
                free = next(stream for stream in streams if stream.index == planned.index)
                streams.remove(free)
                engine.context.release(free)
                assert watch_caller(engine, inputs, read_masks) == {frozenset(planned.cpus)}
                assert engine.trace()[-1].stream == planned.index


@LAYOUTS
def test_workers_sit_on_their_streams_cpus_and_their_number_is_explicit(
    repeating: ModelProto, layout: dict[str, Any], new_threads: Masks, wait_until: Callable[..., None]
) -> None:
    with compile_model(repeating, **layout) as engine:
        expected = Counter({frozenset(s.cpus): len(s.cpus) - 1 for s in engine.plan.streams if len(s.cpus) > 1})
        wait_until(lambda: Counter(new_threads().values()) == expected)
        engine.run([np.ones((256, 256), np.float32), np.array(20)])
        assert Counter(new_threads().values()) == expected


@LAYOUTS
def test_verify_pinning_says_what_proc_says(
    repeating: ModelProto, layout: dict[str, Any], new_threads: Masks, wait_until: Callable[..., None]
) -> None:
    with compile_model(repeating, **layout) as engine:
        workers = sum(len(stream.cpus) - 1 for stream in engine.plan.streams)
        wait_until(lambda: len(new_threads()) == workers)
        placements = engine.verify_pinning()
        assert {p.thread_id: p.actual for p in placements} == new_threads()
        assert all(p.asked == frozenset(engine.plan.streams[p.stream].cpus) for p in placements)
        assert all(p.as_asked for p in placements)


def test_verify_pinning_lists_workers_and_no_thread_that_built_them(doubling: ModelProto) -> None:
    for _ in range(200):
        with compile_model(doubling, num_cores=2) as engine:
            assert len(engine.verify_pinning()) == 1


def test_verify_pinning_reads_where_threads_are_now(doubling: ModelProto) -> None:
    with compile_model(doubling, num_cores=2) as engine:
        (worker,) = engine.verify_pinning()
        os.sched_setaffinity(worker.thread_id, {min(worker.actual)})
        (moved,) = engine.verify_pinning()
        assert moved.actual == {min(worker.actual)}
        assert moved.asked == worker.asked
        assert moved.as_asked, "it cannot leave the cpus that were asked for"


def test_a_worker_found_elsewhere_is_told_and_put_back(doubling: ModelProto, read_masks: Masks) -> None:
    with compile_model(doubling, num_cores=2) as engine:
        everywhere = frozenset(engine.plan.streams[0].cpus)
        # GIVEN a stream that was asked for one cpu, and a worker that may run on another one too
        stream = engine.context.acquire()
        engine.context.release(stream)
        stream.cpus = frozenset({min(everywhere)})
        # WHEN a running engine is looked at
        with pytest.warns(DeepschedWarning, match=rf"stream 0 asked for cpus {min(everywhere)} and may run on") as told:
            (worker,) = engine.verify_pinning()
        # THEN it says what is off, and why
        assert (worker.asked, worker.actual, worker.as_asked) == (stream.cpus, everywhere, False)
        assert worker.reason
        assert worker.reason in str(told[0].message)
        assert told[0].filename == __file__
        # and WHEN it is repaired THEN the thread is where it should be
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            (repaired,) = engine.verify_pinning(repair=True)
            assert engine.verify_pinning() == (repaired,)
        assert (repaired.thread_id, repaired.actual, repaired.as_asked) == (worker.thread_id, stream.cpus, True)
        assert read_masks()[worker.thread_id] == stream.cpus


def test_a_repair_that_is_refused_says_so(doubling: ModelProto, monkeypatch: pytest.MonkeyPatch) -> None:
    with compile_model(doubling, num_cores=2) as engine:
        stream = engine.context.acquire()
        engine.context.release(stream)
        stream.cpus = frozenset({min(stream.cpus)})
        with monkeypatch.context() as patch:
            patch.setattr(os, "sched_setaffinity", refuse)
            with pytest.warns(DeepschedWarning, match="Invalid argument: this process's control group"):
                (worker,) = engine.verify_pinning(repair=True)
        assert not worker.as_asked
        assert "Invalid argument" in str(worker.reason)


@LAYOUTS
def test_a_pin_that_fails_is_a_warning(
    doubling: ModelProto, layout: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    with pytest.warns(DeepschedWarning, match="^pinning failed: stream 0 asked for cpus .*Invalid argument") as told:
        engine = compile_model(doubling, **layout)
    assert len(told) == 1
    assert str(told[0].message).count(" asked for cpus ") == engine.num_streams
    with engine:
        assert engine.run([np.ones((1, 3), np.float32)])[0].tolist() == [[2, 2, 2]]
        with pytest.warns(DeepschedWarning, match="^pinning failed"):
            assert all("Invalid argument" in str(p.reason) for p in engine.verify_pinning() if not p.as_asked)


def test_a_failed_pin_is_told_once(doubling: ModelProto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with Context(num_streams=2) as context:
            first, second = (compile_model(doubling, context=context) for _ in range(2))
            assert len(told) == 1
            # WHEN there are other streams THEN there is something else to tell
            context.set_num_streams(1)
            assert len(told) == 2
            first.close()
            second.close()


def test_a_warning_that_is_an_error_leaves_a_context_as_it_was(
    doubling: ModelProto, monkeypatch: pytest.MonkeyPatch, new_threads: Masks, wait_until: Callable[..., None]
) -> None:
    with Context(num_streams=2) as context, compile_model(doubling, context=context) as engine:
        with monkeypatch.context() as patch, warnings.catch_warnings():
            patch.setattr(os, "sched_setaffinity", refuse)
            warnings.simplefilter("error")
            with pytest.raises(DeepschedWarning):
                compile_model(doubling, context=context)
        assert engine.run([np.ones((1, 3), np.float32)])
    wait_until(lambda: not new_threads())


@LAYOUTS
def test_a_healthy_engine_warns_of_nothing(doubling: ModelProto, layout: dict[str, Any]) -> None:
    own = os.sched_getaffinity(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with compile_model(doubling, **layout) as engine:
            engine.verify_pinning()
            engine.verify_pinning(repair=True)
    assert os.sched_getaffinity(0) == own


@pytest.mark.parametrize("layout", [{"num_cores": 1}, {"num_streams": 2}, {}], ids=str)
def test_the_caller_gets_its_own_cpus_back(lookup: ModelProto, layout: dict[str, Any]) -> None:
    own = os.sched_getaffinity(0)
    table = np.arange(3, dtype=np.float32)
    with compile_model(lookup, **layout) as engine:
        engine.run([table, np.array([1])])
        assert os.sched_getaffinity(0) == own
        with pytest.raises(DeepschedError, match="out of data bounds"):
            engine.run([table, np.array([9])])
        assert os.sched_getaffinity(0) == own
        with pytest.raises(InputError):
            engine.run([table])
        assert os.sched_getaffinity(0) == own


def test_a_caller_with_fewer_cpus_gets_those_back(
    lookup: ModelProto, repeating: ModelProto, narrow_caller: ThreadPoolExecutor
) -> None:
    own = narrow_caller.submit(os.sched_getaffinity, 0).result()
    with compile_model(lookup, num_streams=2) as engine:
        for _ in range(4):
            narrow_caller.submit(engine.run, [np.zeros(3, np.float32), np.array([1])]).result()
            assert narrow_caller.submit(os.sched_getaffinity, 0).result() == own
        failing = narrow_caller.submit(engine.run, [np.zeros(3, np.float32), np.array([9])])
        assert isinstance(failing.exception(), DeepschedError)
        assert narrow_caller.submit(os.sched_getaffinity, 0).result() == own


def test_a_caller_with_fewer_cpus_runs_on_all_of_its_stream(
    repeating: ModelProto, slow_inputs: list[Any], narrow_caller: ThreadPoolExecutor, read_masks: Masks
) -> None:
    with compile_model(repeating, num_cores=2) as engine:
        # WHEN the thread that watches, and so the thread that it starts, may use one cpu only
        seen = narrow_caller.submit(watch_caller, engine, slow_inputs, read_masks).result()
        assert seen == {frozenset(engine.plan.streams[0].cpus)}


def test_an_interrupt_while_pinning_leaves_the_caller_its_cpus(
    doubling: ModelProto, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = os.sched_getaffinity(0)
    real = os.sched_setaffinity
    interrupts = iter([KeyboardInterrupt()])

    def set_and_interrupt(thread: int, cpus: frozenset[int]) -> None:
        real(thread, cpus)
        for interrupt in interrupts:
            raise interrupt

    with compile_model(doubling, num_cores=1) as engine:
        # GIVEN a Ctrl-C that Python notices as soon as the thread is pinned
        monkeypatch.setattr(stream_module.os, "sched_setaffinity", set_and_interrupt)
        try:
            with pytest.raises(KeyboardInterrupt):
                engine.run([np.ones((1, 3), np.float32)])
            assert os.sched_getaffinity(0) == own
        finally:
            real(0, own)
        assert engine.run([np.ones((1, 3), np.float32)], timeout=0)


def test_a_request_is_served_where_its_cpus_were_taken_away(
    doubling: ModelProto, monkeypatch: pytest.MonkeyPatch
) -> None:
    with compile_model(doubling, num_cores=1) as engine:
        monkeypatch.setattr(stream_module.os, "sched_setaffinity", refuse)
        assert engine.run([np.ones((1, 3), np.float32)])[0].tolist() == [[2, 2, 2]]


def test_without_pinning_threads_stay_where_they_are(
    repeating: ModelProto, slow_inputs: list[Any], read_masks: Masks, new_threads: Masks
) -> None:
    own = frozenset(os.sched_getaffinity(0))
    with compile_model(repeating, num_cores=2, pinning="none") as engine:
        assert set(new_threads().values()) == {own}
        assert watch_caller(engine, slow_inputs, read_masks) == {own}
        assert {(p.asked, p.as_asked) for p in engine.verify_pinning()} == {(None, True)}
    with compile_model(repeating, num_cores=1, pinning="none") as engine:
        assert watch_caller(engine, slow_inputs, read_masks) == {own}


@pytest.mark.parametrize("pinning", ["core", "numa", "socket", "none"])
def test_workers_sit_where_pinning_says(
    doubling: ModelProto, pinning: str, new_threads: Masks, wait_until: Callable[..., None]
) -> None:
    allowed = frozenset(Topology.detect().limits.allowed_cpus)
    with compile_model(doubling, num_cores=2, pinning=pinning) as engine:
        wait_until(lambda: len(new_threads()) == 1)
        (worker,) = engine.verify_pinning()
        (planned,) = engine.plan.streams
        touched = {
            "core": frozenset(planned.cpus),
            "numa": frozenset(t.cpu for t in engine.plan.topology.threads if t.numa_node in planned.numa_nodes),
            "socket": frozenset(t.cpu for t in engine.plan.topology.threads if t.socket in planned.sockets),
            "none": allowed,
        }[pinning]
        assert new_threads() == {worker.thread_id: worker.actual}
        assert worker.actual == touched & allowed
        assert worker.asked == (None if pinning == "none" else worker.actual)


@pytest.mark.parametrize("pinning", ["numa", "socket"])
def test_wider_pinning_keeps_threads_on_what_their_stream_touches(
    repeating: ModelProto, pinning: str, slow_inputs: list[Any], read_masks: Masks
) -> None:
    with compile_model(repeating, num_cores=1, pinning=pinning) as engine:
        (planned,) = engine.plan.streams
        touched = {
            t.cpu
            for t in Topology.detect().threads
            if t.allowed and (t.numa_node in planned.numa_nodes if pinning == "numa" else t.socket in planned.sockets)
        }
        assert watch_caller(engine, slow_inputs, read_masks) == {frozenset(touched)}
