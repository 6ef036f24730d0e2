"""What a person takes from the lab: code, the run's file, the trace, a plan to compare with, findings' ways out."""

from __future__ import annotations

import json

import pytest
import traitlets

from deepsched import Workload
from deepsched.errors import OptionError
from deepsched.planning import plan_streams
from tests.widgets.waiting import wait_for

GOLDEN = "pack:2 l3:1 core:8 pu:1"


def ask(lab, **message: object) -> None:
    lab._handle_custom_msg(message, [])


def download(lab, wire, what: str) -> tuple[str, dict]:
    wire.messages.clear()
    ask(lab, ask=what)
    ((data, buffers),) = wire.messages
    assert data["method"] == "custom"
    return data["content"]["download"], json.loads(bytes(buffers[0]))


@pytest.fixture
def ran(make_lab, wire):
    """A lab that ran two settings."""
    lab = make_lab(topology=GOLDEN, num_streams=2, clients=16)
    lab.start()
    wait_for(lambda: lab.downloads == ["run", "trace"])
    lab.scheduler = "single_stream"
    wait_for(lambda: len(lab._pictures.timelines) == 2)
    lab.stop()
    return lab


class TestDownloads:
    def test_before_a_run_there_are_none(self, make_lab, wire):
        lab = make_lab(topology=GOLDEN)
        assert lab.downloads == []
        for what in ("run", "trace"):
            with pytest.raises(OptionError, match="after a run"):
                lab._show.write_download(what)

    def test_the_run_says_what_ran_where_and_when(self, ran, wire):
        name, run = download(ran, wire, "run")
        assert name == "deepsched-run-small-convnet.json"
        assert set(run) == {"began", "versions", "settings", "periods"}
        assert [setting["plan"]["scheduler"] for setting in run["settings"]] == ["multi_stream", "single_stream"]
        assert {setting["origin"] for setting in run["settings"]} == {"simulated"}
        assert {period["setting"] for period in run["periods"]} == {0, 1}

    def test_the_trace_is_chromes(self, ran, wire):
        name, trace = download(ran, wire, "trace")
        assert name == "deepsched-trace-small-convnet.json"
        assert set(trace) == {"traceEvents", "displayTimeUnit", "otherData"}
        assert set(trace["otherData"]["origin"].values()) == {"simulated"}
        events = trace["traceEvents"]
        assert {event["ph"] for event in events} <= {"M", "X", "b", "e", "C"}
        assert {event["pid"] for event in events} == {1, 2}
        for event in events:
            assert isinstance(event["name"], str)
            assert isinstance(event["pid"], int)
            assert event["ph"] == "M" or event["ts"] >= 0
            assert event["ph"] != "X" or event["dur"] >= 0
        waits = [(event["pid"], event["id2"]["local"], event["ph"]) for event in events if event["ph"] in "be"]
        assert {(p, i) for p, i, ph in waits if ph == "b"} == {(p, i) for p, i, ph in waits if ph == "e"}

    def test_a_measured_run_is_called_after_its_model(self, make_lab, wire):
        lab = make_lab(num_streams=1)
        lab.start()
        wait_for(lambda: lab.downloads == ["run", "trace"])
        lab.stop()
        name, run = download(lab, wire, "run")
        assert name == "deepsched-run-light_squeezenet.json"
        assert run["periods"][-1]["throughput"] > 0
        assert run["settings"][0]["workload"] is None

    def test_it_stays_the_runs_own_whatever_is_set_next(self, ran, wire):
        ran.workload = "memory bound"
        assert ran.downloads == ["run"]
        name, run = download(ran, wire, "run")
        assert name == "deepsched-run-small-convnet.json"
        assert run["settings"][0]["machine"] == GOLDEN
        # and WHEN the page shows another machine THEN there is nothing of it left
        ran.choose_machine("this")
        assert ran.downloads == []

    def test_without_requests_there_is_no_trace(self, ran, wire):
        ran.clients = 3
        assert ran.downloads == ["run"]
        wire.messages.clear()
        ask(ran, ask="trace")
        assert wire.messages == []

    def test_the_next_run_takes_its_place(self, ran):
        ran.start()
        assert ran.downloads == []
        wait_for(lambda: "run" in ran.downloads)

    def test_names_are_names_of_files(self, make_lab, wire):
        lab = make_lab(topology=GOLDEN, workload=Workload(0.002, 0.9, name='../a b:"c"\n<d>'))
        lab.start()
        wait_for(lambda: lab.downloads)
        name, _ = download(lab, wire, "run")
        assert name.startswith("deepsched-run-")
        assert name.endswith(".json")
        assert not set(name) & set('/\\:"<>\n ')


