"""The one queue: its bound, what bounds itself, several engines in front of it, and everything at once."""

from __future__ import annotations

import asyncio
import gc
import queue
import random
import time
from collections import Counter
from concurrent.futures import CancelledError, Future, wait
from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
import pytest

from deepsched import Context, DeepschedError, Engine, MultiModelEngine, compile_model
from deepsched.errors import ClosedError, OptionError, QueueFullError, RequestTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onnx import ModelProto

    Send = Callable[[Engine, list[Any]], Any]
    Start = Callable[..., Future[Any]]
    WaitUntil = Callable[[Callable[[], bool]], None]

pytestmark = pytest.mark.timeout(90, method="thread")
PATIENCE = 10
REQUESTS = 150  # of each of the many threads
SHORT = [np.ones((256, 256), np.float32), np.array(1)]
LONG = [np.ones((256, 256), np.float32), np.array(1000)]
ENDLESS = [np.ones((256, 256), np.float32), np.array(10**9)]

REFUSED: dict[str, Send] = {
    "run": lambda engine, inputs: engine.run(inputs),
    "run with a timeout": lambda engine, inputs: engine.run(inputs, timeout=PATIENCE),
    "run without time": lambda engine, inputs: engine.run(inputs, timeout=0),
    "submit": lambda engine, inputs: engine.submit(inputs).result(PATIENCE),
    "submit with a timeout": lambda engine, inputs: engine.submit(inputs, timeout=PATIENCE).result(PATIENCE),
    "run_async": lambda engine, inputs: asyncio.run(engine.run_async(inputs)),
}


@pytest.fixture(params=REFUSED)
def send(request: pytest.FixtureRequest) -> Send:
    """Each way in that the bound holds for."""
    return REFUSED[request.param]


def ask(number: float) -> list[Any]:
    return [np.full((1, 3), number, np.float32)]


def count_running(engine: Engine) -> int:
    return engine.num_streams - len(engine.context._dispatcher._pool.free)


# The bound


@pytest.mark.parametrize("max_queue", [0, 1, 3])
def test_one_more_than_may_wait_is_refused_at_once(
    doubling: ModelProto, send: Send, max_queue: int, holding: Callable[..., Any], start: Start
) -> None:
    with compile_model(doubling, max_queue=max_queue) as engine:
        with holding(engine.context):
            waiting = [engine.submit(ask(number)) for number in range(max_queue)]
            refused = start(send, engine, ask(0)).exception(PATIENCE)
            assert isinstance(refused, QueueFullError)
            assert isinstance(refused, queue.Full)
            assert isinstance(refused, DeepschedError)
            assert f"{max_queue} requests are waiting" in str(refused)
            assert engine.context.queue_depth == max_queue
        # THEN those who came first are served, and a free stream serves anybody
        assert [future.result(PATIENCE)[0][0, 0] for future in waiting] == [2 * number for number in range(max_queue)]
        for _ in range(20):
            assert send(engine, ask(4))[0].tolist() == [[8, 8, 8]]


def test_callers_and_submissions_count_alike(
    doubling: ModelProto, holding: Callable[..., Any], queue_up: Callable[..., Any]
) -> None:
    with compile_model(doubling, max_queue=2) as engine, holding(engine.context):
        futures = [*queue_up([(engine, ask(1))]), engine.submit(ask(2))]
        for refuse in (engine.run, engine.submit):
            with pytest.raises(QueueFullError):
                refuse(ask(3))
        # WHEN one goes, THEN there is room for one
        assert futures.pop().cancel()
        futures.append(engine.submit(ask(4)))
        with pytest.raises(QueueFullError):
            engine.submit(ask(5))


def test_a_request_that_ran_out_of_time_makes_room(
    doubling: ModelProto, holding: Callable[..., Any], wait_until: WaitUntil
) -> None:
    with compile_model(doubling, max_queue=1) as engine, holding(engine.context):
        for late in (engine.run, lambda inputs, timeout: engine.submit(inputs, timeout=timeout).result(PATIENCE)):
            with pytest.raises(RequestTimeoutError):
                late(ask(1), timeout=0.01)
            wait_until(lambda: engine.context.queue_depth == 0)


def test_without_a_bound_any_number_waits(doubling: ModelProto, holding: Callable[..., Any]) -> None:
    with compile_model(doubling) as engine:
        with holding(engine.context):
            futures = [engine.submit(ask(number)) for number in range(2000)]
        assert [future.result(PATIENCE)[0][0, 0] for future in futures] == [2 * number for number in range(2000)]


@pytest.mark.usefixtures("two_cores")
def test_a_change_of_the_streams_refuses_nobody_in_the_queue(
    doubling: ModelProto, holding: Callable[..., Any], start: Start
) -> None:
    with compile_model(doubling, num_cores=2, num_streams=1, scheduler="multi_stream", max_queue=2) as engine:
        with holding(engine.context):
            futures = [engine.submit(ask(number)) for number in range(2)]
            switching = start(engine.set_num_streams, 2)
            # THEN the new streams answer them although the old one is still held
            assert [future.result(PATIENCE)[0][0, 0] for future in futures] == [0, 2]
            assert not switching.done()
        switching.result(PATIENCE)


