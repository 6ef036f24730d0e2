"""Requests that have only so long: None waits for ever, a number bounds waiting and running, 0 takes what is free."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
import pytest

from deepsched import DeepschedError, Engine, compile_model
from deepsched.engine.timeouts import Deadlines
from deepsched.errors import OptionError, RequestError, RequestTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from onnx import ModelProto

    Ask = Callable[[Engine, list[Any], float | None], Any]
    Start = Callable[..., Future[Any]]
    WaitUntil = Callable[[Callable[[], bool]], None]

pytestmark = pytest.mark.timeout(60, method="thread")
PATIENCE = 10
ENDLESS = [np.ones((256, 256), np.float32), np.array(10**9)]
SHORT = [np.ones((256, 256), np.float32), np.array(1)]
LONG = [np.ones((256, 256), np.float32), np.array(50)]

WAYS: dict[str, Ask] = {
    "run": lambda engine, inputs, timeout: engine.run(inputs, timeout=timeout),
    "timed_run": lambda engine, inputs, timeout: engine.timed_run(inputs, timeout=timeout)[0],
    "mapped_run": lambda engine, inputs, timeout: list(engine.mapped_run(inputs, timeout=timeout).values()),
    "submit": lambda engine, inputs, timeout: engine.submit(inputs, timeout=timeout).result(PATIENCE),
    "run_async": lambda engine, inputs, timeout: asyncio.run(engine.run_async(inputs, timeout=timeout)),
    "map": lambda engine, inputs, timeout: next(engine.map([inputs], timeout=timeout)),
}


@pytest.fixture(params=WAYS)
def ask(request: pytest.FixtureRequest) -> Ask:
    """Each way in that takes a timeout."""
    return WAYS[request.param]


@pytest.fixture
def deadlines() -> Iterator[Deadlines]:
    watched = Deadlines()
    yield watched
    watched.close()


# Each way in


@pytest.mark.parametrize("timeout", [None, PATIENCE, 1e12, float("inf")], ids=str)
def test_a_request_that_has_time_is_answered(doubling: ModelProto, ask: Ask, timeout: float | None) -> None:
    with compile_model(doubling) as engine:
        assert ask(engine, [np.ones((1, 3), np.float32)], timeout)[0].tolist() == [[2, 2, 2]]


@pytest.mark.parametrize("timeout", [0.05, 0, -1, float("-inf")])
def test_a_request_that_waits_too_long_leaves_the_queue(
    repeating: ModelProto, ask: Ask, timeout: float, holding: Callable[..., Any], wait_until: WaitUntil
) -> None:
    with compile_model(repeating) as engine:
        with holding(engine.context), pytest.raises(RequestTimeoutError) as refused:
            ask(engine, SHORT, timeout)
        assert isinstance(refused.value, TimeoutError)
        assert isinstance(refused.value, DeepschedError)
        wait_until(lambda: engine.context.queue_depth == 0)
        assert engine.trace() == ()
        assert engine.run(SHORT, timeout=0)


def test_a_request_that_runs_too_long_is_stopped(repeating: ModelProto, ask: Ask) -> None:
    with compile_model(repeating) as engine:
        with pytest.raises(RequestTimeoutError, match=r"not answered within 0\.1 s"):
            ask(engine, ENDLESS, 0.1)
        # THEN the stream and its session serve the next one
        assert engine.run(SHORT, timeout=PATIENCE)
        assert [(totals.requests, totals.errors) for totals in engine.stats().totals] == [(1, 1)]


@pytest.mark.parametrize("timeout", [0, -1])
def test_without_time_to_wait_a_free_stream_still_serves_it(repeating: ModelProto, ask: Ask, timeout: float) -> None:
    # 0 says "only if a stream is free at once", and one is; the request then has the time that it needs.
    with compile_model(repeating) as engine:
        engine.run(SHORT)
        assert ask(engine, LONG, timeout)


def test_waiting_and_running_share_the_time(
    repeating: ModelProto, ask: Ask, start: Start, holding: Callable[..., Any], wait_until: WaitUntil
) -> None:
    with compile_model(repeating) as engine:
        begun = monotonic()
        with holding(engine.context):
            future = start(ask, engine, ENDLESS, 1.0)
            wait_until(lambda: engine.context.queue_depth == 1)
        # GIVEN that it waited and then got its stream, it is stopped all the same
        with pytest.raises(RequestTimeoutError, match="not answered within 1 s"):
            future.result(PATIENCE)
        assert monotonic() - begun >= 1.0


def test_the_parts_of_a_batch_have_the_time_of_a_request(repeating: ModelProto, doubling: ModelProto) -> None:
    with compile_model(repeating) as engine, pytest.raises(RequestTimeoutError):
        engine.batched_run(ENDLESS, timeout=0.1)
    with compile_model(doubling) as engine:
        (output,) = engine.batched_run([np.ones((5, 3), np.float32)], timeout=PATIENCE)
        assert output.tolist() == [[2, 2, 2]] * 5


def test_a_request_that_fails_in_time_says_why(lookup: ModelProto, ask: Ask) -> None:
    with compile_model(lookup) as engine, pytest.raises(RequestError, match="out of data bounds"):
        ask(engine, [np.ones(3, np.float32), np.array([9])], PATIENCE)


@pytest.mark.parametrize("timeout", ["1", True, float("nan"), [1], 1j], ids=repr)
def test_what_is_no_time_is_refused(doubling: ModelProto, ask: Ask, timeout: Any) -> None:
    with compile_model(doubling) as engine, pytest.raises(OptionError, match="timeout is"):
        ask(engine, [np.ones((1, 3), np.float32)], timeout)


@pytest.mark.parametrize("timeout", [np.float32(5), np.float64(5), np.int64(5), 10**400], ids=type)
def test_every_kind_of_number_is_a_time(doubling: ModelProto, timeout: Any) -> None:
    with compile_model(doubling) as engine:
        assert engine.run([np.ones((1, 3), np.float32)], timeout=timeout)


def test_many_timeouts_at_once_each_end_their_own_request(
    doubling: ModelProto, holding: Callable[..., Any], wait_until: WaitUntil
) -> None:
    inputs = [np.ones((1, 3), np.float32)]
    with compile_model(doubling) as engine:
        with holding(engine.context):
            # The later ones first, so that the thread must be woken for each.
            futures = {ms: engine.submit(inputs, timeout=ms / 1000) for ms in (60_000, 200, 150, 100, 50, 10, 1)}
            patient = engine.submit(inputs)
            wait_until(lambda: engine.context.queue_depth == 2)
        for ms, future in futures.items():
            assert (future.exception(PATIENCE) is None) == (ms == 60_000)
        assert patient.result(PATIENCE)


def test_a_task_that_is_cancelled_or_timed_takes_its_request_back(repeating: ModelProto, wait_until: WaitUntil) -> None:
    async def send() -> None:
        running = asyncio.ensure_future(engine.run_async(ENDLESS))
        await asyncio.to_thread(wait_until, lambda: not engine.context._dispatcher._pool.free)
        queued = asyncio.ensure_future(engine.run_async(ENDLESS))
        await asyncio.to_thread(wait_until, lambda: engine.context.queue_depth == 1)
        for task in (queued, running):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(engine.run_async(ENDLESS), 0.05)
        with pytest.raises(RequestTimeoutError):
            await engine.run_async(ENDLESS, timeout=0.05)

    with compile_model(repeating) as engine:
        asyncio.run(send())
        assert engine.context.queue_depth == 0
        assert engine.run(SHORT, timeout=PATIENCE)


# The thread behind them


def test_deadlines_pass_in_their_order(deadlines: Deadlines, wait_until: WaitUntil) -> None:
    passed: list[int] = []
    for hundredths in (9, 3, 6, 1, 30):
        deadlines.add(hundredths / 100, lambda number=hundredths: passed.append(number))
    wait_until(lambda: len(passed) == 5)
    assert passed == [1, 3, 6, 9, 30]


def test_what_is_dropped_does_not_pass(deadlines: Deadlines, wait_until: WaitUntil) -> None:
    passed: list[str] = []
    deadlines.drop(deadlines.add(0.01, lambda: passed.append("dropped")))
    deadlines.add(0.1, lambda: passed.append("kept"))
    wait_until(lambda: bool(passed))
    deadlines.drop(0)
    deadlines.drop(10**6)
    assert passed == ["kept"]


def test_close_forgets_all_and_none_can_follow(deadlines: Deadlines) -> None:
    passed = threading.Event()
    deadlines.add(0.2, passed.set)
    deadlines.close()
    deadlines.close()
    deadlines.add(0.01, passed.set)  # a request that came at the very end
    assert not passed.wait(0.3)


def test_a_deadline_may_add_another_and_close(deadlines: Deadlines) -> None:
    passed = threading.Event()
    deadlines.add(0.01, lambda: (deadlines.add(0.01, passed.set), deadlines.add(60, print)))
    assert passed.wait(PATIENCE)
    deadlines.add(0.01, lambda: (deadlines.close(), passed.set()))
    passed.clear()
    assert passed.wait(PATIENCE)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_callback_that_wants_to_exit_ends_no_other_timeouts(
    repeating: ModelProto, holding: Callable[..., Any], wait_until: WaitUntil
) -> None:
    with compile_model(repeating) as engine:
        with holding(engine.context):
            late = engine.submit(SHORT, timeout=0.01)
            late.add_done_callback(lambda _: sys.exit(1))
            wait_until(late.done)
        # Bounded in itself: where timeouts are dead it would run for ever.
        future = engine.submit(ENDLESS, timeout=0.05)
        try:
            assert isinstance(future.exception(2), RequestTimeoutError)
        finally:
            future.cancel()


def test_a_callback_that_waits_keeps_up_no_other_timeouts(repeating: ModelProto, holding: Callable[..., Any]) -> None:
    go_on = threading.Event()
    with compile_model(repeating) as engine, holding(engine.context):
        engine.submit(SHORT, timeout=0.01).add_done_callback(lambda _: go_on.wait(PATIENCE))
        second = engine.submit(SHORT, timeout=0.1)
        try:
            assert isinstance(second.exception(2), RequestTimeoutError)
        finally:
            go_on.set()


def test_a_thread_that_does_not_start_is_tried_again(deadlines: Deadlines, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError):
        deadlines.add(0.01, print)
    monkeypatch.undo()
    passed = threading.Event()
    deadlines.add(0.01, passed.set)
    assert passed.wait(2)


# What is kept alive


def test_an_engine_that_is_dropped_leaves_no_thread_to_wait_for_its_timeouts(
    repeating: ModelProto, new_threads: Callable[[], Any], wait_until: WaitUntil
) -> None:
    # GIVEN requests that took long enough for the thread to know of their timeouts, longer than the test is patient
    engine = compile_model(repeating)
    engine.run(LONG, timeout=1.5 * PATIENCE)
    engine.submit(LONG, timeout=1.5 * PATIENCE).result(PATIENCE)
    del engine
    gc.collect()
    wait_until(lambda: not new_threads())


@pytest.mark.parametrize("timeout", [None, 5])
def test_a_future_that_somebody_keeps_keeps_no_engine(
    doubling: ModelProto, holding: Callable[..., Any], timeout: float | None, wait_until: WaitUntil
) -> None:
    engine = compile_model(doubling)
    with holding(engine.context):
        future = engine.submit([np.ones((1, 3), np.float32)], timeout=timeout)
    future.result(PATIENCE)
    context = ref(engine.context)
    del engine
    wait_until(lambda: gc.collect() >= 0 and context() is None)
    assert future.result()[0].tolist() == [[2, 2, 2]]


# In processes of their own, for they would hang

SETUP = """
import random, signal, threading, time, warnings
import numpy as np
from onnx import parser
from deepsched import compile_model

