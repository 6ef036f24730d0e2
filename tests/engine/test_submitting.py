"""Requests in the queue without a thread: futures, coroutines and streams of requests, and their end at every stage."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError, Future, as_completed, wait
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from deepsched import Engine, compile_model
from deepsched.errors import ClosedError, InputError, RequestError, RequestTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto

    Start = Callable[..., Future[Any]]
    WaitUntil = Callable[[Callable[[], bool]], None]

pytestmark = pytest.mark.timeout(60, method="thread")
PATIENCE = 10
ENDLESS = [np.ones((256, 256), np.float32), np.array(10**9)]
SHORT = [np.ones((256, 256), np.float32), np.array(1)]
WRONG = [np.ones((1, 3), np.float64)]


def ask(number: float) -> list[Any]:
    return [np.full((1, 3), number, np.float32)]


def count_running(engine: Engine) -> int:
    return engine.num_streams - len(engine.context._dispatcher._pool.free)


# What a future is


def test_a_future_is_one_of_the_standard_librarys(doubling: ModelProto) -> None:
    with compile_model(doubling) as engine:
        futures = {engine.submit(ask(number)): number for number in range(20)}
        for future in as_completed(futures, timeout=PATIENCE):
            assert isinstance(future, Future)
            assert future.result()[0].tolist() == [[2 * futures[future]] * 3]
            assert future.exception() is None
            assert (future.done(), future.running(), future.cancelled(), future.cancel()) == (True, False, False, False)
        assert not wait(futures, timeout=0).not_done


def test_a_future_carries_what_the_request_raised(lookup: ModelProto) -> None:
    with compile_model(lookup) as engine:
        failed = engine.submit([np.ones(3, np.float32), np.array([9])])
        refused = engine.submit(WRONG)
        assert isinstance(failed.exception(PATIENCE), RequestError)
        with pytest.raises(InputError):
            refused.result(PATIENCE)
        assert engine.submit([np.ones(3, np.float32), np.array([2])]).result(PATIENCE)[0].tolist() == [1]


def test_a_refused_requests_future_can_be_cancelled_like_any_other(doubling: ModelProto) -> None:
    with compile_model(doubling) as engine:
        assert engine.submit(WRONG).cancel() is False


@pytest.mark.usefixtures("two_cores")
def test_a_batch_that_does_not_fit_says_so_on_several_streams_too(doubling: ModelProto) -> None:
    with compile_model(doubling, num_streams=2) as engine:
        with pytest.raises(InputError):
            list(engine.map([WRONG] * 3))
        with pytest.raises(InputError):
            engine.batched_run([np.ones((4, 3), np.float64)])


def test_submissions_and_callers_are_served_as_they_came(
    doubling: ModelProto, holding: Callable[..., Any], queue_up: Callable[..., Any]
) -> None:
    with compile_model(doubling) as engine:
        with holding(engine.context):
            futures = []
            for size in range(1, 9):
                inputs = [np.ones((size, 3), np.float32)]
                futures += queue_up([(engine, inputs)]) if size % 2 else [engine.submit(inputs)]
            assert engine.context.queue_depth == 8
        for future in futures:
            future.result(PATIENCE)
        assert [record.items for record in engine.trace()] == list(range(1, 9))


# Cancelling, stage by stage


def test_cancelled_in_the_queue(doubling: ModelProto, holding: Callable[..., Any]) -> None:
    told = []
    with compile_model(doubling) as engine:
        with holding(engine.context):
            before, future, after = (engine.submit(ask(number)) for number in range(3))
            future.add_done_callback(told.append)
            assert future.cancel()
            # THEN it has left the queue at once, and everybody who asks hears the same
            assert engine.context.queue_depth == 2
            assert (future.cancelled(), future.done(), future.running(), told) == (True, True, False, [future])
            assert future.cancel()
            with pytest.raises(CancelledError):
                future.result(0)
            with pytest.raises(CancelledError):
                future.exception(0)
        assert [other.result(PATIENCE)[0][0, 0] for other in (before, after)] == [0, 4]
        assert len(engine.trace()) == 2


def test_cancelled_while_it_runs(repeating: ModelProto, wait_until: WaitUntil) -> None:
    with compile_model(repeating) as engine:
        future = engine.submit(ENDLESS)
        wait_until(future.running)
        assert future.cancel()
        with pytest.raises(CancelledError):
            future.result(PATIENCE)
        assert future.cancelled()
        # THEN the stream is free, its session serves again, and the stopped request counts as one that failed
        assert engine.run(SHORT, timeout=PATIENCE)
        (totals,) = engine.stats().totals
        assert (totals.requests, totals.errors) == (1, 1)


def test_cancelling_twice_says_the_same_twice(repeating: ModelProto, wait_until: WaitUntil) -> None:
    with compile_model(repeating) as engine:
        future = engine.submit(ENDLESS)
        wait_until(future.running)
        assert [future.cancel(), future.cancel()] == [True, True]
        wait([future], timeout=PATIENCE)
        assert future.cancel()


def test_an_answer_or_a_cancel_never_both(doubling: ModelProto, holding: Callable[..., Any]) -> None:
    """At every moment of a request's way: also between the queue and the thread that runs it."""
    choice, cancelled = random.Random(0), 0
    with compile_model(doubling) as engine:
        for turn in range(200):
            with holding(engine.context, turn % 2):
                futures = {engine.submit(ask(number)): number for number in range(3)}
            time.sleep(choice.choice([0, choice.uniform(0, 2e-4)]))
            for future, number in futures.items():
                if future.cancel():
                    cancelled += 1
                    with pytest.raises(CancelledError):
                        future.result(PATIENCE)
                    assert future.cancelled()
                else:
                    assert future.result(PATIENCE)[0][0, 0] == 2 * number
                    assert not future.cancelled()
        assert engine.run(ask(1), timeout=PATIENCE)
    assert cancelled


