"""Clients that each send the next request when the last one is answered."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import parser

from deepsched import DeepschedError, Engine, compile_model
from deepsched.errors import ClosedError, InputError, OptionError, RequestError
from deepsched.measure import ClosedLoop, measure_closed_loop

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(60)
DOUBLING = "doubling (float[N,3] x) => (float[N,3] y) { y = Add(x, x) }"
LOOKUP = "lookup (float[3] table, int64[N] indices) => (float[N] y) { y = Gather(table, indices) }"
SEQUENCE = "first (seq(float[N]) items, int64 i) => (float[N] y) { y = SequenceAt(items, i) }"


def compile_text(text: str, **options: Any) -> Engine:
    return compile_model(parser.parse_model(f'<ir_version: 9, opset_import: ["": 17]> {text}'), **options)


def find_clients() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("deepsched-client")]


@pytest.fixture
def engine() -> Iterator[Engine]:
    with compile_text(DOUBLING) as engine:
        yield engine
    assert not find_clients()


def serve_some(engine: Engine, requests: int = 50) -> None:
    before = len(engine.trace())
    while len(engine.trace()) < before + requests:
        threading.Event().wait(0.001)


@pytest.mark.parametrize("clients", [1, 2, 8])
def test_clients_send_requests_from_start_to_stop(engine: Engine, clients: int) -> None:
    loop = ClosedLoop(engine, clients)
    assert not find_clients()
    loop.start()
    assert len(find_clients()) == clients
    serve_some(engine)
    loop.stop()
    assert not find_clients()
    assert loop.error is None
    served = len(engine.trace())
    assert engine.run([np.ones((1, 3), np.float32)], timeout=0)
    assert len(engine.trace()) == served + 1, "nobody else sends any more"


def test_each_client_has_one_request_in_flight(engine: Engine) -> None:
    stream = engine.context.acquire()
    with ClosedLoop(engine, 3):
        # GIVEN that all three clients wait for the only stream
        while engine.context.queue_depth < 3:
            threading.Event().wait(0.001)
        engine.context.release(stream)
        serve_some(engine)
    moments = sorted([(r.queued, 1) for r in engine.trace()] + [(r.ended, -1) for r in engine.trace()])
    in_flight = np.cumsum([change for _, change in moments])
    assert in_flight.max() == 3


def test_the_inputs_may_be_given(engine: Engine) -> None:
    for inputs in ([np.ones((7, 3), np.float32)], {"x": np.ones((7, 3), np.float32)}):
        with ClosedLoop(engine, 2, inputs):
            serve_some(engine)
    assert {record.items for record in engine.trace()} == {7}


@pytest.mark.parametrize("clients", [0, -1, 1.5, "2", None, True])
def test_what_is_no_number_of_clients(engine: Engine, clients: Any) -> None:
    with pytest.raises(OptionError, match=f"clients is {clients!r}"):
        ClosedLoop(engine, clients)
    with pytest.raises(OptionError, match="clients is"):
        measure_closed_loop(engine, clients, 0.01)


def test_a_failed_request_is_raised_where_the_load_is_stopped() -> None:
    inputs = [np.zeros(3, np.float32), np.array([9])]
    with compile_text(LOOKUP) as engine:
        loop = ClosedLoop(engine, 2, inputs)
        loop.start()
        for client in find_clients():
            client.join()
        assert isinstance(loop.error, RequestError)
        with pytest.raises(RequestError, match="data bounds"):
            loop.stop()
        with pytest.raises(RequestError):
            measure_closed_loop(engine, 2, 0.05, warm_up=0, inputs=inputs)
    assert not find_clients()


@pytest.mark.parametrize("inputs", [[], [np.ones((2, 2), np.float32)], {"y": 1}], ids=repr)
def test_inputs_that_do_not_fit_are_refused_before_the_load_starts(engine: Engine, inputs: Any) -> None:
    with pytest.raises(InputError):
        ClosedLoop(engine, 2, inputs)


def test_inputs_that_cannot_be_made_are_asked_for() -> None:
    with compile_text(SEQUENCE) as engine, pytest.raises(InputError, match="give the inputs yourself"):
        ClosedLoop(engine, 1)


def test_an_engine_that_closes_ends_the_load() -> None:
    engine = compile_text(DOUBLING)
    loop = ClosedLoop(engine, 4)
    loop.start()
    serve_some(engine)
    engine.close()
    with pytest.raises(ClosedError):
        loop.stop()
    assert not find_clients()


@pytest.mark.parametrize("misuse", ["stop before start", "start twice", "start again"])
def test_a_load_is_started_once(engine: Engine, misuse: str) -> None:
    loop = ClosedLoop(engine, 2)
    if misuse == "stop before start":
        loop.stop()
        return
    loop.start()
    if misuse == "start again":
        loop.stop()
    with pytest.raises(DeepschedError):
        loop.start()
    loop.stop()


def test_measuring_gives_the_statistics_of_the_last_seconds(engine: Engine) -> None:
    snapshot = measure_closed_loop(engine, 2, 0.1, warm_up=0.2)
    assert not find_clients()
    assert snapshot.window == pytest.approx(0.1)
    assert 0 < snapshot.requests < len(engine.trace()), "the warm-up is left out"
    assert snapshot.throughput == pytest.approx(snapshot.requests / snapshot.window)
    assert 0 < snapshot.run_time.p50 <= snapshot.latency.p50 <= snapshot.latency.p99
    assert len(snapshot.utilisation) == engine.num_streams


@pytest.mark.parametrize(
    "durations",
    [
        {"seconds": 0},
        {"seconds": -1},
        {"seconds": float("nan")},
        {"seconds": float("inf")},
        {"seconds": 1e9},
        {"warm_up": -0.1},
        {"warm_up": float("nan")},
        {"seconds": "1"},
        {"seconds": None},
    ],
    ids=str,
)
def test_durations_out_of_range(engine: Engine, durations: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=f"{next(iter(durations))} is"):
        measure_closed_loop(engine, 1, **durations)
