"""Another model or machine in the lab: at rest, in a run, and while it searches; and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepsched import Topology
from deepsched.errors import ModelError, TopologyError
from deepsched.measure import find_example
from tests.widgets.waiting import wait_for

GOLDEN = "pack:2 l3:1 core:8 pu:1"
ELSEWHERE = "This is not the machine that you are on: what runs here is simulated, not measured."


@pytest.fixture
def lab(make_lab):
    return make_lab()


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
        # There is a run to download still, for nobody did so yet; its requests are gone.
        assert lab.downloads == ["run"]

    def test_a_rate_stays_a_rate(self, make_lab):
        lab = make_lab(rate=25.0)
        lab.choose_machine(GOLDEN)
        assert (lab.load, lab.rate) == ("rate", 25.0)
        assert lab._wish.load == (None, 25.0)


class TestMistakes:
    @pytest.mark.parametrize(
        ("name", "value", "words"),
        [
            ("model", "no-such.onnx", "no-such.onnx"),
            ("model", "  ", "no model was given"),
            ("machine", "no such machine", "names no machine"),
            ("machine", "pack:0", "pack:0"),
            ("machine", "golde", "did you mean 'golden'"),
            ("machine", "no-such.xml", "no-such.xml"),
        ],
    )
    def test_a_refusal_says_why_beside_its_control(self, make_lab, name, value, words):
        lab = make_lab()
        before = (lab.model, lab.machine, lab.plan)
        ask(lab, name, value)
        assert words in lab.errors[name]
        assert (lab.model, lab.machine, lab.plan) == before
        # WHEN something is accepted THEN the error is gone
        ask(lab, name, {"model": "light_squeezenet", "machine": "golden"}[name])
        assert lab.errors[name] == ""

    def test_each_control_has_its_own(self, make_lab):
        lab = make_lab()
        ask(lab, "model", "no-such.onnx")
        ask(lab, "machine", "golden")
        assert lab.errors["model"]
        assert lab.errors["machine"] == ""

    def test_from_python_it_is_an_exception(self, make_lab):
        lab = make_lab()
        with pytest.raises(ModelError):
            lab.choose_model("no-such.onnx")
        with pytest.raises(TopologyError):
            lab.choose_machine("no such machine")
        assert lab.errors == {}

    def test_a_refusal_leaves_a_run_alone(self, make_lab):
        lab = make_lab(topology=GOLDEN)
        lab.start()
        ask(lab, "model", "no-such.onnx")
        ask(lab, "machine", "no such machine")
        wait_for(lambda: "items/s" in lab.sentence)
        assert lab.state == "running"

    @pytest.mark.parametrize(
        "message",
        [
            None,
            [],
            "run",
            7,
            {},
            {"choose": "model"},
            {"choose": "model", "value": 3},
            {"choose": "model", "value": None},
            {"choose": "seconds", "value": "3"},
            {"choose": ["model"], "value": "x"},
            {"compare": 1},
            {"compare": "true"},
            {"ask": "run"},
            {"ask": "trace"},
            {"ask": ["run"]},
            {"ask": "secrets"},
            {"running": True},
            {"plotly": True},
        ],
    )
    def test_messages_that_mean_nothing_do_nothing(self, make_lab, wire, message):
        lab = make_lab()
        wire.messages.clear()
        lab._handle_custom_msg(message, [])
        assert wire.messages == []
        assert (lab.errors, lab.compared, lab.state) == ({}, "", "idle")


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
        assert [setting["origin"] for setting in json.loads(content)["settings"]] == ["measured", "simulated", "measured"]

    def test_another_model_is_run_instead(self, make_lab):
        lab = make_lab()
        lab.start()
        wait_for(lambda: runs_here(lab))
        ask(lab, "model", "light_shufflenet")
        assert lab.state == "running"
        wait_for(lambda: not lab.chart.table["rows"] or lab._show._ran.model.value == "light_shufflenet")
        wait_for(lambda: runs_here(lab) and lab.chart.table["rows"])
        assert lab._show._ran.model.value == "light_shufflenet"

    def test_a_model_that_cannot_be_opened_ends_it_with_words_and_it_can_go_on(self, make_lab, tmp_path):
        path = tmp_path / "broken.onnx"
        path.write_bytes(b"no model")
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


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["model", "machine"]),
    value=st.text(max_size=30)
    | st.builds("{}:{} core:{}".format, st.sampled_from(["pack", "numa", "l3"]), st.integers(-1, 9), st.text(max_size=3)),
)
def test_whatever_is_typed_is_taken_or_refused_in_words(lab, name, value):
    ask(lab, name, value)
    shown = (lab.model, lab.machine)[name == "machine"]
    assert lab.errors[name] or shown
    assert not lab.errors[name].startswith("[Errno")
