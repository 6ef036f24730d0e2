"""The other ways to run a request, what an engine tells about itself, and its end."""

from __future__ import annotations

import asyncio
import itertools
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import deepsched
from deepsched import Engine, compile_model
from deepsched.errors import ClosedError, InputError, RequestError
from deepsched.measure import find_example

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onnx import ModelProto

    Start = Callable[..., Future[Any]]

pytestmark = [pytest.mark.usefixtures("two_cores"), pytest.mark.timeout(60, method="thread")]
ONES = [np.ones((1, 3), np.float32)]


@pytest.fixture(params=[1, 2], ids="num_streams={}".format)
def engine(request: pytest.FixtureRequest, doubling: ModelProto) -> Iterator[Engine]:
    with compile_model(doubling, scheduler="multi_stream", num_streams=request.param) as engine:
        yield engine


def number(n: int) -> list[Any]:
    return [np.full((1, 3), n, np.float32)]


def test_a_timed_run_gives_the_seconds_too(engine: Engine) -> None:
    outputs, seconds = engine.timed_run(ONES)
    (record,) = engine.trace()
    assert outputs[0].tolist() == [[2, 2, 2]]
    assert seconds >= record.ended - record.queued > 0
    assert engine.timed_run(ONES, val_inp=True)[0][0].tolist() == [[2, 2, 2]]


def test_a_timed_run_counts_the_wait(
    doubling: ModelProto, start: Start, holding: Callable[..., Any], wait_until: Callable[..., None]
) -> None:
    with compile_model(doubling) as engine:
        with holding(engine.context):
            future = start(engine.timed_run, ONES)
            wait_until(lambda: engine.context.queue_depth == 1)
        _, seconds = future.result()
        (record,) = engine.trace()
        assert seconds >= record.ended - record.queued > record.ended - record.started


def test_a_mapped_run_names_the_outputs(make_model: Callable[..., ModelProto]) -> None:
    model = make_model("g (float[N] x) => (float[N] negative, float[N] root) { negative = Neg(x) root = Sqrt(x) }")
    with compile_model(model) as engine:
        outputs = engine.mapped_run({"x": np.array([4], np.float32)})
        assert {name: output.tolist() for name, output in outputs.items()} == {"negative": [-4], "root": [2]}
        assert list(outputs) == engine.output_names == ["negative", "root"]


def test_an_engine_is_called_like_a_function(engine: Engine) -> None:
    assert engine(ONES)[0].tolist() == engine(inputs=ONES, val_inp=False)[0].tolist() == [[2, 2, 2]]


def test_submitted_requests_are_answered_by_futures(engine: Engine) -> None:
    futures = [engine.submit(number(n)) for n in range(50)]
    assert all(isinstance(future, Future) for future in futures)
    assert [future.result()[0][0, 0] for future in futures] == [2 * n for n in range(50)]
    assert isinstance(engine.submit([]).exception(), InputError)


def test_requests_run_beside_an_event_loop(engine: Engine) -> None:
    async def send() -> list[Any]:
        return await asyncio.gather(*(engine.run_async(number(n)) for n in range(50)))

    assert [outputs[0][0, 0] for outputs in asyncio.run(send())] == [2 * n for n in range(50)]

    async def fail() -> None:
        await engine.run_async([])

    with pytest.raises(InputError):
        asyncio.run(fail())


def test_an_event_loop_goes_on_while_a_request_waits(
    engine: Engine, holding: Callable[..., Any], wait_until: Callable[..., None]
) -> None:
    async def send() -> Any:
        with holding(engine.context, engine.num_streams):
            task = asyncio.ensure_future(engine.run_async(ONES))
            await asyncio.to_thread(wait_until, lambda: engine.context.queue_depth == 1)
            assert not task.done()
        return await task

    assert asyncio.run(send())[0].tolist() == [[2, 2, 2]]


def test_map_answers_in_the_order_of_the_requests(engine: Engine) -> None:
    answers = engine.map(number(n) for n in range(100))
    assert [outputs[0][0, 0] for outputs in answers] == [2 * n for n in range(100)]
    assert list(engine.map([])) == []


def test_map_takes_endless_requests(engine: Engine) -> None:
    taken = []

    def count() -> Iterator[list[Any]]:
        for n in itertools.count():
            taken.append(n)
            yield number(n)

    answers = engine.map(count())
    assert [next(answers)[0][0, 0] for _ in range(5)] == [0, 2, 4, 6, 8]
    assert len(taken) <= 5 + 2 * engine.num_streams
    answers.close()
    assert engine.run(ONES)


def test_map_raises_what_a_request_raised(engine: Engine) -> None:
    answers = engine.map([number(1), [], number(2)])
    with pytest.raises(InputError):
        list(answers)
    assert engine.run(ONES)


def test_the_trace_is_bounded_and_in_order(engine: Engine) -> None:
    for n in range(1, 17):
        engine.run([np.ones((n, 3), np.float32)])
    trace = engine.trace()
    assert [record.items for record in trace] == list(range(1, 17))
    assert all(a.ended <= b.queued for a, b in itertools.pairwise(trace))
    for _ in range(17_000):
        engine.run(ONES, val_inp=False)
    assert len(engine.trace()) == 16_384
    assert engine.stats(3600).requests == 16_384


