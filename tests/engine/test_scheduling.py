"""Which requests run side by side, in which order, and on how many streams."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from deepsched import DeepschedError, DeepschedWarning, Scheduler, Topology, compile_model, plan_streams
from deepsched.errors import OptionError, PlanError, PlanTypeError, RequestTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from onnx import ModelProto

    from deepsched import Engine
    from deepsched.telemetry import RequestRecord

pytestmark = pytest.mark.timeout(60, method="thread")
REQUESTS = 32


def load_with_eight_threads(engine: Engine) -> tuple[RequestRecord, ...]:
    inputs = [np.ones((64, 64), np.float32), np.array(30)]
    with ThreadPoolExecutor(8) as callers:
        list(callers.map(engine.run, [inputs] * REQUESTS))
    return engine.trace()


def overlapping(records: Iterable[RequestRecord]) -> list[tuple[RequestRecord, RequestRecord]]:
    return [(a, b) for a, b in combinations(records, 2) if a.started < b.ended and b.started < a.ended]


@pytest.mark.usefixtures("two_cores")
def test_two_streams_serve_two_requests_at_once(repeating: ModelProto) -> None:
    with compile_model(repeating, scheduler="multi_stream", num_streams=2) as engine:
        records = load_with_eight_threads(engine)
    pairs = overlapping(records)
    assert len(records) == REQUESTS
    assert {record.stream for record in records} == {0, 1}
    assert pairs
    assert all(a.stream != b.stream for a, b in pairs), "a stream serves one request at a time"


@pytest.mark.parametrize("scheduler", ["single_stream", "multi_stream"])
def test_one_stream_serves_one_request_after_the_other(repeating: ModelProto, scheduler: str) -> None:
    with compile_model(repeating, scheduler=scheduler, num_streams=1) as engine:
        records = load_with_eight_threads(engine)
    assert len(records) == REQUESTS
    assert not overlapping(records)
    assert all(record.queued <= record.started <= record.ended for record in records)


@pytest.mark.parametrize("num_streams", [1, 2])
def test_requests_are_served_in_arrival_order(
    doubling: ModelProto, num_streams: int, holding: Callable[..., Any], queue_up: Callable[..., Any], two_cores: None
) -> None:
    with compile_model(doubling, scheduler="multi_stream", num_streams=num_streams) as engine:
        # GIVEN no free stream, and eight callers who came one after the other, recognisable by their batch
        with holding(engine.context, num_streams - 1):
            with holding(engine.context):
                futures = queue_up((engine, [np.ones((n, 3), np.float32)]) for n in range(1, 9))
            # WHEN one stream becomes free
            for future in futures:
                future.result()
        # THEN they are served as they came
        assert [record.items for record in engine.trace()] == list(range(1, 9))


def test_a_newcomer_does_not_overtake_the_queue(
    doubling: ModelProto, holding: Callable[..., Any], queue_up: Callable[..., Any]
) -> None:
    with compile_model(doubling) as engine:
        with holding(engine.context):
            futures = queue_up((engine, [np.ones((n, 3), np.float32)]) for n in range(1, 5))
        engine.run([np.ones((5, 3), np.float32)])
        # A stream is given back before its answer is: the last future may be a moment behind.
        for future in futures:
            future.result(10)
        assert [record.items for record in engine.trace()] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("timeout", [0, 0.01, -1])
def test_a_request_that_waits_too_long_is_taken_back(
    doubling: ModelProto, timeout: float, holding: Callable[..., Any]
) -> None:
    inputs = [np.ones((1, 3), np.float32)]
    with compile_model(doubling) as engine:
        with holding(engine.context):
            with pytest.raises(RequestTimeoutError, match="no stream came free"):
                engine.run(inputs, timeout=timeout)
            assert engine.context.queue_depth == 0
        assert engine.trace() == ()
        engine.run(inputs, timeout=0)  # a free stream needs no waiting
        assert len(engine.trace()) == 1


@pytest.mark.parametrize("timeout", [float("inf"), 1e12])
def test_a_very_long_timeout_waits(
    doubling: ModelProto,
    timeout: float,
    start: Callable[..., Any],
    holding: Callable[..., Any],
    wait_until: Callable[..., None],
) -> None:
    inputs = [np.ones((1, 3), np.float32)]
    with compile_model(doubling) as engine:
        with holding(engine.context):
            future = start(engine.run, inputs, timeout=timeout)
            wait_until(lambda: engine.context.queue_depth == 1 or future.done())
        assert future.result()[0].tolist() == [[2, 2, 2]]


def test_a_failed_request_gives_its_stream_back_and_leaves_no_record(lookup: ModelProto) -> None:
    table = np.arange(3, dtype=np.float32)
    with compile_model(lookup) as engine:
        for _ in range(3):
            with pytest.raises(DeepschedError, match="indices element out of data bounds"):
                engine.run([table, np.array([7])])
        assert engine.run([table, np.array([2])], timeout=0)[0].tolist() == [2]
        assert len(engine.trace()) == 1


@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize(
    ("asked", "scheduler", "num_streams"),
    [
        ({}, "single_stream", 1),
        ({"num_streams": 0}, "single_stream", 1),
        ({"num_streams": 1}, "single_stream", 1),
        ({"num_streams": 2}, "multi_stream", 2),
        ({"num_streams": np.int64(2)}, "multi_stream", 2),
        ({"scheduler": "single_stream"}, "single_stream", 1),
        ({"scheduler": "sync"}, "single_stream", 1),
        ({"scheduler": "async", "num_streams": 2}, "multi_stream", 2),
        ({"scheduler": Scheduler.multi_stream, "num_streams": 1}, "multi_stream", 1),
        ({"scheduler": "multi_stream", "num_cores": 1}, "multi_stream", 1),
        ({"scheduler": "elastic", "num_streams": 2}, "elastic", 2),
    ],
    ids=str,
)
def test_schedulers_and_their_defaults(
    doubling: ModelProto, asked: dict[str, Any], scheduler: str, num_streams: int
) -> None:
    with compile_model(doubling, **asked) as engine:
        assert engine.scheduler == scheduler
        assert engine.num_streams == num_streams == len(engine.plan.streams)
        assert engine.run([np.ones((1, 3), np.float32)])[0].tolist() == [[2, 2, 2]]


def test_without_a_number_there_is_one_stream_an_l3(doubling: ModelProto) -> None:
    with compile_model(doubling, scheduler="multi_stream") as engine:
        assert engine.plan.streams == plan_streams(Topology.detect()).streams


@pytest.mark.usefixtures("two_cores")
def test_single_stream_caps_num_streams_and_says_so(doubling: ModelProto) -> None:
    with pytest.warns(DeepschedWarning, match="num_streams 4 is capped to 1"):
        engine = compile_model(doubling, scheduler="single_stream", num_streams=4)
    with engine:
        assert engine.num_streams == 1
        assert engine.plan.requested_num_streams == 4


def test_more_streams_than_cores_are_capped(doubling: ModelProto) -> None:
    cores = len(Topology.detect().usable_cores)
    with pytest.warns(DeepschedWarning, match=f"num_streams {cores + 1} is capped to {cores}"):
        engine = compile_model(doubling, scheduler="multi_stream", num_streams=cores + 1)
    with engine:
        assert engine.num_streams == cores
        assert engine.plan.requested_num_streams == cores + 1


def test_a_warning_points_at_the_line_that_asked(doubling: ModelProto) -> None:
    # Python shows a warning once for each line: one that points into the engine is never seen a second time.
    with pytest.warns(DeepschedWarning) as warnings:
        compile_model(doubling, num_cores=5000).close()
    assert warnings[0].filename == __file__


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"num_streams": -1}, PlanError, "num_streams is -1"),
        ({"num_streams": 1.5}, PlanTypeError, "num_streams is 1.5"),
        ({"num_streams": "2"}, PlanTypeError, "num_streams is '2'"),
        ({"num_streams": True}, PlanTypeError, "num_streams is True"),
        ({"num_cores": -1}, PlanError, "num_cores is -1"),
        ({"num_cores": 1.5}, PlanTypeError, "num_cores is 1.5"),
        ({"num_cores": True}, PlanTypeError, "num_cores is True"),
        ({"scheduler": "fastest"}, PlanError, "fastest"),
        ({"scheduler": 2}, PlanError, "unsupported type for scheduler: 2"),
        ({"batch_size": -1}, OptionError, "batch_size is -1"),
        ({"batch_size": 1.5}, OptionError, "batch_size is 1.5"),
        ({"batch_size": True}, OptionError, "batch_size is True"),
        ({"pinning": "cores"}, OptionError, "pinning is 'cores'"),
        ({"topology": "core:4096 pu:1"}, OptionError, "Plans for other machines can be drawn, not run"),
        ({"context": "mine"}, OptionError, "context"),
    ],
    ids=str,
)
def test_wrong_options_are_refused(
    doubling: ModelProto, asked: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        compile_model(doubling, **asked)
