"""Many findings of one kind become one sentence, and none is lost from the plan."""

from __future__ import annotations

import pytest

from deepsched import Finding, plan_streams
from deepsched.render import draw_plan, write_plan
from deepsched.render.plans.finding_groups import group_findings


def make_straddles(number: int, suggestion: str = "Try num_streams 2.") -> list[Finding]:
    return [
        Finding("l3-straddle", "info", (i,), f"Stream {i} straddles L3 0 and 1.", suggestion, (i, i + 100))
        for i in range(number)
    ]


def test_six_of_a_kind_stay_as_they_are() -> None:
    assert group_findings(make_straddles(6)) == tuple(make_straddles(6))


def test_seven_of_a_kind_become_one_with_all_that_they_are_about() -> None:
    (group,) = group_findings(make_straddles(7))
    assert group.message.startswith("Streams 0, 1, 2, ... (7 streams) straddle L3 caches")
    assert group.suggestion == "Try num_streams 2."
    assert group.streams == tuple(range(7))
    assert set(group.cpus) == {cpu for finding in make_straddles(7) for cpu in finding.cpus}


def test_suggestions_that_differ_are_not_one() -> None:
    (group,) = group_findings([*make_straddles(6), *make_straddles(1, "Keep it to cores 0-3.")])
    assert not group.suggestion


def test_other_kinds_keep_their_place() -> None:
    idle = Finding("idle-cores", "info", (), "2 cores are in no stream.", "")
    kinds = [finding.kind for finding in group_findings([*make_straddles(9), idle])]
    assert kinds == ["l3-straddle", "idle-cores"]


def test_a_kind_that_nobody_grouped_is_told_one_by_one() -> None:
    unknown = [Finding("new-kind", "info", (i,), f"Something about {i}.", "") for i in range(20)]
    assert group_findings(unknown) == tuple(unknown)


@pytest.mark.parametrize(
    ("machine", "num_streams", "words"),
    [
        ("epyc-7763", 128, "Streams 0-7, 8-15, 16-23, ... (16 groups) share an L3 each"),
        ("epyc-7763", 32, "Streams 0 and 1, 2 and 3, 4 and 5, ... (16 groups) share an L3 each"),
        ("pack:16 core:5 pu:1", 19, "Streams 5, 6, 7, ... (9 streams) straddle sockets"),
    ],
)
def test_a_large_machine_is_one_line_a_kind(machine: str, num_streams: int, words: str) -> None:
    plan = plan_streams(machine, num_streams)
    for shown in (draw_plan(plan), " ".join(write_plan(plan).split())):
        assert words in shown
