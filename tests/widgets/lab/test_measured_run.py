"""A model under load on this machine: what follows a wish, what is left alone, and what ends it."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from deepsched import Topology, compile_model
from deepsched.errors import ClosedError, ModelError
from deepsched.measure import find_example
from deepsched.measure.inputs import generate_inputs
from deepsched_widgets.lab.measured_run import MeasuredRun
from deepsched_widgets.lab.model_choice import choose_model
from deepsched_widgets.lab.prediction import Predictor
from deepsched_widgets.lab.wish import Wish
from deepsched_widgets.pictures import Pictures
from tests.widgets.waiting import wait_for

HERE = Topology.detect()
CORES = len(HERE.usable_cores)


def make(model=None, scheduler: str = "multi_stream", num_streams: int = 1, **more) -> Wish:
    choice = choose_model(model)
    return Wish(choice, choice.engine.plan.topology if choice.engine else HERE, scheduler, num_streams, **more)


def start(wish: Wish) -> MeasuredRun:
    return MeasuredRun(Predictor(str), wish)


def list_clients() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith(("deepsched-client", "deepsched-arrivals"))]


@pytest.fixture
def engine():
    with compile_model(find_example("light_squeezenet"), num_streams=CORES, scheduler="multi_stream") as engine:
        yield engine


class TestAModel:
    def test_a_sample_says_what_ran(self):
        wish = make(clients=2)
        with start(wish) as run:
            wait_for(lambda: run.sample().snapshot.requests)
            sample = run.sample()
        assert (sample.scheduler, sample.num_streams, sample.clients, sample.rate) == ("multi_stream", 1, 2, None)
        assert sample.workload is None
        assert sample.prediction is None

    def test_streams_change_while_requests_run(self):
        with start(make(num_streams=CORES, clients=CORES)) as run:
            wait_for(lambda: run.trace().records)
            run.adapt(make_like(run, num_streams=1))
            # THEN the trace is of the streams in force alone
            wait_for(lambda: run.trace().records)
            trace = run.trace()
            assert trace.num_streams == 1
            assert {record.stream for record in trace.records} == {0}
            run.adapt(make_like(run, scheduler="single_stream"))
            assert run.sample().scheduler == "single_stream"

    def test_clients_and_rate_take_each_others_place(self):
        with start(make(clients=2)) as run:
            run.adapt(make_like(run, clients=None, rate=30.0))
            assert list_clients() == ["deepsched-arrivals"]
            wait_for(lambda: run.sample().snapshot.requests)
            assert (run.sample().clients, run.sample().rate) == (None, 30.0)
            run.adapt(make_like(run, clients=3, rate=None))
            assert "deepsched-arrivals" not in list_clients()
            wait_for(lambda: run.sample().snapshot.requests)
        assert list_clients() == []

    def test_a_model_that_cannot_be_opened_leaves_nothing(self):
        with pytest.raises(ModelError):
            start(make(b"no model"))
        assert list_clients() == []


class TestAnEngine:
    def test_it_is_left_open_with_its_last_streams(self, engine):
        with start(make(engine, num_streams=CORES)) as run:
            run.adapt(make_like(run, num_streams=1))
            wait_for(lambda: run.sample().snapshot.requests)
        assert not engine.closed
        assert engine.num_streams == 1
        assert list_clients() == []

    def test_without_clients_it_is_watched(self, engine):
        request = make_request(engine)
        with start(make(engine, num_streams=CORES, clients=0)) as run:
            assert list_clients() == []
            assert run.sample().snapshot.requests == 0
            for _ in range(3):
                engine.run(request)
            assert len(run.trace().records) == 3
            assert run.sample().clients == 0

    def test_an_elastic_one_is_multi_stream(self):
        example = find_example("light_squeezenet")
        with (
            compile_model(example, scheduler="elastic", num_streams=1) as engine,
            start(make(engine, clients=0)) as run,
        ):
            assert run.sample().scheduler == "multi_stream"

    def test_closed_by_its_owner_it_ends_the_run_with_words(self, engine):
        def run_until_it_fails() -> None:
            with start(make(engine, num_streams=CORES, clients=2)) as run:
                engine.close()
                wait_for(lambda: run.sample() and False)

        with pytest.raises(ClosedError, match="compile the model again"):
            run_until_it_fails()
        assert list_clients() == []

    @pytest.mark.usefixtures("two_cores")
    def test_requests_of_streams_that_its_owner_took_away_can_be_drawn(self, engine):
        request = make_request(engine)
        with start(make(engine, num_streams=CORES, clients=0)) as run:
            # GIVEN requests on all its streams
            wait_for(lambda: list(engine.map([request] * 4)) and len({r.stream for r in run.trace().records}) > 1)
            # WHEN the owner, and not the lab, leaves it one
            engine.set_num_streams(1)
            engine.run(request)
            trace = run.trace()
        # THEN the requests since then are shown, or those before beside their streams, but none on a stream too many
        pictures = Pictures(make(engine, num_streams=1).plan(), CORES, "measured")
        pictures.show_trace(trace)
        assert pictures.timelines
        pictures.close()


def make_like(run: MeasuredRun, **changes) -> Wish:
    return replace(run._wish, **changes)


def make_request(engine):
    return generate_inputs(engine.signature)
