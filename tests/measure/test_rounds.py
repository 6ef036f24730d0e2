"""Rounds of load on a real engine."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import parser

from deepsched import compile_model
from deepsched.errors import OptionError, RequestError
from deepsched.measure import ClosedLoad, OpenLoad, Times, measure_round
from deepsched.measure.clients import Clients
from deepsched.measure.clock import InterruptGate, MonotonicClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deepsched import Engine
    from deepsched.measure import Round

pytestmark = pytest.mark.timeout(60)
DOUBLING = '<ir_version: 9, opset_import: ["": 17]> g (float[N,3] x) => (float[N,3] y) { y = Add(x, x) }'
BRIEF = Times(seconds=0.5, warm_up=0.1)


class Served:
    """An engine and one request to it."""

    def __init__(self, run: Callable[[], object], submit: Callable[[], Future[Any]]) -> None:
        self.run = run
        self.submit = submit


@pytest.fixture
def engine() -> Iterator[Engine]:
    with compile_model(parser.parse_model(DOUBLING)) as engine:
        yield engine


@pytest.fixture
def served(engine: Engine) -> Served:
    request = [np.ones((2, 3), np.float32)]
    return Served(partial(engine.run, request), partial(engine.submit, request))


def measure(server: Any, load: ClosedLoad | OpenLoad, times: Times = BRIEF) -> Round:
    with InterruptGate() as gate:
        return measure_round(server, load, times, MonotonicClock(gate))


def check(one: Round) -> None:
    assert one.seconds == pytest.approx(BRIEF.seconds)
    assert (np.diff(one.due) >= 0).all()
    assert (one.lateness >= 0).all()
    assert one.unanswered == 0
    assert (one.latencies > 0).all()
    assert one.due[0] < one.begin, "there was a warm-up"
    assert not one.interrupted


@pytest.mark.parametrize("clients", [1, 4])
def test_a_closed_loop_tells_what_the_engine_tells(engine: Engine, served: Served, clients: int) -> None:
    one = measure(served, ClosedLoad(clients))
    check(one)
    assert one.counted.sum() > 0
    # THEN each request that the engine recorded lies within one that its client recorded
    last = engine.trace()[-1]
    around = (one.due <= last.queued) & (one.answered >= last.ended)
    assert around.any()
    in_flight = np.cumsum(
        [step for _, step in sorted([(t, 1) for t in one.due] + [(t, -1) for t in one.answered], key=lambda x: x[0])]
    )
    assert in_flight.max() <= clients


def test_an_open_loop_sends_what_is_due(engine: Engine, served: Served) -> None:
    load = OpenLoad(100.0, seed=7)
    one = measure(served, load)
    check(one)
    assert one.open_loop
    start = one.begin - BRIEF.warm_up
    due = load.schedule(BRIEF.longest) + start
    # THEN its moments are those of the schedule, however late it was
    np.testing.assert_allclose(one.due, due[: len(one.due)], atol=1e-6)
    assert len(engine.trace()) == (~np.isnan(one.answered)).sum()


@pytest.mark.parametrize("load", [ClosedLoad(2), OpenLoad(200.0)], ids=["closed", "open"])
def test_a_failing_request_is_raised(load: ClosedLoad | OpenLoad) -> None:
    def fail() -> object:
        raise RequestError("it broke")

    def fail_later() -> Future[Any]:
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        threading.Timer(0.01, lambda: future.set_exception(RequestError("it broke"))).start()
        return future

    with pytest.raises(RequestError, match="it broke"):
        measure(Served(fail, fail_later), load, Times(20.0, 0.0))


def test_clients_that_cannot_be_started_are_one_error(monkeypatch: pytest.MonkeyPatch, served: Served) -> None:
    # GIVEN an operating system that has two threads left
    start, started = threading.Thread.start, []

    def start_two(thread: threading.Thread) -> None:
        if thread.name.startswith("deepsched-client"):
            if len(started) == 2:
                raise RuntimeError("can't start new thread")
            started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_two)
    with pytest.raises(OptionError, match="does not start 5 clients"):
        Clients([served.run] * 5).start()
    assert len(started) == 2
    assert not any(thread.is_alive() for thread in started)
