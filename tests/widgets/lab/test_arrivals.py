"""Open-loop load: requests that come, whether or not earlier ones are answered."""

from __future__ import annotations

import threading
import time

import pytest

from deepsched import compile_model
from deepsched.errors import ClosedError, OptionError
from deepsched.measure import find_example
from deepsched_widgets.lab import arrivals as module
from deepsched_widgets.lab.arrivals import Arrivals
from tests.widgets.waiting import wait_for


@pytest.fixture
def engine():
    with compile_model(find_example("light_squeezenet"), num_streams=1) as engine:
        yield engine


def list_senders() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "deepsched-arrivals"]


def test_requests_come_until_it_is_stopped(engine):
    load = Arrivals(engine, 50.0)
    load.start()
    wait_for(lambda: len(engine.trace()) >= 5)
    load.stop()
    answered = len(engine.trace())
    assert not list_senders()
    time.sleep(0.2)
    assert len(engine.trace()) == answered
    assert load.error is None


def test_it_stops_at_once_though_the_next_request_is_far(engine):
    load = Arrivals(engine, 0.01)
    load.start()
    wait_for(engine.trace)
    load.stop()
    assert not list_senders()


@pytest.mark.parametrize("times", [1, 2, 3])
def test_it_may_be_stopped_more_than_once_and_before_it_starts(engine, times):
    load = Arrivals(engine, 1.0)
    for _ in range(times):
        load.stop()
    assert load.error is None


def test_what_waits_is_taken_back(engine):
    # GIVEN more requests than are served
    load = Arrivals(engine, 5000.0)
    load.start()
    wait_for(lambda: engine.stats(5.0).queue_depth > 20)
    # WHEN it is stopped THEN nothing waits any more, and the engine serves others
    load.stop()
    assert engine.stats(5.0).queue_depth == 0
    assert load.error is None


def test_a_rate_above_capacity_ends_with_words_that_say_what_to_do(engine, monkeypatch):
    monkeypatch.setattr(module, "_MOST_WAITING", 50)
    load = Arrivals(engine, 5000.0)
    load.start()
    wait_for(lambda: load.error)
    assert isinstance(load.error, OptionError)
    assert "5000 requests/s are more than these streams serve" in str(load.error)
    assert "Lower the rate, or try another num_streams." in str(load.error)
    load.stop()
    assert engine.stats(5.0).queue_depth == 0


def test_an_engine_that_its_owner_closes_ends_it(engine):
    load = Arrivals(engine, 100.0)
    load.start()
    wait_for(engine.trace)
    engine.close()
    wait_for(lambda: load.error)
    assert isinstance(load.error, ClosedError)
    load.stop()


def test_they_come_no_faster_than_the_rate(engine):
    load = Arrivals(engine, 40.0)
    load.start()
    wait_for(lambda: len(engine.trace()) >= 40)
    load.stop()
    queued = [record.queued for record in engine.trace()]
    # The mean of 39 exponential gaps is hardly below a third of what it should be.
    assert (queued[39] - queued[0]) / 39 > 0.3 / 40
