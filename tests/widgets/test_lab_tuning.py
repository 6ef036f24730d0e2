"""Tune in the lab: what it shows, what it finds, and what wins when a person does other things meanwhile."""

from __future__ import annotations

import pytest

from deepsched import Topology
from deepsched.errors import ClosedError
from tests.widgets.waiting import wait_for

GOLDEN = "pack:2 l3:1 core:8 pu:1"
LARGE = "pack:4 l3:2 core:12 pu:1"  # a search takes a while


def click(lab, what: str) -> None:
    """Do what the page's buttons do."""
    lab.set_state({"running": what == "start", "tuning": what == "tune"})


def use_verdict(lab) -> None:
    lab.set_state({name: lab.verdict[name] for name in ("scheduler", "num_streams", "threads_per_core")})


@pytest.fixture
def finished(make_lab):
    lab = make_lab(topology=GOLDEN, num_streams=3)
    click(lab, "tune")
    wait_for(lambda: lab.state == "idle")
    return lab


class TestToTheEnd:
    def test_it_says_what_to_use_and_why(self, finished):
        verdict = finished.verdict
        assert set(verdict) == {"words", "scheduler", "num_streams", "threads_per_core", "label"}
        assert verdict["words"].startswith("Simulated: ")
        assert verdict["label"].startswith("Use ")
        assert (finished.tuning, finished.progress, finished.note != "") == (False, 1.0, True)

    def test_the_curve_has_every_setting(self, finished):
        rows = finished.sweep.table["rows"]
        assert [row[0] for row in rows] == ["single_stream", *map(str, range(1, 17))]
        assert {row[1] for row in rows} == {"simulated"}

    def test_its_button_sets_what_was_found_and_keeps_it_in_sight(self, finished):
        verdict, rows = finished.verdict, finished.sweep.table["rows"]
        use_verdict(finished)
        assert finished.plan.num_streams == verdict["num_streams"]
        assert finished.scheduler == verdict["scheduler"]
        assert (finished.verdict, finished.sweep.table["rows"]) == (verdict, rows)

    def test_another_load_or_machine_makes_it_pointless(self, finished):
        finished.clients = 3
        assert finished.verdict == {}
        assert finished.sweep.table["rows"] == []

    def test_what_it_found_stands_for_what_is_seen_in_a_run(self, finished):
        rows = finished.sweep.table["rows"]
        click(finished, "start")
        wait_for(lambda: finished.downloads)
        assert [row[:3] for row in finished.sweep.table["rows"]] == [row[:3] for row in rows]
        assert finished.verdict

    def test_this_machine_is_measured(self, make_lab):
        lab = make_lab(num_streams=1, clients=2, budget=3.0)
        lab.tune()
        assert (lab.state, lab.tuning, lab.sentence) == ("tuning", True, "Searching for the best setting.")
        wait_for(lambda: lab.progress_words)
        wait_for(lambda: lab.state == "idle", 120.0)
        assert lab.verdict["num_streams"] <= len(Topology.detect().usable_cores)
        assert {row[1] for row in lab.sweep.table["rows"]} == {"measured"}
        use_verdict(lab)
        assert lab.verdict


class TestMeanwhile:
    @pytest.mark.parametrize("machine", ["this", LARGE])
    def test_it_can_be_stopped_and_says_so(self, make_lab, machine):
        lab = make_lab(topology=machine, budget=600.0)
        click(lab, "tune")
        wait_for(lambda: lab.progress_words)
        click(lab, "nothing")
        wait_for(lambda: lab.state == "idle")
        assert (lab.tuning, lab.running) == (False, False)
        assert not lab.verdict or lab.verdict["words"].startswith("Stopped")

    def test_a_run_takes_its_place(self, make_lab):
        lab = make_lab(budget=600.0)
        click(lab, "tune")
        wait_for(lambda: lab.progress_words)
        click(lab, "start")
        assert (lab.state, lab.running, lab.tuning) == ("running", True, False)
        wait_for(lambda: "items/s" in lab.sentence)
        assert lab.verdict == {}

    def test_it_takes_the_place_of_a_run(self, make_lab):
        lab = make_lab(budget=600.0)
        click(lab, "start")
        wait_for(lambda: "items/s" in lab.sentence)
        click(lab, "tune")
        assert (lab.state, lab.running, lab.tuning) == ("tuning", False, True)
        wait_for(lambda: lab.progress_words)
        lab.stop()
        assert lab.state == "idle"

    def test_from_python_the_newest_wish_wins_too(self, make_lab):
        lab = make_lab(topology=LARGE)
        lab.start()
        lab.tune()
        assert (lab.state, lab.running, lab.tuning) == ("tuning", False, True)
        lab.start()
        assert (lab.state, lab.running, lab.tuning) == ("running", True, False)

    def test_asked_for_both_at_once_it_does_one_and_can_be_stopped(self, make_lab):
        lab = make_lab(topology=LARGE)
        lab.set_state({"running": True, "tuning": True})
        assert lab.state in ("running", "tuning")
        assert [lab.running, lab.tuning] == [lab.state == "running", lab.state == "tuning"]
        click(lab, "nothing")
        wait_for(lambda: lab.state == "idle")

    def test_the_slider_may_move(self, make_lab):
        lab = make_lab(topology=LARGE, num_streams=3)
        click(lab, "tune")
        for count in (5, 7, 9):
            lab.num_streams = count
        wait_for(lambda: lab.state == "idle")
        assert lab.verdict
        assert lab.plan.num_streams == 9

    @pytest.mark.parametrize("change", ["machine", "model", "clients"])
    def test_it_ends_when_it_would_be_about_something_else(self, make_lab, change):
        # GIVEN a search that has points already
        lab = make_lab(budget=600.0)
        click(lab, "tune")
        wait_for(lambda: lab.sweep.table["rows"], 120.0)
        # WHEN what is searched for is another thing
        if change == "machine":
            lab.choose_machine(GOLDEN)
        elif change == "model":
            lab.choose_model("light_shufflenet")
        else:
            lab.clients = lab.clients + 1
        # THEN it says so, and nothing of it stands under the new heading
        wait_for(lambda: lab.state == "idle")
        assert lab.note.startswith("Stopped: it was for another model, machine or load. Tune again.")
        assert (lab.verdict, lab.sweep.table["rows"]) == ({}, [])

    def test_a_closed_lab_tunes_no_more(self, make_lab):
        lab = make_lab(topology=GOLDEN)
        lab.close()
        with pytest.raises(ClosedError, match="closed"):
            lab.tune()
        with pytest.raises(ClosedError, match="closed"):
            lab.start()