class TestCode:
    def test_it_follows_every_control_while_it_is_open(self, make_lab):
        lab = make_lab(topology=GOLDEN, num_streams=2)
        assert lab.code == ""
        lab.set_state({"code_kind": "python"})
        assert "num_streams=2" in lab.code
        lab.num_streams = 3
        assert "num_streams=3" in lab.code
        lab.scheduler = "single_stream"
        assert "single_stream" in lab.code
        lab.choose_machine("golden")
        assert "golden" in lab.code
        lab.choose_model("light_shufflenet")
        assert "light_shufflenet" in lab.code
        lab.set_state({"code_kind": ""})
        assert lab.code == ""

    def test_every_kind_can_be_shown(self, make_lab):
        lab = make_lab(topology=GOLDEN)
        for kind, _ in lab.choices["code_kinds"]:
            lab.code_kind = kind
            assert lab.code

    def test_another_kind_is_refused_and_the_one_before_stays(self, make_lab):
        lab = make_lab(topology=GOLDEN)
        lab.code_kind = "triton"
        before = lab.code
        with pytest.raises(traitlets.TraitError, match="expected one of python"):
            lab.set_state({"code_kind": "cobol"})
        assert (lab.code_kind, lab.code) == ("triton", before)
        # and the lab goes on
        lab.num_streams = 5
        assert lab.code != before

    def test_it_runs(self, make_lab):
        lab = make_lab(num_streams=1)
        lab.code_kind = "python"
        space: dict[str, object] = {}
        exec(lab.code, space)
        with space["engine"] as engine:
            assert engine.plan.streams == lab.plan.streams


class TestFindings:
    def test_a_way_out_is_a_count_that_straddles_nothing(self, make_lab):
        lab = make_lab(topology=GOLDEN, num_streams=3)
        ways = {count for finding in lab.findings for count, _ in finding["options"]}
        assert ways == {2, 4}
        for count in ways:
            lab.set_state({"scheduler": "multi_stream", "num_streams": count})
            assert not [finding for finding in lab.findings if "straddle" in finding["kind"]]

    def test_they_are_of_the_plan_that_is_drawn(self, make_lab):
        lab = make_lab(topology=GOLDEN, num_streams=2)
        assert lab.findings == []
        for count in range(1, 17):
            lab.num_streams = count
            kinds = {finding["kind"] for finding in lab.findings}
            assert kinds == {finding.kind for finding in plan_streams(GOLDEN, count).findings}


class TestComparing:
    def test_a_plan_is_kept_and_let_go(self, make_lab):
        lab = make_lab(topology=GOLDEN, num_streams=3)
        ask(lab, compare=True)
        assert lab.compared == f"3 streams on {GOLDEN}"
        lab.num_streams = 2
        assert lab.machine_map.compared["plan"]["num_streams"] == 3
        assert lab.machine_map.plan["num_streams"] == 2
        ask(lab, compare=False)
        assert (lab.compared, lab.machine_map.compared) == ("", {})

    def test_it_is_kept_on_another_machine_with_its_own(self, make_lab):
        lab = make_lab(topology=GOLDEN, num_streams=1)
        ask(lab, compare=True)
        assert lab.compared == f"1 stream on {GOLDEN}"
        lab.choose_machine("pack:1 l3:1 core:4 pu:1")
        assert lab.machine_map.compared["machine"]["cores"] == 16
        assert lab.machine_map.machine["cores"] == 4


def test_representations_hold_nothing_that_differs_from_run_to_run(make_lab):
    def represent() -> list[object]:
        lab = make_lab(topology=GOLDEN, num_streams=3)
        bundle = lab._repr_mimebundle_()
        data = dict(bundle[0] if isinstance(bundle, tuple) else bundle)
        data.pop("application/vnd.jupyter.widget-view+json", None)
        return [repr(lab), str(lab), data, repr(lab.sweep), repr(lab.chart), repr(lab.timeline), repr(lab.machine_map)]

    assert represent() == represent()
    assert "0x" not in str(represent()[0])


def test_a_lab_that_ran_is_represented_as_one_that_did_not(make_lab):
    lab = make_lab(num_streams=1)
    before = lab._repr_mimebundle_()
    lab.start()
    wait_for(lambda: "items/s" in lab.sentence)
    assert lab._repr_mimebundle_() == before
    lab.stop()
    assert lab._repr_mimebundle_() == before
