"""The search for the best setting: what it finds, how it tells of it, and that it ends when it is asked to."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from deepsched import Topology, plan_streams, simulate
from deepsched.errors import DeepschedError
from deepsched.simulation import WORKLOADS
from deepsched_widgets.lab.model_choice import choose_model
from deepsched_widgets.lab.search import Search, Verdict
from deepsched_widgets.lab.simulated_search import search_by_simulation
from deepsched_widgets.lab.wish import Wish
from tests.widgets.waiting import wait_for

GOLDEN = Topology.from_synthetic("pack:2 l3:1 core:8 pu:1")
HERE = Topology.detect()


class Audience:
    """Keeps what a search tells."""

    def __init__(self) -> None:
        self.progress: list = []
        self.ends: list = []

    def show_progress(self, search, progress) -> None:
        self.progress.append(progress)

    def show_verdict(self, search, verdict, error) -> None:
        self.ends.append((verdict, error))


def simulated(**more) -> Wish:
    return Wish(choose_model(None), GOLDEN, "multi_stream", 3, workload=WORKLOADS[0], **{"clients": 16, **more})


def measured(**more) -> Wish:
    return Wish(choose_model(None), HERE, "multi_stream", 1, **{"clients": 2, **more})


def search(wish: Wish, budget: float = 1.0) -> tuple[Search, Audience]:
    audience = Audience()
    found = Search(wish, audience, budget)
    found.start(lambda: None)
    return found, audience


def finish(wish: Wish, budget: float = 1.0) -> Audience:
    _, audience = search(wish, budget)
    wait_for(lambda: audience.ends, 120.0)
    return audience


class TestBySimulation:
    def test_no_setting_of_the_machine_is_much_better(self):
        wish = simulated()
        best, words = search_by_simulation(wish, lambda *_: True)
        found = simulate(best, WORKLOADS[0], clients=16).throughput.value
        for count in range(1, 17):
            other = simulate(GOLDEN, WORKLOADS[0], count, clients=16).throughput.value
            assert found >= 0.97 * other
        assert words.startswith("Simulated: ")

    def test_at_a_rate_that_nothing_serves_it_says_so(self):
        _, words = search_by_simulation(simulated(clients=None, rate=5000.0), lambda *_: True)
        assert "no setting keeps up with this rate" in words

    def test_at_a_rate_the_best_keeps_up(self):
        wish = simulated(clients=None, rate=20.0)
        best, _ = search_by_simulation(wish, lambda *_: True)
        assert simulate(best, WORKLOADS[0], clients=None, rate=20.0).stable

    def test_it_does_not_depend_on_where_the_slider_stands(self):
        first = search_by_simulation(simulated(), lambda *_: True)
        again = search_by_simulation(replace(simulated(), num_streams=7, scheduler="single_stream"), lambda *_: True)
        assert first == again

    def test_progress_goes_up_to_one_with_a_point_for_each_setting(self):
        audience = finish(simulated())
        shares = [progress.share for progress in audience.progress]
        assert shares == sorted(shares)
        assert (shares[0], shares[-1]) == (0.0, 1.0)
        settings = [(point.single, point.num_streams) for point in audience.progress[-1].points]
        assert len(settings) == len(set(settings)) == 17
        assert {point.origin for point in audience.progress[-1].points} == {"simulated"}

    def test_the_verdict_can_be_applied(self):
        (((verdict, error),)) = finish(simulated()).ends
        assert error is None
        plan = plan_streams(
            GOLDEN,
            verdict.num_streams if verdict.scheduler == "multi_stream" else None,
            scheduler=verdict.scheduler,
            threads_per_core=verdict.threads_per_core,
        )
        assert not plan.adjustments


class TestByMeasuring:
    def test_it_finds_a_setting_of_this_machine(self):
        audience = finish(measured(), budget=3.0)
        ((verdict, error),) = audience.ends
        assert error is None
        assert 1 <= verdict.num_streams <= len(HERE.usable_cores)
        shares = [progress.share for progress in audience.progress]
        assert all(0 <= share <= 1 for share in shares)
        assert shares[-1] == 1.0
        points = audience.progress[-1].points
        assert points
        assert {point.origin for point in points} == {"measured"}

    def test_a_model_that_cannot_be_opened_is_an_error(self):
        wish = replace(measured(), model=choose_model(b"no model"))
        ((verdict, error),) = finish(wish).ends
        assert verdict is None
        assert isinstance(error, DeepschedError)


def test_stopped_simulations_give_the_best_until_then():
    _, words = search_by_simulation(simulated(), lambda done, *_: done < 3)
    assert words.startswith("Stopped after 3 of 17 settings. Simulated: ")
    assert search_by_simulation(simulated(), lambda *_: False) is None


def test_stopped_measuring_gives_the_best_until_then():
    found, audience = search(measured(), budget=600.0)
    wait_for(lambda: audience.progress and audience.progress[-1].points, 120.0)
    found.stop()
    ((verdict, error),) = audience.ends
    assert error is None
    assert verdict.words.startswith("Stopped early. ")
    assert 1 <= verdict.num_streams <= len(HERE.usable_cores)


@pytest.mark.parametrize("wish", [simulated(), measured()], ids=["simulated", "measured"])
def test_it_ends_when_it_is_asked_to(wish):
    found, audience = search(wish, budget=600.0)
    wait_for(lambda: audience.progress)
    found.stop()
    ((verdict, error),) = audience.ends
    assert error is None
    assert verdict is None or verdict.words.startswith("Stopped")
    assert found.stopping
    assert not [thread for thread in threading.enumerate() if thread.name == "deepsched-search"]


def test_stopped_before_it_began_it_tells_nothing_but_its_end():
    found = Search(simulated(), audience := Audience(), 1.0)
    found.stop()
    found.start(lambda: None)
    wait_for(lambda: audience.ends)
    assert audience.progress == []
    assert audience.ends == [(None, None)]


@pytest.mark.parametrize(
    ("verdict", "label"),
    [
        (Verdict("single_stream", 1, 1, ""), "Use single_stream"),
        (Verdict("multi_stream", 1, 1, ""), "Use multi_stream, 1 stream"),
        (Verdict("multi_stream", 4, 2, ""), "Use multi_stream, 4 streams, 2 threads per core"),
    ],
)
def test_a_verdict_says_what_its_button_does(verdict, label):
    assert verdict.label == label