def test_wait_and_as_completed_know_every_ending(
    repeating: ModelProto, holding: Callable[..., Any], wait_until: WaitUntil
) -> None:
    with compile_model(repeating) as engine:
        with holding(engine.context):
            late = engine.submit(SHORT, timeout=0.01)
            wait_until(late.done)
        running = engine.submit(ENDLESS)
        wait_until(running.running)
        waiting, refused = engine.submit(SHORT), engine.submit(WRONG)
        answered = engine.submit(SHORT)
        assert waiting.cancel()
        assert running.cancel()
        futures = [late, waiting, running, refused, answered]
        assert set(as_completed(futures, timeout=PATIENCE)) == set(futures)
        assert wait(futures, return_when="FIRST_EXCEPTION").done == set(futures)
        assert [future.cancelled() for future in futures] == [False, True, True, False, False]
        assert isinstance(late.exception(), RequestTimeoutError)


# Callbacks


def test_a_callback_that_waits_keeps_no_stream(doubling: ModelProto, start: Start) -> None:
    go_on = threading.Event()
    engine = compile_model(doubling)
    try:
        threads = 2 * len(engine.plan.topology.usable_cores)
        for number in range(threads):
            engine.submit(ask(number)).add_done_callback(lambda _: go_on.wait(PATIENCE))
        time.sleep(0.1)  # all are answered; those that are not wait behind the callbacks
        assert engine.run(ask(1), timeout=2)
    finally:
        go_on.set()
        start(engine.close).result(PATIENCE)


def test_a_callback_that_fails_harms_nobody(doubling: ModelProto, wait_until: WaitUntil) -> None:
    def fail(_: Future[Any]) -> None:
        raise ValueError("a callback failed")

    with compile_model(doubling) as engine:
        for number in range(20):
            engine.submit(ask(number)).add_done_callback(fail)
        assert engine.submit(ask(1)).result(PATIENCE)
        wait_until(lambda: count_running(engine) == 0)


# Coroutines


def test_many_coroutines(doubling: ModelProto) -> None:
    async def send() -> list[float]:
        answers = await asyncio.gather(*(engine.run_async(ask(number)) for number in range(200)))
        return [answer[0][0, 0] for answer in answers]

    with compile_model(doubling) as engine:
        assert asyncio.run(send()) == [2 * number for number in range(200)]


def test_a_refused_coroutine_raises_where_it_is_awaited(doubling: ModelProto) -> None:
    problems: list[Any] = []

    async def send() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, problem: problems.append(problem))
        with pytest.raises(InputError):
            await engine.run_async(WRONG)
        task = asyncio.ensure_future(engine.run_async(WRONG))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises((InputError, asyncio.CancelledError)):
            await task

    with compile_model(doubling) as engine:
        asyncio.run(send())
    assert not problems


# The end


def test_close_serves_what_was_submitted_and_refuses_what_comes_later(
    doubling: ModelProto, holding: Callable[..., Any], start: Start, wait_until: WaitUntil
) -> None:
    engine = compile_model(doubling)
    with holding(engine.context):
        futures = [engine.submit(ask(number)) for number in range(10)]
        closing = start(engine.close)
        wait_until(lambda: engine.closed)
        for refused in (engine.submit, lambda inputs: asyncio.run(engine.run_async(inputs))):
            with pytest.raises(ClosedError):
                refused(ask(0))
        assert not closing.done()
    closing.result(PATIENCE)
    assert [future.result(0)[0][0, 0] for future in futures] == [2 * number for number in range(10)]