model = parser.parse_model('''<ir_version: 9, opset_import: ["": 17]>
double (float[N] x) => (float[N] y) { y = Add(x, x) }''')
warnings.simplefilter("ignore")
ones = [np.ones(3, np.float32)]
engine = compile_model(model)
engine.submit(ones).result()
"""

TWO_CALLBACKS_CLOSE = """
# One request is timed out and one is answered: their callbacks run in different threads, and both close the engine.
meeting, closed = threading.Barrier(2), []
def close(_):
    meeting.wait()
    engine.close()
    closed.append(1)
stream = engine.context.acquire()
# Long enough to be heard of: the callback of a future that is done is called at once, by who adds it.
late, answered = engine.submit(ones, timeout=1.0), engine.submit(ones)
late.add_done_callback(close)
answered.add_done_callback(close)
while not late.done():
    time.sleep(0.01)
engine.context.release(stream)
while len(closed) < 2:
    time.sleep(0.01)
"""

INTERRUPTS = """
signal.signal(signal.SIGALRM, signal.default_int_handler)
choice, deadline, interrupts = random.Random(0), time.monotonic() + 3, 0
while time.monotonic() < deadline:
    try:
        signal.setitimer(signal.ITIMER_REAL, choice.uniform(1e-5, 4e-4))
        while True:
            engine.run(ones, timeout=60)
    except KeyboardInterrupt:
        interrupts += 1
    stream = engine.context.acquire()
    late = engine.submit(ones, timeout=1e-3)
    try:
        error = late.exception(3)
    except TimeoutError:
        raise SystemExit(f"after {interrupts} interrupts no timeout passes any more")
    engine.context.release(stream)
engine.close()
"""


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(TWO_CALLBACKS_CLOSE, id="callbacks of two threads close the engine"),
        pytest.param(INTERRUPTS, id="Ctrl-C at any moment"),
    ],
)
def test_a_process_of_its_own(script: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SETUP + script], capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode == 0, done.stderr[-2000:]
