"""Several models on one set of streams."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from deepsched import Context, MultiModelEngine, Scheduler, compile_model
from deepsched.errors import ClosedError, ModelError, OptionError, PlanError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from onnx import ModelProto

    from deepsched import Engine

    Start = Callable[..., Future[Any]]

pytestmark = [pytest.mark.usefixtures("two_cores"), pytest.mark.timeout(60, method="thread")]
TWOS = [np.full((1, 3), 2, np.float32)]


@pytest.fixture(scope="module")
def squaring(make_model: Callable[..., ModelProto]) -> ModelProto:
    return make_model("squaring (float[N,3] x) => (float[N,3] y) { y = Mul(x, x) }")


@pytest.fixture(params=["MultiModelEngine", "compile_model"])
def attach(request: pytest.FixtureRequest) -> Callable[..., Engine]:
    if request.param == "compile_model":
        return lambda model, batch_size, context: compile_model(model, batch_size, context=context)
    return MultiModelEngine


@pytest.fixture
def context() -> Iterator[Context]:
    with Context(num_streams=1, num_cores=2) as context:
        yield context


def test_models_share_the_streams_and_one_queue(
    context: Context,
    doubling: ModelProto,
    make_model: Callable[..., ModelProto],
    attach: Callable[..., Engine],
    holding: Callable[..., Any],
    queue_up: Callable[..., Any],
) -> None:
    tripling = make_model("tripling (float[N,3] x) => (float[N,3] y) <float three = {3}> { y = Mul(x, three) }")
    double, triple = attach(doubling, None, context), attach(tripling, None, context)
    assert double.context is triple.context is context
    assert double.plan is triple.plan is context.plan
    # GIVEN requests for both, in turn, all waiting for the only stream
    with holding(context):
        futures = queue_up(((double, triple)[n % 2], [np.full((n, 3), n, np.float32)]) for n in range(1, 9))
    # THEN each is answered by its own model, in the order in which they came, one at a time
    for n, future in enumerate(futures, start=1):
        assert future.result()[0].tolist() == [[n * (2, 3)[n % 2]] * 3] * n
    records = sorted([*double.trace(), *triple.trace()], key=lambda record: record.started)
    assert [record.items for record in records] == list(range(1, 9))
    assert not [(a, b) for a, b in combinations(records, 2) if a.started < b.ended and b.started < a.ended]


def test_closing_one_model_leaves_the_other_at_work(
    context: Context,
    doubling: ModelProto,
    squaring: ModelProto,
    attach: Callable[..., Engine],
    new_threads: Callable[..., Any],
    wait_until: Callable[..., None],
) -> None:
    double, square = attach(doubling, None, context), attach(squaring, None, context)
    wait_until(lambda: len(new_threads()) == 2)
    double.close()
    double.close()
    assert double.closed
    assert not square.closed
    wait_until(lambda: len(new_threads()) == 1)
    for run in (double.run, double.mapped_run, double.submit, double.batched_run, double.timed_run):
        with pytest.raises(ClosedError, match="was closed"):
            run(TWOS)
    context.set_num_streams(2)
    assert square.run(TWOS)[0].tolist() == [[4, 4, 4]]
    assert square.num_streams == 2
    with attach(doubling, None, context) as again:
        assert again.run(TWOS)[0].tolist() == [[4, 4, 4]]


def test_closing_a_model_finishes_the_requests_that_are_here(
    context: Context,
    doubling: ModelProto,
    squaring: ModelProto,
    start: Start,
    holding: Callable[..., Any],
    queue_up: Callable[..., Any],
    wait_until: Callable[..., None],
) -> None:
    double, square = (MultiModelEngine(model, None, context) for model in (doubling, squaring))
    with holding(context):
        futures = queue_up([(double, TWOS), (square, TWOS), (double, TWOS)])
        closing = start(double.close)
        wait_until(lambda: double.closed)
    for future in futures:
        assert future.result()[0].tolist() == [[4, 4, 4]]
    closing.result()
    with pytest.raises(ClosedError):
        double.run(TWOS)


def test_closing_the_context_ends_all_its_models(
    context: Context, doubling: ModelProto, squaring: ModelProto, attach: Callable[..., Engine]
) -> None:
    engines = [attach(doubling, None, context), attach(squaring, None, context)]
    context.close()
    context.close()
    for engine in engines:
        assert engine.closed
        with pytest.raises(ClosedError):
            engine.run(TWOS)
        with pytest.raises(ClosedError):
            engine.submit(TWOS)
        engine.close()
    with pytest.raises(ClosedError):
        attach(doubling, None, context)
    with pytest.raises(ClosedError):
        context.set_num_streams(2)
    with pytest.raises(ClosedError):
        context.acquire()


def test_a_model_that_does_not_load_leaves_the_context_as_it_was(
    context: Context,
    doubling: ModelProto,
    attach: Callable[..., Engine],
    new_threads: Callable[..., Any],
    wait_until: Callable[..., None],
) -> None:
    engine = attach(doubling, None, context)
    with pytest.raises(ModelError):
        attach(b"no model", None, context)
    wait_until(lambda: len(new_threads()) == 1)
    context.set_num_streams(2)
    assert engine.run(TWOS)[0].tolist() == [[4, 4, 4]]


def test_models_come_and_go_while_requests_run_and_streams_change(
    context: Context, doubling: ModelProto, squaring: ModelProto, start: Start
) -> None:
    with MultiModelEngine(doubling, None, context) as lasting:

        def send(_: int) -> None:
            for n in range(300):
                assert lasting.run([np.full((1, 3), n, np.float32)])[0].tolist() == [[2 * n] * 3]

        def come_and_go(_: int) -> None:
            for n in range(20):
                with MultiModelEngine(squaring, None, context) as guest:
                    assert guest.run([np.full((1, 3), n, np.float32)])[0].tolist() == [[n * n] * 3]

        futures = [start(send, n) for n in range(3)] + [start(come_and_go, n) for n in range(2)]
        for turn in range(20):
            context.set_num_streams(1 + turn % 2)
        for future in futures:
            future.result()


@pytest.mark.parametrize(
    "asked",
    [{"num_streams": 1}, {"num_cores": 1}, {"scheduler": "single_stream"}, {"topology": "this"}, {"pinning": "none"}],
    ids=str,
)
def test_what_belongs_to_the_context_is_asked_there(
    context: Context, doubling: ModelProto, asked: dict[str, Any]
) -> None:
    with pytest.raises(OptionError, match="belong to the context given"):
        compile_model(doubling, context=context, **asked)


def test_a_context_is_multi_stream_and_may_be_single(doubling: ModelProto) -> None:
    with Context(num_streams=2) as several, Context(scheduler="single_stream") as single:
        assert (several.scheduler, several.num_streams) == (Scheduler.multi_stream, 2)
        assert (single.scheduler, single.num_streams) == (Scheduler.single_stream, 1)
        with pytest.raises(PlanError, match="single_stream has one stream"):
            single.set_num_streams(2)
        assert MultiModelEngine(doubling, 1, single).batch_size == 1
        assert MultiModelEngine(doubling, None, several, [[5, 3]]).input_shapes == [(5, 3)]


def test_a_context_tells_what_it_is() -> None:
    with Context(num_cores=2, num_streams=2) as context:
        assert repr(context) == "Context(num_cores=2, num_streams=2, scheduler=multi_stream)"
        assert (context.num_cores, context.pinning, context.queue_depth, context.closed) == (2, "core", 0, False)
    assert repr(context) == "Context(num_cores=2, num_streams=2, scheduler=multi_stream, closed)"
