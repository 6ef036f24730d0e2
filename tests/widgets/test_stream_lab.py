"""The lab without a page: what a person sets is what is planned and run."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import replace

import pytest

from deepsched import Topology
from deepsched.engine import Engine
from deepsched.errors import DeepschedError, ModelError, OptionError, TopologyError
from deepsched.measure import find_example
from deepsched_widgets import StreamLab
from deepsched_widgets.lab import measured_run

GOLDEN = "pack:2 l3:1 core:8 pu:1"


def wait_for(condition, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


class TestAnotherMachine:
    def test_it_plans_and_draws_and_says_that_it_cannot_measure(self, make_lab):
        lab = make_lab(topology=GOLDEN, num_streams=3)
        assert not lab.measurable
        assert lab.note == "This is not the machine that you are on: what runs here is simulated, not measured."
        assert lab.sentence == "3 streams planned on 16 cores. Findings: sockets straddled, streams uneven."

    def test_the_slider_changes_the_plan_on_the_map(self, make_lab):
        lab = make_lab(topology=GOLDEN, num_streams=2)
        lab.set_state({"num_streams": 3})  # as the page does
        assert lab.plan.num_streams == 3
        assert lab.machine_map.plan["num_streams"] == 3

    def test_a_machine_with_the_same_cpus_is_still_another_one(self, make_lab):
        assert not make_lab(topology=f"pack:{len(Topology.detect().cores)} l3:1 core:1 pu:1").measurable


class TestThisMachine:
    def test_a_run_follows_what_is_set_and_ends(self, make_lab):
        cores = len(Topology.detect().usable_cores)
        lab = make_lab(num_streams=cores)
        lab.start()
        wait_for(lambda: lab.sentence.startswith(f"{cores} stream") and "items/s" in lab.sentence)
        lab.num_streams = 1
        wait_for(lambda: lab.sentence.startswith("1 stream,"))
        lab.scheduler = "single_stream"
        lab.clients = 3
        wait_for(lambda: lab.sentence.startswith("1 stream,"))
        lab.stop()
        assert lab.state == "idle"
        assert not lab.running
        assert "planned" in lab.sentence

    @pytest.mark.usefixtures("two_cores")
    def test_threads_that_are_elsewhere_show_on_the_map(self, make_lab, monkeypatch):
        class MovedEngine(Engine):
            def verify_pinning(self, **options):
                cpus = frozenset(self.plan.streams[0].cpus)
                return tuple(replace(p, asked=frozenset({max(cpus)})) for p in super().verify_pinning(**options))

        # GIVEN workers that were pinned to the last cpu and are found on others too
        monkeypatch.setattr(measured_run, "compile_model", MovedEngine)
        lab = make_lab(num_streams=1)
        assert lab.machine_map.misplaced == []
        # WHEN it runs THEN the map says so
        lab.start()
        wait_for(lambda: lab.machine_map.misplaced)
        assert lab.findings[0]["kind"] == "pinning-failed"
        # and WHEN every stream has one thread, so no worker, THEN nothing is left to say
        lab.num_streams = lab.limits["max_streams"]
        assert lab.machine_map.misplaced == []
        wait_for(lambda: lab.sentence.startswith(f"{lab.num_streams} stream") and "items/s" in lab.sentence)
        assert lab.machine_map.misplaced == []
        lab.stop()

    def test_it_stops_by_itself(self, make_lab):
        lab = make_lab(seconds=0.5)
        lab.start()
        wait_for(lambda: lab.state == "idle" and not lab.running)

    def test_the_newest_lab_takes_over(self, make_lab):
        first, second = make_lab(), make_lab()
        first.start()
        second.start()
        wait_for(lambda: first.state == "idle")
        assert second.state == "running"

    def test_storms_end_at_the_last_value(self, make_lab):
        lab = make_lab()
        lab.start()
        for value in [1, 2] * 25:
            lab.num_streams = value
        wait_for(lambda: "items/s" in lab.sentence)
        assert lab.plan.requested_num_streams == 2

    def test_a_run_that_fails_says_why(self, make_lab, monkeypatch):
        lab = make_lab()
        monkeypatch.setattr("deepsched_widgets.lab.measured_run.compile_model", _fail)
        lab.start()
        wait_for(lambda: lab.note)
        assert lab.note == "The run ended: no such luck"
        assert lab.state == "idle"

    def test_what_was_predicted_stands_beside_what_is_measured(self, make_lab):
        cores = len(Topology.detect().usable_cores)
        lab = make_lab(predict=True, num_streams=cores)
        lab.start()
        wait_for(lambda: lab.sentence.startswith("Calibrating"))
        wait_for(lambda: lab.prediction)
        how_far = r"(\d+ % (above|below)|within 1 % of) the measured mean of \d+ periods?"
        assert re.fullmatch(rf"Predicted \(simulated\): [\d.]+ items/s, {how_far}, [\d.]+ items/s\.", lab.prediction)
        # WHEN a person no longer asks for it THEN it is gone, and the run goes on
        lab.predict = False
        wait_for(lambda: not lab.prediction)
        # and WHEN they ask again THEN it comes from the same calibration
        lab.predict = True
        wait_for(lambda: lab.prediction)
        assert lab.state == "running"
        # and it stays when the run is over, until another setting stands there
        lab.stop()
        assert lab.prediction
        lab.scheduler = "single_stream"
        assert lab.prediction == ""

    def test_without_the_wish_nothing_is_predicted(self, make_lab):
        lab = make_lab()
        lab.start()
        wait_for(lambda: "items/s" in lab.sentence)
        assert lab.prediction == ""
        lab.stop()

    def test_other_clients_empty_what_does_not_compare(self, make_lab):
        lab = make_lab(clients=1)
        lab.start()
        wait_for(lambda: lab.downloads == ["run", "trace"])
        lab.stop()
        assert lab.timeline.picture["panels"][0]["bars"]["request"]
        lab.clients = 2
        assert not lab.timeline.picture["panels"][0]["bars"]["request"]


class TestMistakes:
    def test_unknown_words_are_refused(self):
        with pytest.raises(TypeError, match="num_stream"):
            StreamLab(num_stream=3)

    @pytest.mark.parametrize(
        ("arguments", "error"),
        [
            ({"model": "no-such.onnx"}, ModelError),
            ({"topology": "no such machine"}, TopologyError),
            ({"num_streams": -1}, DeepschedError),
            ({"scheduler": "fastest"}, DeepschedError),
            ({"seconds": 0}, OptionError),
            ({"clients": 0}, OptionError),
            ({"seconds": "x"}, OptionError),
            ({"workload": "no such workload"}, OptionError),
            ({"topology": GOLDEN, "predict": True}, OptionError),
        ],
    )
    def test_values_are_refused_at_once(self, arguments, error):
        with pytest.raises(error):
            StreamLab(**arguments)


def test_close_is_safe_twice_and_leaves_no_thread(make_lab):
    lab = make_lab()
    lab.start()
    wait_for(lambda: lab.state == "running")
    lab.close()
    lab.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("deepsched")]


def test_text_and_picture_for_where_no_kernel_lives(make_lab):
    lab = make_lab(find_example("light_squeezenet"), GOLDEN, num_streams=3)
    bundle = lab._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data["text/plain"] == repr(lab) == "StreamLab('light_squeezenet.onnx', cores=16, num_streams=3)"
    assert data["image/svg+xml"].startswith("<svg")
    assert lab._repr_mimebundle_() == bundle


def _fail(*_args, **_kwargs):
    raise OptionError("no such luck")