def test_a_full_queue_keeps_nobody_from_closing(
    doubling: ModelProto, holding: Callable[..., Any], start: Start, wait_until: WaitUntil
) -> None:
    engine = compile_model(doubling, max_queue=1)
    with holding(engine.context):
        future = engine.submit(ask(1))
        closing = start(engine.close)
        wait_until(lambda: engine.closed)
    closing.result(PATIENCE)
    assert future.result(0)


@pytest.mark.parametrize("max_queue", [-1, 1.5, True, "3", float("inf")], ids=repr)
def test_what_is_no_bound_is_refused(doubling: ModelProto, max_queue: Any) -> None:
    with pytest.raises(OptionError, match="max_queue is"):
        Context(max_queue=max_queue)
    with pytest.raises(OptionError, match="max_queue is"):
        compile_model(doubling, max_queue=max_queue)


def test_the_bound_of_a_shared_queue_is_the_contexts(doubling: ModelProto, holding: Callable[..., Any]) -> None:
    with Context(max_queue=1) as context:
        with pytest.raises(OptionError, match="max_queue"):
            compile_model(doubling, context=context, max_queue=1)
        first, second = (MultiModelEngine(doubling, None, context) for _ in range(2))
        with holding(context, context.num_streams):
            waiting = first.submit(ask(1))
            with pytest.raises(QueueFullError):
                second.submit(ask(2))
        assert waiting.result(PATIENCE)


def test_a_refused_request_leaves_no_cycle(
    doubling: ModelProto, holding: Callable[..., Any], wait_until: WaitUntil
) -> None:
    inputs = ask(1)
    seen = ref(inputs[0])
    with compile_model(doubling, max_queue=0) as engine, holding(engine.context):
        gc.collect()
        gc.disable()
        try:
            with pytest.raises(QueueFullError) as refused:
                engine.submit(inputs)
            del inputs, refused
            # THEN its inputs, which may be large, go with it: not when the garbage collector comes by
            assert seen() is None
        finally:
            gc.enable()


# What bounds itself


@pytest.mark.parametrize("max_queue", [0, 1])
def test_map_and_batches_are_never_refused(
    doubling: ModelProto, max_queue: int, holding: Callable[..., Any], start: Start, wait_until: WaitUntil
) -> None:
    with compile_model(doubling, batch_size=1, max_queue=max_queue) as engine:
        with holding(engine.context):
            mapping = start(lambda: [answer[0][0, 0] for answer in engine.map(map(ask, range(50)))])
            batch = start(engine.batched_run, [np.ones((20, 3), np.float32)])
            wait_until(lambda: engine.context.queue_depth >= 2)
        assert mapping.result(PATIENCE) == [2 * number for number in range(50)]
        assert batch.result(PATIENCE)[0].tolist() == [[2, 2, 2]] * 20


def test_a_batch_of_a_model_without_a_batch_dimension_is_not_refused_either(
    make_model: Callable[..., ModelProto], holding: Callable[..., Any], start: Start, wait_until: WaitUntil
) -> None:
    scalar = make_model("scalar (float x) => (float y) { y = Add(x, x) }")
    with compile_model(scalar, max_queue=0) as engine:
        with holding(engine.context):
            batch = start(engine.batched_run, [np.array(2, np.float32)])
            wait_until(lambda: engine.context.queue_depth == 1 or batch.done())
        assert batch.result(PATIENCE)[0] == 4


def test_map_draws_on_an_endless_source_only_as_it_is_asked(doubling: ModelProto) -> None:
    drawn: list[int] = []

    def requests() -> Iterator[list[Any]]:
        for number in count():
            drawn.append(number)
            yield ask(number)

    with compile_model(doubling) as engine:
        answers = engine.map(requests())
        for number in range(100):
            assert next(answers)[0][0, 0] == 2 * number
            assert len(drawn) <= number + 2 * engine.num_streams
        answers.close()
        assert engine.run(ask(1), timeout=PATIENCE)


@pytest.mark.usefixtures("two_cores")
def test_map_keeps_fewer_in_flight_when_there_are_fewer_streams(doubling: ModelProto) -> None:
    drawn: list[int] = []

    def requests() -> Iterator[list[Any]]:
        for number in count():
            drawn.append(number)
            yield ask(number)

    with compile_model(doubling, num_streams=2) as engine:
        answers = engine.map(requests())
        next(answers)
        engine.set_num_streams(1)
        for _ in range(20):
            next(answers)
        assert len(drawn) <= 21 + 2 * engine.num_streams - 1
        answers.close()


def test_map_takes_back_what_nobody_asks_for(repeating: ModelProto, wait_until: WaitUntil) -> None:
    def fail_soon() -> Iterator[list[Any]]:
        yield ENDLESS
        raise ValueError("no more requests")

    with compile_model(repeating) as engine:
        answers = engine.map([SHORT, ENDLESS, ENDLESS])
        next(answers)
        answers.close()
        wait_until(lambda: engine.context.queue_depth == 0 and count_running(engine) == 0)
        # AND when the requests' source fails
        with pytest.raises(ValueError, match="no more requests"):
            list(engine.map(fail_soon()))
        wait_until(lambda: engine.context.queue_depth == 0 and count_running(engine) == 0)


