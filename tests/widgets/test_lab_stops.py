"""A run that ends though nobody pressed Stop: by itself, because it cannot go on, or by a person's own code."""

from __future__ import annotations

import threading
import time

import pytest

from deepsched_widgets import StreamLab
from tests.widgets.waiting import wait_for

GOLDEN = "pack:2 l3:1 core:8 pu:1"


def list_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("deepsched")]


class TestByItself:
    def test_a_run_ends_after_its_seconds_and_says_so(self, make_lab):
        lab = make_lab(seconds=0.6, num_streams=1)
        lab.start()
        wait_for(lambda: lab.state == "idle")
        assert lab.note == "The run ended after 0.6 s, as every run does. Start another one."
        assert (lab.running, lab.prediction) == (False, "")
        assert lab.machine_map.load == []
        # and it can be started again, which takes the note away
        lab.start()
        assert lab.note == ""
        assert lab.state == "running"

    def test_a_run_that_follows_wishes_ends_all_the_same(self, make_lab):
        lab = make_lab(topology=GOLDEN, seconds=1.0)
        lab.start()
        began = time.monotonic()
        while lab.state == "running" and time.monotonic() < began + 60:
            lab.num_streams = 1 + lab.num_streams % 16
            time.sleep(0.01)
        assert lab.state == "idle"

    def test_a_rate_above_capacity_ends_with_what_to_do(self, make_lab, monkeypatch):
        monkeypatch.setattr("deepsched_widgets.lab.arrivals._MOST_WAITING", 200)
        lab = make_lab(num_streams=1, rate=5000.0)
        lab.start()
        wait_for(lambda: lab.state == "idle")
        assert "are more than these streams serve. Lower the rate, or try another num_streams." in lab.note
        # WHEN it is lowered THEN the note is gone, and it runs
        lab.rate = 5.0
        assert lab.note == ""
        lab.start()
        wait_for(lambda: "items/s" in lab.sentence)
        assert lab.note == ""

    def test_a_simulated_rate_above_capacity_says_so_and_goes_on(self, make_lab):
        lab = make_lab(topology=GOLDEN, rate=5000.0)
        lab.start()
        wait_for(lambda: "items/s" in lab.sentence and "unstable" in lab.note)
        assert "the queue grows without bound" in lab.note
        assert "not measured" in lab.note
        assert lab.state == "running"


class TestObservers:
    """A person's own code that looks on as the lab changes, and ends it there and then."""

    @pytest.mark.parametrize("end", [StreamLab.stop, StreamLab.close], ids=["stop", "close"])
    @pytest.mark.parametrize("moved_by", ["a cell", "the page"])
    def test_of_a_control(self, make_lab, end, moved_by):
        lab = make_lab(topology=GOLDEN, num_streams=2)
        lab.start()
        wait_for(lambda: "items/s" in lab.sentence)
        lab.observe(lambda _change: end(lab), names=["num_streams"])
        moving = threading.Thread(target=lambda: move(lab, moved_by), daemon=True)
        moving.start()
        # THEN the job's end, which needs the lab, is not waited for by who has it
        moving.join(10)
        assert not moving.is_alive()
        assert list_threads() == []
        assert (lab.state, lab.running) == ("idle", False)

    @pytest.mark.parametrize("end", [StreamLab.stop, StreamLab.close], ids=["stop", "close"])
    def test_of_what_a_run_says(self, make_lab, end):
        lab = make_lab(topology=GOLDEN)
        lab.observe(lambda change: end(lab) if "items/s" in change["new"] else None, names=["sentence"])
        lab.start()
        wait_for(lambda: lab.state == "idle")
        wait_for(lambda: list_threads() == [])


def move(lab, moved_by: str) -> None:
    if moved_by == "a cell":
        lab.num_streams = 3
    else:
        lab.set_state({"num_streams": 3})