SETUP = """
import os, random, signal, sys, threading, time, warnings
import numpy as np
from onnx import parser
from deepsched import compile_model

model = parser.parse_model('''<ir_version: 9, opset_import: ["": 17]>
slow (float[N,N] x, int64 times) => (float[N,N] y) {
    yes = Constant <value = bool {1}> ()
    y = Loop (times, yes, x) <body = step (int64 i, bool go, float[N,N] v) => (bool goes_on, float[N,N] w) {
        goes_on = Identity(go)
        product = MatMul(v, v)
        w = Tanh(product)
    }>
}''')
warnings.simplefilter("ignore")
short, long = ([np.ones((64, 64), np.float32), np.array(times)] for times in (1, 10_000))
engine = compile_model(model)

def send_many(callback, number=3 * os.cpu_count()):
    # All of them stand in the queue before the first is answered.
    stream = engine.context.acquire()
    futures = [engine.submit(short) for _ in range(number)]
    for future in futures:
        future.add_done_callback(callback)
    engine.context.release(stream)
    return futures
"""

CALLBACKS_SEND = """
answers = []
futures = send_many(lambda _: answers.append(engine.run(short)))
while len(answers) < len(futures):
    time.sleep(0.01)
engine.close()
"""

CALLBACKS_CLOSE = """
closed = []
futures = send_many(lambda _: (engine.close(), closed.append(1)))
while len(closed) < len(futures):
    time.sleep(0.01)
assert all(future.result() for future in futures)
"""

EXIT_WITH_REQUESTS_PENDING = """
send_many(lambda _: sys.stdout.write("."), 5)
"""

EXIT_WITH_REQUESTS_BEHIND_A_CALLER = """
caller = threading.Thread(target=engine.run, args=(long,))
caller.start()
while engine.context._dispatcher._pool.free:
    time.sleep(0.001)
for _ in range(5):
    engine.submit(short).add_done_callback(lambda _: sys.stdout.write("."))
"""

EXIT_WITH_A_THREAD_THAT_STILL_SUBMITS = """
def go_on():
    threading.main_thread().join()
    for _ in range(5):
        try:
            engine.submit(short).result()
        except RuntimeError:  # saying that it is too late is right too
            pass
        sys.stdout.write(".")
    engine.run(short)
threading.Thread(target=go_on).start()
"""

NO_MORE_THREADS = """
def refuse(_):
    raise RuntimeError("can't start new thread")
start, threading.Thread.start = threading.Thread.start, refuse
try:
    futures = [engine.submit(short)]
except RuntimeError:
    futures = []
threading.Thread.start = start
futures.append(engine.submit(short))
assert all(future.result() for future in futures)
assert engine.run(short)
engine.close()
"""

INTERRUPTS = """
signal.signal(signal.SIGALRM, signal.default_int_handler)
choice, deadline = random.Random(0), time.monotonic() + 3
engine.submit(short, timeout=60).result()  # starts the threads: Thread.start itself does not bear Ctrl-C
while time.monotonic() < deadline:
    try:
        signal.setitimer(signal.ITIMER_REAL, choice.uniform(1e-5, 4e-4))
        while True:
            engine.submit(short, timeout=choice.choice([None, 60]))
    except KeyboardInterrupt:
        pass
    patience = time.monotonic() + 5
    while engine.context.queue_depth or not engine.context._dispatcher._pool.free:
        assert time.monotonic() < patience, "a request or a stream is lost"
        time.sleep(1e-4)
engine.close()
"""


@pytest.mark.parametrize(
    ("script", "dots"),
    [
        pytest.param(CALLBACKS_SEND, 0, id="callbacks send requests"),
        pytest.param(CALLBACKS_CLOSE, 0, id="callbacks close the engine"),
        pytest.param(EXIT_WITH_REQUESTS_PENDING, 5, id="exit with requests pending"),
        pytest.param(EXIT_WITH_REQUESTS_BEHIND_A_CALLER, 5, id="exit with requests behind a caller"),
        pytest.param(EXIT_WITH_A_THREAD_THAT_STILL_SUBMITS, 5, id="exit while a thread submits"),
        pytest.param(NO_MORE_THREADS, 0, id="no more threads"),
        pytest.param(INTERRUPTS, 0, id="Ctrl-C at any moment"),
    ],
)
def test_a_process_of_its_own(script: str, dots: int) -> None:
    """What goes wrong here would hang: the process is then ended, and this test with it."""
    done = subprocess.run(
        [sys.executable, "-c", SETUP + script], capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == "." * dots
