"""Another model or machine in the lab: at rest and in a run."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest

from deepsched import Topology
from deepsched.measure import find_example
from tests.widgets.waiting import wait_for

GOLDEN = "pack:2 l3:1 core:8 pu:1"
ELSEWHERE = "This is not the machine that you are on: what runs here is simulated, not measured."


def ask(lab, name: str, value: object) -> None:
    """Choose as the page does."""
    lab._handle_custom_msg({"choose": name, "value": value}, [])


def read_origins(lab) -> set[str]:
    return {row[1] for row in lab.chart.table["rows"]}


def runs_here(lab) -> bool:
    return "items/s" in lab.sentence and not lab.sentence.startswith("Simulated")


class TestAtRest:
    def test_a_model_of_the_list(self, make_lab):
        lab = make_lab()
        ask(lab, "model", "light_shufflenet")
        assert (lab.model, lab.errors) == ("light_shufflenet", {"model": ""})
        assert lab.heading == "light_shufflenet.onnx on this machine"
        assert repr(lab).startswith("StreamLab('light_shufflenet.onnx'")

    def test_a_file_of_ones_own(self, make_lab, tmp_path):
        path = tmp_path / "mine.onnx"
        path.write_bytes(Path(find_example("light_squeezenet")).read_bytes())
        lab = make_lab()
        ask(lab, "model", f"  {path} ")
        assert (lab.model, lab.heading) == (str(path), "mine.onnx on this machine")

    def test_a_machine_brings_its_own_controls(self, make_lab):
        lab = make_lab(num_streams=1, clients=3)
        ask(lab, "machine", GOLDEN)
        assert (lab.machine, lab.measurable, lab.note) == (GOLDEN, False, ELSEWHERE)
        assert (lab.limits["max_streams"], lab.num_streams, lab.clients) == (16, 2, 16)
        assert lab.heading == f"Simulated: small convnet on {GOLDEN}"
        assert lab.machine_map.machine["cores"] == 16
        assert "simulated" in lab.chart.label
        # and back again
        ask(lab, "machine", "this")
        assert (lab.machine, lab.measurable, lab.note) == ("this", True, "")
        assert lab.limits["max_streams"] == len(Topology.detect().usable_cores)
        assert "measured" in lab.chart.label

    def test_a_smaller_machine_takes_the_slider_and_hardware_threads_along(self, make_lab):
        lab = make_lab(topology="pack:2 l3:1 core:8 pu:2", num_streams=16, threads_per_core=2)
        ask(lab, "machine", "pack:1 l3:1 core:4 pu:1")
        assert (lab.num_streams, lab.threads_per_core) == (1, 1)
        lab.set_state({"num_streams": 16, "threads_per_core": 2})
        assert (lab.num_streams, lab.threads_per_core) == (4, 1)
        assert lab.plan.num_streams == 4

    def test_what_ran_before_is_dropped(self, make_lab):
        lab = make_lab(topology=GOLDEN)
        lab.start()
        wait_for(lambda: lab.downloads == ["run", "trace"])
        lab.stop()
        ask(lab, "machine", "pack:1 l3:1 core:4 pu:1")
        assert lab.chart.table["rows"] == []
        assert not any(panel["bars"]["request"] for panel in lab.timeline.picture["panels"])
        assert lab.downloads == []

    def test_a_rate_stays_a_rate(self, make_lab):
        lab = make_lab(rate=25.0)
        lab.choose_machine(GOLDEN)
        assert (lab.load, lab.rate) == ("rate", 25.0)
        assert lab._wish.load == (None, 25.0)


class TestInARun:
    def test_it_goes_on_measured_simulated_and_measured_again(self, make_lab):
        lab = make_lab(num_streams=1)
        lab.start()
        wait_for(lambda: runs_here(lab) and lab.downloads)
        assert read_origins(lab) == {"measured"}
        # WHEN another machine is chosen THEN the run goes on there, and every number says that it is simulated
        ask(lab, "machine", GOLDEN)
        wait_for(lambda: lab.sentence.startswith("Simulated: 2 streams, "))
        assert (lab.state, lab.running) == ("running", True)
        assert read_origins(lab) == {"simulated"}
        assert "simulated" in lab.chart.label
        assert lab.chart.layout_of_figure["title"]["text"].endswith("simulated")
        wait_for(lambda: lab.note == ELSEWHERE)
        wait_for(lambda: any(panel["bars"]["request"] for panel in lab.timeline.picture["panels"]))
        assert {panel["origin"] for panel in lab.timeline.picture["panels"]} == {"simulated"}
        # and back
        ask(lab, "machine", "this")
        wait_for(lambda: runs_here(lab))
        assert read_origins(lab) == {"measured"}
        assert "measured" in lab.chart.label
        wait_for(lambda: lab.note == "")
        assert lab.state == "running"
        # and the run's file has it all
        lab.stop()
        _, content = lab._show.write_download("run")
        origins = [setting["origin"] for setting in json.loads(content)["settings"]]
        assert origins == ["measured", "simulated", "measured"]

    def test_another_model_is_run_instead(self, make_lab):
        lab = make_lab()
        lab.start()
        wait_for(lambda: runs_here(lab))
        ask(lab, "model", "light_shufflenet")
        assert lab.state == "running"
        # THEN the means of the one before are gone, and the run's file has both
        wait_for(lambda: lab._show._recording.newest.model.value == "light_shufflenet")
        lab.stop()
        _, content = lab._show.write_download("run")
        settings = [period["setting"] for period in json.loads(content)["periods"]]
        assert [int(row[2]) for row in lab.chart.table["rows"]] == [settings.count(1)]
        assert settings.count(0)

    def test_a_file_that_is_no_model_is_refused_and_the_run_goes_on(self, make_lab, tmp_path):
        path = tmp_path / "broken.onnx"
        path.write_bytes(b"no model")
        lab = make_lab()
        lab.start()
        wait_for(lambda: runs_here(lab))
        ask(lab, "model", str(path))
        assert "cannot be read as ONNX" in lab.errors["model"]
        assert (lab.state, lab.model) == ("running", "light_squeezenet")

    def test_a_model_that_cannot_be_run_ends_it_with_words_and_it_can_go_on(self, make_lab, tmp_path):
        path = tmp_path / "broken.onnx"
        path.write_bytes(onnx.ModelProto(ir_version=9).SerializeToString())
        lab = make_lab()
        lab.start()
        wait_for(lambda: runs_here(lab))
        ask(lab, "model", str(path))
        wait_for(lambda: lab.state == "idle")
        assert lab.note.startswith("The run ended: ")
        assert "broken.onnx" in lab.note
        # WHEN another one is chosen THEN it runs
        ask(lab, "model", "light_squeezenet")
        assert lab.note == ""
        lab.start()
        wait_for(lambda: runs_here(lab))

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"clients": 5}, "5 clients"),
            ({"load": "rate", "rate": 20.0}, "20 requests/s"),
            ({"workload": "memory bound"}, "memory bound"),
        ],
    )
    def test_another_load_is_what_the_means_are_of(self, make_lab, changes, words):
        lab = make_lab(topology=GOLDEN, clients=4)
        lab.start()
        wait_for(lambda: lab.chart.table["rows"])
        lab.set_state(changes)
        wait_for(lambda: words in str(lab.chart.layout_of_figure))
        assert lab.state == "running"
        assert len(lab.chart.table["rows"]) == 1

    def test_hardware_threads_of_a_core(self, make_lab):
        lab = make_lab(topology="pack:1 l3:1 core:4 pu:2", num_streams=2)
        lab.start()
        wait_for(lambda: lab.chart.table["rows"])
        lab.threads_per_core = 2
        assert lab.machine_map.plan["owners"].count(0) == 4
        wait_for(lambda: len(lab._show._recording._settings) == 2)
        assert lab.state == "running"