# Several engines in front of it


@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize("max_queue", [None, 0])
def test_closing_one_engine_waits_for_its_requests_on_every_stream(
    repeating: ModelProto, doubling: ModelProto, max_queue: int | None, wait_until: WaitUntil
) -> None:
    with Context(num_cores=2, num_streams=2, max_queue=max_queue) as context:
        closed, other = MultiModelEngine(repeating, None, context), MultiModelEngine(doubling, None, context)
        # GIVEN one of two streams at work for it
        future = closed.submit(LONG)
        wait_until(future.running)
        closed.close()
        # THEN closing has waited, and no stream has the model any more
        assert future.done()
        assert {len(stream.sessions) for stream in context._dispatcher.streams} == {1}
        assert other.run(ask(1))[0].tolist() == [[2, 2, 2]]


@pytest.mark.parametrize("max_queue", [None, 0])
def test_closing_one_engine_waits_for_anothers_request(
    repeating: ModelProto, doubling: ModelProto, max_queue: int | None, wait_until: WaitUntil
) -> None:
    with Context(num_cores=1, num_streams=1, max_queue=max_queue) as context:
        busy, closed = MultiModelEngine(repeating, None, context), MultiModelEngine(doubling, None, context)
        future = busy.submit(LONG)
        wait_until(future.running)
        closed.close()
        assert [len(stream.sessions) for stream in context._dispatcher.streams] == [1]
        assert future.result(PATIENCE)


def test_a_request_sent_while_its_engine_closes_costs_no_other_engine_a_stream(doubling: ModelProto) -> None:
    context = Context(num_cores=1, num_streams=1)
    closed, other = (MultiModelEngine(doubling, None, context) for _ in range(2))
    closed.submit(ask(1)).result(PATIENCE)

    class ClosingMeanwhile(dict[str, Any]):
        def __iter__(self) -> Any:
            closed.close()
            return super().__iter__()

    # WHEN the engine is closed after submit has begun, before the request stands in the queue
    with pytest.raises(ClosedError):
        closed.submit(ClosingMeanwhile(x=ask(1)[0]), val_inp=False).result(1)
    assert other.run(ask(1), timeout=1)
    context.close()


def test_a_closed_context_leaves_no_threads_of_its_engines(
    doubling: ModelProto, new_threads: Callable[[], Any], wait_until: WaitUntil
) -> None:
    with Context() as context:
        engine = MultiModelEngine(doubling, None, context)
        engine.submit(ask(1), timeout=PATIENCE).result()
    try:
        wait_until(lambda: not new_threads())
    finally:
        engine.close()


# Everything at once


@pytest.mark.usefixtures("two_cores")
def test_many_threads_many_ways_while_the_streams_change(
    doubling: ModelProto, start: Start, new_threads: Callable[[], Any], wait_until: WaitUntil
) -> None:
    """Nothing is lost or swapped, every stream is there afterwards, and no thread is left."""
    with compile_model(doubling, scheduler="multi_stream", num_streams=2) as engine:
        callers = [start(_send_in_every_way, engine, caller) for caller in range(32)]
        for turn in count():
            if not wait(callers, timeout=0.05).not_done:
                break
            engine.set_num_streams(1 + turn % 2)
        endings = sum((caller.result() for caller in callers), Counter[str]())
        assert endings.total() == 32 * REQUESTS
        assert {"answered", "cancelled", "timed out"} <= set(endings)
        totals = engine.stats().totals
        # A request may be stopped too late: it then counts as answered here, and was taken back for its caller.
        assert sum(stream.requests for stream in totals) >= endings["answered"]
        assert sum(stream.requests + stream.errors for stream in totals) <= 32 * REQUESTS
        assert engine.context.queue_depth == 0
        streams = [engine.context.acquire(PATIENCE) for _ in range(engine.num_streams)]
        assert sorted(stream.index for stream in streams) == list(range(engine.num_streams))
        for stream in streams:
            engine.context.release(stream)
    wait_until(lambda: not new_threads())


def _send_in_every_way(engine: Engine, caller: int) -> Counter[str]:
    choice, endings = random.Random(caller), Counter[str]()
    for turn in range(REQUESTS):
        number = caller * REQUESTS + turn
        timeout = choice.choice([None, None, 0, 1e-4, 1e-3, 1e-2, PATIENCE])
        try:
            if choice.random() < 0.5:
                (output,) = engine.run(ask(number), timeout=timeout)
            else:
                future = engine.submit(ask(number), timeout=timeout)
                if choice.random() < 0.4:
                    time.sleep(choice.choice([0, 1e-4, 1e-3]))
                    future.cancel()
                (output,) = future.result(6 * PATIENCE)
        except CancelledError:
            endings["cancelled"] += 1
        except RequestTimeoutError:
            endings["timed out"] += 1
        else:
            assert output.tolist() == [[2 * number] * 3]
            endings["answered"] += 1
    return endings
