"""One thing at a time: which job speaks, which is stopped, and who takes the cores from whom."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from deepsched import Topology
from deepsched.simulation import WORKLOADS
from deepsched_widgets.lab import jobs as jobs_module
from deepsched_widgets.lab.jobs import Jobs
from deepsched_widgets.lab.model_choice import choose_model
from deepsched_widgets.lab.wish import Wish
from tests.widgets.waiting import wait_for

GOLDEN = Topology.from_synthetic("pack:2 l3:1 core:8 pu:1")
HERE = Topology.detect()
MODEL = choose_model(None)
SIMULATED = Wish(MODEL, GOLDEN, "multi_stream", 2, clients=4, workload=WORKLOADS[0])
MEASURED = Wish(MODEL, HERE, "multi_stream", 1, clients=1)
TAKEN_OVER = "Stopped: another lab was started."


class Show:
    """Keeps what it is told to show; `state` is what a page would say."""

    def __init__(self) -> None:
        self.samples: list = []
        self.progress: list = []
        self.traces: list = []
        self.said: list = []
        self.ends: list = []
        self.state = "idle"

    def begin_run(self, wish) -> None:
        self.state = "running"

    def begin_search(self, wish) -> None:
        self.state = "tuning"

    def show_sample(self, wish, sample) -> None:
        self.samples.append((wish, sample))

    def show_trace(self, trace) -> None:
        self.traces.append(trace)

    def show_progress(self, progress) -> None:
        self.progress.append(progress)

    def say(self, words) -> None:
        self.said.append(words)

    def end(self, note, verdict=None) -> None:
        self.ends.append((note, verdict))
        self.state = "idle"


@pytest.fixture
def make_jobs():
    made = []

    def make() -> tuple[Jobs, Show]:
        show = Show()
        made.append(Jobs(show, threading.RLock()))
        return made[-1], show

    yield make
    for jobs in made:
        jobs.stop()


class TestOneLab:
    def test_a_run_tells_and_ends_once(self, make_jobs):
        jobs, show = make_jobs()
        assert not jobs.busy
        jobs.start_run(SIMULATED, 60.0)
        assert jobs.busy
        wait_for(lambda: show.samples)
        jobs.stop()
        assert not jobs.busy
        assert show.ends == [("", None)]
        assert show.traces

    def test_a_run_ends_by_itself_and_says_so(self, make_jobs):
        jobs, show = make_jobs()
        jobs.start_run(SIMULATED, 0.2)
        wait_for(lambda: show.ends)
        assert show.ends == [("The run ended after 0.2 s, as every run does. Start another one.", None)]

    def test_the_newest_job_alone_speaks(self, make_jobs):
        jobs, show = make_jobs()
        jobs.start_search(SIMULATED, 60.0)
        jobs.start_run(SIMULATED, 60.0)
        jobs.start_run(replace(SIMULATED, num_streams=3), 60.0)
        wait_for(lambda: show.samples)
        assert show.ends == []
        assert {wish.num_streams for wish, _ in show.samples} == {3}
        jobs.stop()
        assert show.ends == [("", None)]

    def test_a_search_ends_with_a_verdict(self, make_jobs):
        jobs, show = make_jobs()
        jobs.start_search(SIMULATED, 60.0)
        wait_for(lambda: show.ends)
        ((note, verdict),) = show.ends
        assert note == ""
        assert verdict.scheduler

    def test_stopping_one_kind_leaves_the_other(self, make_jobs):
        jobs, show = make_jobs()
        jobs.start_run(SIMULATED, 60.0)
        jobs.stop_search()
        wait_for(lambda: show.samples)
        assert show.ends == []
        jobs.stop_run()
        wait_for(lambda: show.ends)

    def test_a_run_that_was_stopped_can_be_started_before_it_has_ended(self, make_jobs):
        jobs, show = make_jobs()
        for _ in range(5):
            jobs.start_run(MEASURED, 60.0)
            jobs.stop_run()
        jobs.start_run(MEASURED, 60.0)
        wait_for(lambda: show.samples)
        assert show.state == "running"
        assert show.ends in ([], [("", None)])

    def test_a_run_goes_on_on_other_ground(self, make_jobs):
        jobs, show = make_jobs()
        jobs.start_run(MEASURED, 60.0)
        wait_for(lambda: show.samples)
        jobs.follow(SIMULATED)
        wait_for(lambda: show.samples[-1][1].workload)
        jobs.follow(MEASURED)
        wait_for(lambda: show.samples[-1][1].workload is None and show.samples[-1][1].snapshot.requests)
        assert show.ends == []

    def test_a_search_goes_on_while_only_the_slider_moves(self, make_jobs):
        jobs, show = make_jobs()
        jobs.start_search(MEASURED, 600.0)
        wait_for(lambda: show.progress)
        jobs.follow(replace(MEASURED, num_streams=2, scheduler="single_stream"))
        time.sleep(0.3)
        assert jobs.busy
        assert show.ends == []

    @pytest.mark.parametrize("other", [SIMULATED, replace(MEASURED, clients=2)], ids=["machine", "load"])
    def test_a_search_ends_when_its_verdict_would_be_about_something_else(self, make_jobs, other):
        jobs, show = make_jobs()
        jobs.start_search(MEASURED, 600.0)
        wait_for(lambda: show.progress)
        jobs.follow(other)
        wait_for(lambda: show.ends)
        assert show.ends == [("Stopped: it was for another model, machine or load. Tune again.", None)]

    def test_nothing_to_stop_is_no_mistake(self, make_jobs):
        jobs, show = make_jobs()
        jobs.stop()
        jobs.stop_run()
        jobs.stop_search()
        jobs.follow(SIMULATED)
        assert show.ends == []


class TestTwoLabs:
    def test_the_second_that_measures_takes_over(self, make_jobs):
        (first, one), (second, two) = make_jobs(), make_jobs()
        first.start_run(MEASURED, 60.0)
        wait_for(lambda: one.samples)
        second.start_run(MEASURED, 60.0)
        wait_for(lambda: two.samples)
        assert one.ends == [(TAKEN_OVER, None)]
        assert not first.busy
        assert second.busy

    @pytest.mark.parametrize("wishes", [(SIMULATED, MEASURED), (MEASURED, SIMULATED), (SIMULATED, SIMULATED)])
    def test_a_simulation_keeps_no_core_and_takes_none(self, make_jobs, wishes):
        (first, one), (second, two) = make_jobs(), make_jobs()
        first.start_run(wishes[0], 60.0)
        wait_for(lambda: one.samples)
        second.start_run(wishes[1], 60.0)
        wait_for(lambda: two.samples)
        assert first.busy
        assert second.busy

    def test_a_lab_that_measured_and_now_simulates_keeps_no_core_either(self, make_jobs):
        (first, one), (second, two) = make_jobs(), make_jobs()
        first.start_run(MEASURED, 60.0)
        first.stop()
        first.start_run(SIMULATED, 60.0)
        second.start_run(MEASURED, 60.0)
        wait_for(lambda: two.samples)
        assert len(one.ends) == 1
        assert first.busy

    def test_a_run_that_comes_from_a_simulation_takes_the_cores(self, make_jobs):
        (first, one), (second, two) = make_jobs(), make_jobs()
        first.start_run(MEASURED, 60.0)
        second.start_run(SIMULATED, 60.0)
        wait_for(lambda: one.samples and two.samples)
        second.follow(MEASURED)
        wait_for(lambda: one.ends)
        assert one.ends == [(TAKEN_OVER, None)]
        wait_for(lambda: two.samples[-1][1].workload is None)

    def test_it_opens_no_engine_before_the_cores_are_free(self, make_jobs, monkeypatch):
        (first, one), (second, two) = make_jobs(), make_jobs()
        measured, opened = jobs_module.MeasuredRun, []
        monkeypatch.setattr(
            jobs_module, "MeasuredRun", lambda *given: opened.append(list(one.ends)) or measured(*given)
        )
        first.start_run(MEASURED, 60.0)
        second.start_run(SIMULATED, 60.0)
        wait_for(lambda: one.samples and two.samples)
        second.follow(MEASURED)
        wait_for(lambda: two.samples[-1][1].workload is None)
        assert opened == [[], [(TAKEN_OVER, None)]]

    def test_two_that_come_to_this_machine_at_once_do_not_wait_for_each_other(self, make_jobs):
        (first, one), (second, two) = make_jobs(), make_jobs()
        first.start_run(SIMULATED, 60.0)
        second.start_run(SIMULATED, 60.0)
        wait_for(lambda: one.samples and two.samples)
        for wish in (MEASURED, SIMULATED, MEASURED):
            first.follow(wish)
            second.follow(wish)
        wait_for(lambda: one.ends and two.samples[-1][1].workload is None, 20.0)
        assert (first.busy, second.busy) == (False, True)

    def test_the_slider_of_a_lab_that_lost_the_cores_does_not_take_them_back(self, make_jobs):
        (first, one), (second, two) = make_jobs(), make_jobs()
        first.start_run(MEASURED, 60.0)
        wait_for(lambda: one.samples)
        # WHEN its slider moves while another lab takes over
        second.start_run(MEASURED, 60.0)
        first.follow(replace(MEASURED, scheduler="single_stream"))
        # THEN the other one, which was started last, runs
        wait_for(lambda: two.samples and one.ends)
        assert second.busy
        assert two.ends == []

    def test_labs_that_take_the_cores_from_each_other_do_not_wait_for_each_other(self, make_jobs):
        (first, one), (second, two) = make_jobs(), make_jobs()
        for _ in range(4):
            first.start_run(MEASURED, 600.0)
            second.start_run(MEASURED, 600.0)
        first.start_run(MEASURED, 600.0)
        # THEN the newest of all runs, though each waited for one before it
        wait_for(lambda: one.samples and not second.busy, 20.0)
        assert first.busy
        assert two.ends[-1] == (TAKEN_OVER, None)

    def test_a_search_takes_over_too(self, make_jobs):
        (first, one), (second, two) = make_jobs(), make_jobs()
        first.start_run(MEASURED, 60.0)
        wait_for(lambda: one.samples)
        second.start_search(MEASURED, 600.0)
        wait_for(lambda: two.progress)
        assert one.ends == [(TAKEN_OVER, None)]
        first.start_run(MEASURED, 60.0)
        wait_for(lambda: two.ends)
        assert two.ends == [(TAKEN_OVER, None)]
