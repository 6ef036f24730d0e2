"""Another number of streams while requests run: none is lost, refused or answered with another's answer."""

from __future__ import annotations

from contextlib import suppress
from threading import Barrier, Event
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from deepsched import DeepschedWarning, compile_model
from deepsched.errors import ClosedError, ModelError, PlanError, PlanTypeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

    from onnx import ModelProto

    from deepsched import Engine

    Start = Callable[..., Future[Any]]

pytestmark = [pytest.mark.usefixtures("two_cores"), pytest.mark.timeout(60, method="thread")]
ONES = [np.ones((1, 3), np.float32)]


def count_free_streams(engine: Engine, holding: Callable[..., Any]) -> int:
    with holding(engine.context, engine.num_streams) as streams:
        assert len({id(stream) for stream in streams}) == engine.num_streams
        with pytest.raises(TimeoutError):
            engine.context.acquire(0)
        return len(streams)


def test_nothing_is_lost_while_the_number_changes_thirty_times(
    doubling: ModelProto, start: Start, holding: Callable[..., Any]
) -> None:
    stop = Event()

    def send(caller: int) -> int:
        sent = 0
        while not stop.is_set():
            value = np.full((1 + sent % 3, 3), caller * 1e5 + sent, np.float32)
            (output,) = engine.run([value])
            np.testing.assert_array_equal(output, 2 * value)
            sent += 1
        return sent

    with compile_model(doubling, scheduler="multi_stream", num_streams=2) as engine:
        futures = [start(send, caller) for caller in range(8)]
        try:
            for turn in range(30):
                before = len(engine.trace())
                engine.set_num_streams(1 + turn % 2)
                assert engine.num_streams == len(engine.plan.streams) == 1 + turn % 2
                while len(engine.trace()) == before and not any(future.done() for future in futures):
                    stop.wait(0.001)
        finally:
            stop.set()
        sent = sum(future.result() for future in futures)
        assert len(engine.trace()) == min(sent, 16_384)
        assert count_free_streams(engine, holding) == 2


def test_callers_in_the_queue_move_over(
    doubling: ModelProto, start: Start, holding: Callable[..., Any], queue_up: Callable[..., Any]
) -> None:
    with compile_model(doubling, scheduler="multi_stream", num_streams=1) as engine:
        with holding(engine.context):
            # GIVEN four callers who wait for the only stream
            futures = queue_up((engine, [np.full((n, 3), n, np.float32)]) for n in range(1, 5))
            # WHEN there are two streams, while the first one is still at work
            switching = start(engine.set_num_streams, 2)
            # THEN they are served at once
            for n, future in enumerate(futures, start=1):
                assert future.result()[0].tolist() == [[2 * n] * 3] * n
            assert not switching.done(), "the old stream is still at work"
        switching.result()
        assert engine.num_streams == 2


def test_a_request_in_flight_finishes_on_its_old_stream(
    repeating: ModelProto, start: Start, wait_until: Callable[..., None]
) -> None:
    image = np.ones((256, 256), np.float32)
    with compile_model(repeating, scheduler="multi_stream", num_streams=2) as engine:
        expected = engine.run([image, np.array(200)])[0]
        futures = [start(engine.run, [image, np.array(200)]) for _ in range(2)]
        wait_until(lambda: engine.trace() != ())
        engine.set_num_streams(1)
        for future in futures:
            np.testing.assert_allclose(future.result()[0], expected, rtol=1e-5)
        assert len(engine.trace()) == 3


def test_many_threads_may_change_it_at_once(doubling: ModelProto, start: Start, holding: Callable[..., Any]) -> None:
    together = Barrier(4)

    def change(first: int) -> None:
        together.wait()
        for turn in range(5):
            engine.set_num_streams(1 + (first + turn) % 2)
            engine.run(ONES)

    with compile_model(doubling, scheduler="multi_stream", num_streams=2) as engine:
        for future in [start(change, first) for first in range(4)]:
            future.result()
        assert count_free_streams(engine, holding) == engine.num_streams


def test_the_same_number_rebuilds_nothing(doubling: ModelProto) -> None:
    with compile_model(doubling, scheduler="multi_stream", num_streams=1, num_cores=2) as engine:
        before = engine.verify_pinning()
        engine.set_num_streams(1)
        assert engine.verify_pinning() == before


def test_none_and_zero_bring_the_default_back(doubling: ModelProto) -> None:
    with compile_model(doubling, scheduler="multi_stream") as engine:
        default = engine.plan.streams
        for nothing in (None, 0):
            engine.set_num_streams(2)
            engine.set_num_streams(nothing)
            assert engine.plan.streams == default


def test_more_than_there_are_cores_is_capped(doubling: ModelProto) -> None:
    with compile_model(doubling, scheduler="multi_stream", num_streams=1, num_cores=2) as engine:
        with pytest.warns(DeepschedWarning, match="num_streams 50 is capped to 2"):
            engine.set_num_streams(50)
        assert engine.num_streams == 2
        assert engine.plan.requested_num_streams == 50


@pytest.mark.parametrize(
    ("number", "error"), [(-1, PlanError), (1.5, PlanTypeError), ("2", PlanTypeError), (True, PlanTypeError)]
)
def test_what_is_no_number_of_streams_is_refused(doubling: ModelProto, number: Any, error: type[Exception]) -> None:
    with compile_model(doubling, scheduler="multi_stream", num_streams=2) as engine:
        with pytest.raises(error):
            engine.set_num_streams(number)
        assert engine.num_streams == 2
        assert engine.run(ONES)


def test_single_stream_stays_single(doubling: ModelProto) -> None:
    with compile_model(doubling) as engine:
        with pytest.raises(PlanError, match="single_stream has one stream"):
            engine.set_num_streams(2)
        for allowed in (None, 0, 1):
            engine.set_num_streams(allowed)
        assert engine.num_streams == 1


def test_a_closed_engine_changes_nothing(doubling: ModelProto) -> None:
    engine = compile_model(doubling, scheduler="multi_stream", num_streams=1)
    engine.close()
    with pytest.raises(ClosedError):
        engine.set_num_streams(2)


def test_a_change_that_fails_leaves_the_streams_that_were(doubling: ModelProto, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(doubling.SerializeToString())
    with compile_model(path, scheduler="multi_stream", num_streams=1) as engine:
        path.write_bytes(b"no model any more")
        with suppress(ModelError):  # or nothing was read a second time
            engine.set_num_streams(2)
        assert len(engine.plan.streams) == engine.num_streams
        assert engine.run(ONES, timeout=0)[0].tolist() == [[2, 2, 2]]


def test_a_file_that_changed_meanwhile_does_not_change_the_answers(
    doubling: ModelProto, make_model: Callable[..., ModelProto], tmp_path: Path
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(doubling.SerializeToString())
    squaring = make_model("squaring (float[N,3] x) => (float[N,3] y) { y = Mul(x, x) }")
    with compile_model(path, scheduler="multi_stream", num_streams=1) as engine:
        path.write_bytes(squaring.SerializeToString())
        with suppress(ModelError):  # refusing is right too
            engine.set_num_streams(2)
        assert engine.run([np.full((1, 3), 3, np.float32)])[0].tolist() == [[6, 6, 6]]


def test_a_relative_path_means_the_file_that_it_meant_at_first(
    doubling: ModelProto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.onnx").write_bytes(doubling.SerializeToString())
    monkeypatch.chdir(tmp_path)
    with compile_model("model.onnx", scheduler="multi_stream", num_streams=1) as engine:
        monkeypatch.chdir("/")
        engine.set_num_streams(2)
        assert engine.num_streams == 2