def test_stats_tell_what_happened(engine: Engine) -> None:
    before = engine.stats()
    assert (before.requests, before.throughput, before.queue_depth) == (0, 0, 0)
    assert np.isnan(before.latency.p50)
    for _ in range(10):
        engine.run([np.ones((4, 3), np.float32)])
    after = engine.stats(60)
    trace = engine.trace()
    assert after.requests == 10
    assert after.throughput == pytest.approx(40 / after.window)
    assert after.latency.p50 == pytest.approx(np.median([record.ended - record.queued for record in trace]))
    assert 0 < after.run_time.p50 <= after.latency.p50 <= after.latency.p99 <= after.latency.p999
    assert len(after.utilisation) == engine.num_streams
    assert all(0 <= share <= 1 for share in after.utilisation)
    assert sum(after.utilisation) > 0


def test_stats_see_the_queue(engine: Engine, holding: Callable[..., Any], queue_up: Callable[..., Any]) -> None:
    with holding(engine.context, engine.num_streams):
        queue_up([(engine, ONES)] * 3)
        assert engine.stats().queue_depth == 3


def test_stats_may_be_asked_while_requests_run(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as callers:
        futures = [callers.submit(engine.run, ONES) for _ in range(500)]
        for _ in range(20):
            assert engine.stats().requests <= 500
            assert len(engine.trace()) <= 500
            assert repr(engine)
        for future in futures:
            future.result()


def test_an_engine_tells_what_it_is(doubling: ModelProto) -> None:
    with compile_model(find_example("light_squeezenet"), num_cores=1) as engine:
        assert engine.input_names == ["data_0"]
        assert engine.input_shapes == [(1, 3, 224, 224)]
        assert engine.output_names == ["softmaxout_1"]
        assert engine.output_shapes == [(1, 1000, 1, 1)]
        assert (engine.batch_size, engine.num_cores, engine.num_streams) == (1, 1, 1)
        assert engine.model_path == find_example("light_squeezenet")
        expected = "'light_squeezenet.onnx', scheduler=single_stream, num_streams=1, num_cores=1, batch_size=1"
        assert repr(engine) == str(engine) == f"Engine({expected})"
    assert repr(engine) == f"Engine({expected}, closed)"
    with compile_model(doubling, num_cores=2, num_streams=2) as engine:
        assert (
            repr(engine)
            == "Engine('<ModelProto>', scheduler=multi_stream, num_streams=2, num_cores=2, batch_size=None)"
        )


def test_what_onnxruntime_fails_names_the_model_and_the_reason(lookup: ModelProto) -> None:
    with compile_model(lookup) as engine, pytest.raises(RequestError) as raised:
        engine.run([np.zeros(3, np.float32), np.array([9])])
    assert "<ModelProto>" in str(raised.value)
    assert "out of data bounds" in str(raised.value)
    assert isinstance(raised.value, RuntimeError)


def test_a_closed_engine_refuses_everything(doubling: ModelProto) -> None:
    with compile_model(doubling) as engine:
        engine.run(ONES)
    engine.close()
    assert engine.closed
    runs: list[Callable[[], Any]] = [
        lambda: engine.run(ONES),
        lambda: engine(ONES),
        lambda: engine.run(ONES, val_inp=False),
        lambda: engine.run(ONES, timeout=0),
        lambda: engine.timed_run(ONES),
        lambda: engine.mapped_run(ONES),
        lambda: engine.batched_run(ONES),
        lambda: engine.submit(ONES),
        lambda: list(engine.map([ONES])),
        lambda: asyncio.run(engine.run_async(ONES)),
        lambda: engine.set_num_streams(1),
    ]
    for run in runs:
        with pytest.raises(ClosedError, match="was closed"):
            run()
    assert len(engine.trace()) == 1
    assert engine.verify_pinning() == ()
    assert engine.input_names == ["x"]


def test_close_serves_those_who_are_here(
    doubling: ModelProto,
    start: Start,
    holding: Callable[..., Any],
    queue_up: Callable[..., Any],
    wait_until: Callable[..., None],
) -> None:
    engine = compile_model(doubling)
    with holding(engine.context):
        futures = queue_up([(engine, number(n)) for n in range(4)])
        closing = [start(engine.close) for _ in range(4)]
        wait_until(lambda: engine.closed)
    assert [future.result()[0][0, 0] for future in futures] == [0, 2, 4, 6]
    for future in closing:
        future.result()
    with pytest.raises(ClosedError):
        engine.run(ONES)


def test_a_request_submitted_while_the_engine_closes_is_refused_in_words(
    doubling: ModelProto, start: Start, holding: Callable[..., Any], wait_until: Callable[..., None]
) -> None:
    engine = compile_model(doubling)
    with holding(engine.context):
        # GIVEN an engine that closes, but has a request left to finish
        last = engine.submit(ONES)
        wait_until(lambda: engine.context.queue_depth == 1)
        closing = start(engine.close)
        error = None
        while error is None:
            try:
                engine.submit(ONES)
            except Exception as refusal:  # noqa: BLE001 - which one it is is the question
                error = refusal
    assert last.result()[0].tolist() == [[2, 2, 2]]
    closing.result()
    assert isinstance(error, ClosedError)


def test_many_threads_may_submit_first(doubling: ModelProto) -> None:
    for _ in range(20):
        with compile_model(doubling) as engine, ThreadPoolExecutor(8) as callers:
            futures = list(callers.map(engine.submit, [number(n) for n in range(8)]))
            assert [future.result()[0][0, 0] for future in futures] == [2 * n for n in range(8)]


def test_the_public_names_are_those_of_the_design() -> None:
    for name in ("compile_model", "Engine", "Context", "MultiModelEngine"):
        assert getattr(deepsched, name).__module__.startswith("deepsched.engine")
        assert name in dir(deepsched)
        assert name in deepsched.__all__
