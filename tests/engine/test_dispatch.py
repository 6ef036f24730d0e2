"""Handing streams to callers and taking them back, with nothing behind the streams."""

from __future__ import annotations

import random
from threading import Barrier, Event
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from deepsched.engine.dispatch import Dispatcher
from deepsched.errors import ClosedError, RequestTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    Start = Callable[..., Future[Any]]
    WaitUntil = Callable[[Callable[[], bool]], None]

pytestmark = pytest.mark.timeout(60)


def make_streams(count: int) -> list[Any]:
    return [SimpleNamespace(index=index, users=[]) for index in range(count)]


def take_all(dispatcher: Dispatcher) -> list[Any]:
    streams = []
    while True:
        try:
            streams.append(dispatcher.acquire(0))
        except RequestTimeoutError:
            return streams


@pytest.fixture
def wait_in_turn(start: Start, wait_until: WaitUntil) -> Callable[..., list[Future[Any]]]:
    """Send callers into the queue, one after the other."""

    def wait(dispatcher: Dispatcher, count: int) -> list[Future[Any]]:
        futures = []
        for _ in range(count):
            depth = dispatcher.queue_depth
            futures.append(start(dispatcher.acquire))
            wait_until(lambda depth=depth: dispatcher.queue_depth == depth + 1)
        return futures

    return wait


def test_streams_are_first_taken_in_their_order() -> None:
    dispatcher = Dispatcher(make_streams(3))
    assert [stream.index for stream in take_all(dispatcher)] == [0, 1, 2]


def test_the_stream_given_back_last_is_taken_first(start: Start) -> None:
    dispatcher = Dispatcher(make_streams(3))
    first, second, third = take_all(dispatcher)
    for stream in (second, third, first):
        dispatcher.release(stream)
    assert [start(dispatcher.acquire).result() for _ in range(3)] == [first, third, second]


def test_a_thread_takes_the_stream_that_it_used_last_if_that_is_free(start: Start) -> None:
    dispatcher = Dispatcher(make_streams(3))
    others = [start(dispatcher.acquire).result(), start(dispatcher.acquire).result()]
    own = dispatcher.acquire()
    for stream in (own, *others):
        dispatcher.release(stream)
    assert dispatcher.acquire() is own
    # AND another one when it is not
    assert dispatcher.acquire() is others[1]


def test_callers_get_streams_in_the_order_in_which_they_came(wait_in_turn: Callable[..., Any]) -> None:
    streams = make_streams(2)
    dispatcher = Dispatcher(streams)
    held = take_all(dispatcher)
    futures = wait_in_turn(dispatcher, 6)
    for turn, future in enumerate(futures):
        stream = held[turn % 2]
        dispatcher.release(stream)
        assert future.result() is stream
        assert not any(later.done() for later in futures[turn + 1 :])
    assert dispatcher.queue_depth == 0


def test_a_caller_who_waited_too_long_leaves_the_queue(wait_in_turn: Callable[..., Any]) -> None:
    dispatcher = Dispatcher(make_streams(1))
    (stream,) = take_all(dispatcher)
    # GIVEN one who waits for long, then one who waits for a moment
    (patient,) = wait_in_turn(dispatcher, 1)
    with pytest.raises(RequestTimeoutError, match=r"within 0\.01 s"):
        dispatcher.acquire(0.01)
    # WHEN the stream comes back, twice
    assert dispatcher.queue_depth == 1
    dispatcher.release(stream)
    assert patient.result() is stream
    dispatcher.release(stream)
    # THEN it did not go to the one who left
    assert take_all(dispatcher) == [stream]


def test_callers_move_to_the_new_streams_at_once(wait_in_turn: Callable[..., Any], start: Start) -> None:
    dispatcher = Dispatcher(make_streams(2))
    held = take_all(dispatcher)
    futures = wait_in_turn(dispatcher, 3)
    new = make_streams(2)
    switching = start(dispatcher.switch, new)
    # THEN the first two have the new streams, in order, though the old ones are still held
    assert [future.result() for future in futures[:2]] == new
    assert not futures[2].done()
    # AND the switch ends when both old ones are back, which go to nobody
    dispatcher.release(held[0])
    assert not switching.done()
    dispatcher.release(held[1])
    switching.result()
    assert not futures[2].done()
    for stream in new:
        dispatcher.release(stream)
    assert futures[2].result() in new
    dispatcher.release(futures[2].result())
    assert {id(stream) for stream in take_all(dispatcher)} == {id(stream) for stream in new}


def test_an_idle_dispatcher_switches_without_waiting() -> None:
    dispatcher = Dispatcher(make_streams(4))
    for count in (1, 3, 2):
        dispatcher.switch(new := make_streams(count))
        assert take_all(dispatcher) == new
        for stream in new:
            dispatcher.release(stream)


def test_close_serves_those_who_wait_and_then_refuses(
    wait_in_turn: Callable[..., Any], start: Start, wait_until: WaitUntil
) -> None:
    dispatcher = Dispatcher(make_streams(1))
    (stream,) = take_all(dispatcher)
    futures = wait_in_turn(dispatcher, 3)
    closing = start(dispatcher.close)
    wait_until(lambda: dispatcher.queue_depth == 4)
    # THEN newcomers are refused while those who were there before are served
    with pytest.raises(ClosedError, match="was closed"):
        dispatcher.acquire()
    dispatcher.release(stream)
    for future in futures:
        assert not closing.done()
        dispatcher.release(future.result())
    closing.result()
    for timeout in (None, 0, 1):
        with pytest.raises(ClosedError):
            dispatcher.acquire(timeout)
    dispatcher.close()


def test_sixteen_threads_share_streams_while_these_change(start: Start) -> None:
    """Nobody shares a stream, no stream is lost, and everybody is served or timed out."""
    dispatcher = Dispatcher(make_streams(2))
    together, stop = Barrier(17), Event()

    def use(caller: int) -> int:
        choice = random.Random(caller)
        served = 0
        together.wait()
        while not stop.is_set():
            try:
                stream = dispatcher.acquire(choice.choice([None, None, 0, 1e-5, 1e-4, 1e-3]))
            except RequestTimeoutError:
                continue
            stream.users.append(caller)
            if choice.random() < 0.1:
                stop.wait(1e-4)
            assert stream.users == [caller]
            stream.users.clear()
            served += 1
            dispatcher.release(stream)
        return served

    futures = [start(use, caller) for caller in range(16)]
    together.wait()
    try:
        for turn in range(100):
            streams = make_streams(1 + turn % 4)
            stop.wait(0.01)
            dispatcher.switch(streams)
    finally:
        stop.set()
    assert all(future.result() for future in futures), "somebody was never served"
    assert dispatcher.queue_depth == 0
    assert sorted(stream.index for stream in take_all(dispatcher)) == [0, 1, 2, 3]


def test_close_amid_callers_leaves_nobody_waiting(start: Start) -> None:
    for _ in range(50):
        dispatcher = Dispatcher(make_streams(2))
        together = Barrier(9)

        def use(dispatcher: Dispatcher = dispatcher, together: Barrier = together) -> int:
            together.wait()
            for served in range(10_000):
                try:
                    stream = dispatcher.acquire()
                except ClosedError:
                    return served
                dispatcher.release(stream)
            return served

        futures = [start(use) for _ in range(8)]
        together.wait()
        dispatcher.close()
        for future in futures:
            future.result()
        with pytest.raises(ClosedError):
            dispatcher.acquire(0)
