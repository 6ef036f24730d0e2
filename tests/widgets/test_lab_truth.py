"""Every number and every sign on the page is of what the words beside it say, whatever was clicked in between."""

from __future__ import annotations

import onnx
import pytest

from deepsched.measure import find_example
from deepsched_widgets.lab.search import Verdict
from tests.widgets.waiting import wait_for

GOLDEN = "pack:2 l3:1 core:8 pu:1"
SMT = "pack:1 l3:2 core:2 pu:2"


def ask(lab, name: str, value: str) -> None:
    """Choose as the page does."""
    lab._handle_custom_msg({"choose": name, "value": value}, [])


def run_for_a_while(lab) -> None:
    lab.start()
    wait_for(lambda: lab.downloads == ["run", "trace"])
    lab.stop()


class TestAfterARun:
    def test_the_last_period_is_not_told_of_another_load(self, make_lab):
        lab = make_lab(topology=GOLDEN, clients=4)
        run_for_a_while(lab)
        assert "The last period: 2 streams, " in lab.sentence
        lab.clients = 8
        assert "The last period" not in lab.sentence
        lab.tune()
        wait_for(lambda: lab.state == "idle")
        assert "The last period" not in lab.sentence

    def test_another_model_for_the_code_leaves_what_was_simulated(self, make_lab):
        lab = make_lab(topology=GOLDEN)
        run_for_a_while(lab)
        rows = lab.chart.table["rows"]
        ask(lab, "model", "light_shufflenet")
        assert (lab.chart.table["rows"], lab.downloads) == (rows, ["run", "trace"])
        assert "light_shufflenet" in lab.code or not lab.code

    def test_its_threads_are_no_longer_misplaced(self, make_lab):
        lab = make_lab(num_streams=1)
        lab.start()
        wait_for(lambda: "items/s" in lab.sentence)
        lab.machine_map.misplaced = [{"stream": 0, "thread": 1, "asked": [0], "actual": [1]}]
        lab.stop()
        assert lab.machine_map.misplaced == []
        assert "pinning-failed" not in {finding["kind"] for finding in lab.findings}


class TestInARun:
    def test_under_a_new_heading_stand_no_old_numbers(self, make_lab):
        lab = make_lab(topology=GOLDEN)
        lab.start()
        wait_for(lambda: "items/s" in lab.sentence)
        ask(lab, "machine", "desktop")
        assert (lab.heading, lab.sentence) == ("Simulated: small convnet on desktop", "Simulating small convnet.")
        assert (lab.chart.table["rows"], lab.downloads) == ([], [])
        lab.stop()
        assert "The last period" not in lab.sentence or lab.downloads
        assert lab.note.startswith("This is not the machine")

    def test_findings_are_of_the_streams_that_ran(self, make_lab):
        lab = make_lab(topology=GOLDEN)
        told = []
        lab.observe(lambda change: told.append(change["new"]), names=["sentence"])
        lab.start()
        wait_for(lambda: "items/s" in lab.sentence)
        for count in (3, 4, 2, 3) * 4:
            lab.num_streams = count
            wait_for(lambda count=count: lab.sentence.startswith(f"Simulated: {count} streams, "))
        lab.stop()
        found = {2: "No findings.", 3: "Findings: sockets straddled, streams uneven.", 4: "Findings: L3 shared."}
        for sentence in told:
            for count, words in found.items():
                if sentence.startswith(f"Simulated: {count} streams, ") and "indings" in sentence:
                    assert sentence.endswith(words)


class TestASearch:
    def test_before_it_the_map_forgets_what_was_live(self, make_lab):
        lab = make_lab(num_streams=1, budget=600.0)
        lab.start()
        wait_for(lambda: max(lab.machine_map.load, default=-1) >= 0)
        lab.tune()
        assert max(lab.machine_map.load, default=-1) < 0
        lab.stop()

    def test_its_verdict_stands_when_its_hardware_threads_are_taken(self, make_lab):
        lab = make_lab(topology=SMT)
        lab.tune()
        wait_for(lambda: lab.state == "idle")
        # GIVEN a verdict for two hardware threads of each core
        verdict = Verdict("multi_stream", 2, 2, "Why.")
        lab.verdict = {**lab.verdict, "threads_per_core": 2, "label": verdict.label}
        rows = lab.sweep.table["rows"]
        # WHEN it is applied THEN it and its curve stay
        lab.set_state({"scheduler": "multi_stream", "num_streams": 2, "threads_per_core": 2})
        assert lab.verdict["label"] == "Use multi_stream, 2 streams, 2 threads per core"
        assert lab.sweep.table["rows"] == rows
        # and WHEN a person takes other threads THEN both are of something else
        lab.threads_per_core = 1
        assert (lab.verdict, lab.sweep.table["rows"]) == ({}, [])


class TestAModelFromPython:
    @pytest.fixture
    def proto(self):
        return onnx.load(find_example("light_squeezenet"))

    def test_it_is_an_entry_that_can_be_chosen_again(self, make_lab, proto):
        lab = make_lab(proto)
        assert lab.model == ""
        assert ["", "from Python"] in lab.choices["models"]
        ask(lab, "model", "light_shufflenet")
        ask(lab, "model", "")
        assert (lab.model, lab.errors["model"]) == ("", "")
        assert lab._wish.model.given is proto

    def test_a_file_keeps_the_inputs_that_came_with_it(self, make_lab, tmp_path, proto):
        path = tmp_path / "mine.onnx"
        onnx.save(proto, path)
        (given,) = (
            value.name for value in proto.graph.input if value.name not in {i.name for i in proto.graph.initializer}
        )
        inputs = {given: None}
        lab = make_lab(str(path), topology=GOLDEN, inputs=inputs)
        ask(lab, "model", "light_shufflenet")
        assert lab._wish.model.inputs is None
        ask(lab, "model", str(path))
        assert lab._wish.model.inputs is inputs

    def test_a_lab_on_a_file_offers_no_such_entry(self, make_lab):
        lab = make_lab()
        assert "" not in {value for value, _ in lab.choices["models"]}
        ask(lab, "model", "")
        assert "no model was given" in lab.errors["model"]
