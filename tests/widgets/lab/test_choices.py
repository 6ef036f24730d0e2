"""What a lab offers, how far its controls reach, and what its findings' buttons set."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepsched import Topology, compile_model, plan_streams
from deepsched.measure import find_example
from deepsched.simulation import WORKLOADS
from deepsched_widgets.lab.choices import describe_limits, list_choices, list_findings
from deepsched_widgets.lab.model_choice import choose_model
from deepsched_widgets.lab.wish import Wish

GOLDEN = "pack:2 l3:1 core:8 pu:1"
STRADDLES = {"socket-straddle", "numa-straddle", "l3-straddle"}


def make_wish(topology: str, model=None) -> Wish:
    return Wish(choose_model(model), Topology.load(topology), "multi_stream", 1, workload=WORKLOADS[0])


def test_all_choices_can_be_taken():
    choices = json.loads(json.dumps(list_choices(choose_model(None), ["mine"])))
    assert choices["workloads"] == ["mine"]
    for value, label in choices["machines"]:
        assert label
        assert Topology.load(value).usable_cores
    for kind in ("models", "machines", "code_kinds"):
        values = [value for value, _ in choices[kind]]
        assert len(values) == len(set(values)) > 1


@pytest.mark.parametrize(
    ("machine", "streams", "threads"),
    [(GOLDEN, 16, 1), ("pack:1 core:2 pu:2", 2, 2), ("pack:1 core:1 pu:1", 1, 1), ("pack:4 core:64 pu:2", 256, 2)],
)
def test_controls_reach_as_far_as_the_machine(machine, streams, threads):
    limits = describe_limits(make_wish(machine))
    assert (limits["max_streams"], limits["max_threads_per_core"], limits["fixed"]) == (streams, threads, [])
    assert not limits["measurable"]


@pytest.mark.parametrize(("options", "streams"), [({"num_streams": 1}, 1), ({"scheduler": "multi_stream"}, None)])
def test_an_engine_stays_as_it_was_made_but_for_its_streams(options, streams):
    with compile_model(find_example("light_squeezenet"), **options) as engine:
        wish = Wish(choose_model(engine), engine.plan.topology, engine.scheduler.value, engine.num_streams)
        limits = describe_limits(wish)
    assert limits["max_streams"] == (streams or engine.num_cores)
    assert {"model", "machine", "scheduler", "threads_per_core", "predict", "tuning"} == set(limits["fixed"])
    assert "num_streams" not in limits["fixed"]


class TestFindings:
    def test_three_streams_of_the_golden_example(self):
        findings = list_findings(plan_streams(GOLDEN, 3), [])
        assert [finding["kind"] for finding in findings] == ["socket-straddle", "uneven-streams"]
        assert [finding["options"] for finding in findings] == [[[2, "2 streams"], [4, "4 streams"]]] * 2

    def test_an_aligned_plan_has_none(self):
        assert list_findings(plan_streams(GOLDEN, 2), []) == []

    def test_what_is_shown_already_is_no_way_out(self):
        # GIVEN a plan whose suggestion is itself
        for count in range(1, 17):
            for finding in list_findings(plan_streams(GOLDEN, count), []):
                assert count not in [option for option, _ in finding["options"]]

    def test_under_single_stream_all_counts_are_another_plan(self):
        plan = plan_streams(GOLDEN, scheduler="single_stream")
        options = {count for finding in list_findings(plan, []) for count, _ in finding["options"]}
        assert 2 in options

    def test_one_stream_is_no_plural(self):
        findings = list_findings(plan_streams("pack:1 l3:1 core:4 pu:1", 4), [])
        assert [1, "1 stream"] in [option for finding in findings for option in finding["options"]]

    def test_threads_elsewhere_come_first(self):
        misplaced = [{"stream": 1, "thread_id": 7, "asked": [8], "actual": [0, 8]}]
        first = list_findings(plan_streams(GOLDEN, 3), misplaced)[0]
        assert (first["kind"], first["streams"], first["options"]) == ("pinning-failed", [1], [])


@given(
    machine=st.builds(
        "pack:{} l3:{} core:{} pu:{}".format,
        st.integers(1, 4),
        st.integers(1, 3),
        st.integers(1, 6),
        st.integers(1, 2),
    ),
    data=st.data(),
)
def test_what_a_button_sets_exists_and_straddles_nothing(machine, data):
    topology = Topology.load(machine)
    cores = len(topology.usable_cores)
    plan = plan_streams(topology, data.draw(st.integers(1, cores)))
    findings = json.loads(json.dumps(list_findings(plan, [])))
    for finding in findings:
        assert {"kind", "severity", "streams", "message", "suggestion", "options"} <= set(finding)
        for count, label in finding["options"]:
            assert 1 <= count <= cores
            assert label.startswith(f"{count} stream")
            assert not STRADDLES & {other.kind for other in plan_streams(topology, count).findings}
