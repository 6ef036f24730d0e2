"""A plan and a machine as plain text: the same on every machine, and nothing lost."""

from __future__ import annotations

import warnings
from dataclasses import replace

import pytest

from deepsched import Topology, plan_streams
from deepsched.render import show_plan, show_topology, write_plan
from deepsched.render.plans.text import write_plain
from deepsched.topology import restrict_topology

GOLDEN = Topology.from_synthetic("pack:2 l3:1 core:8 pu:1")

THREE_STREAMS = """\
multi_stream: num_streams 3 on 16 cores
2 sockets · 2 L3 caches · 16 cores

  stream  cores  cpus   socket  NUMA node  L3   shared with  remote
 ──────────────────────────────────────────────────────────────────
      S0  6      0-5    0       0          0    S1
      S1  5      6-10   0-1     0          0-1  S0,2         6-7
      S2  5      11-15  1       0          1    S1

▲ socket-straddle: Stream 1 straddles both sockets (cores 6-7 and 8-10): remote memory accesses. Try
  num_streams 2 or 4.
● uneven-streams: The streams are uneven (6, 5, 5 cores): a request on a smaller one has 17% fewer
  cores. Try num_streams 2 or 4."""

ENVIRONMENTS = [
    {},
    {"FORCE_COLOR": "1"},
    {"NO_COLOR": "1"},
    {"COLUMNS": "20", "LINES": "5"},
    {"TERM": "dumb"},
    {"TERM": "dumb", "FORCE_COLOR": "1"},
    {"TERM": "xterm-256color", "COLORTERM": "truecolor", "FORCE_COLOR": "1"},
    {"DATABRICKS_RUNTIME_VERSION": "15"},
]


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda environment: " ".join(environment) or "bare")
def test_a_plan_is_the_same_text_wherever_it_is_written(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    # GIVEN any terminal, or none
    for name in {name for each in ENVIRONMENTS for name in each}:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    # THEN the plan is written as ever, without a code for a terminal
    text = write_plan(plan_streams(GOLDEN, 3))
    assert "\x1b" not in text
    assert text.splitlines() == THREE_STREAMS.splitlines()


def test_a_notebook_gets_the_picture_and_the_text() -> None:
    bundle = plan_streams(GOLDEN, 3)._repr_mimebundle_(include=None, exclude=None)
    assert set(bundle) == {"image/svg+xml", "text/plain"}
    assert bundle["text/plain"] == write_plan(plan_streams(GOLDEN, 3))
    assert bundle["image/svg+xml"].startswith("<svg")


def test_a_plan_without_findings_says_so() -> None:
    assert write_plan(plan_streams(GOLDEN, 2)).endswith("1\n\nNo findings.")


def test_what_was_changed_stands_beside_what_was_asked() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = write_plan(plan_streams(GOLDEN, 99))
    assert "num_streams: 99 requested, 16 actual (there are 16 cores)." in text


def test_a_machine_without_l3_says_none() -> None:
    rows = write_plan(plan_streams(Topology.from_synthetic("pack:2 core:2 pu:1"))).splitlines()
    assert any(row.split()[-1] == "none" for row in rows if "S0" in row)


def test_an_aligned_plan_has_no_column_for_what_is_shared_or_remote() -> None:
    text = write_plan(plan_streams(GOLDEN, 2))
    assert "shared" not in text
    assert "remote" not in text


def test_kinds_and_limits_are_told() -> None:
    assert "performance, efficiency" in write_plan(plan_streams("hybrid-laptop", 1))
    limited = write_plan(plan_streams(restrict_topology(GOLDEN, {0, 1, 2}), 1))
    assert "Limited to cpus 0-2 of 16 by affinity mask or cpuset." in limited


@pytest.mark.parametrize(("machine", "num_streams"), [("golden", 3), ("hybrid-laptop", 3), ("epyc-7763", 128)])
def test_nothing_is_cut_off_in_a_terminal_of_80_columns(machine: str, num_streams: int) -> None:
    plan = plan_streams(machine, num_streams)
    text = write_plain(show_plan(plan), width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert all(f"S{stream.index} " in text for stream in plan.streams)


def test_a_machine_is_a_row_for_each_l3() -> None:
    text = write_plain(show_topology(restrict_topology(Topology.from_synthetic("pack:2 l3:2 core:2 pu:2"), {0, 5, 6})))
    rows = [line.split() for line in text.splitlines()[4:8]]
    assert rows == [
        ["0", "0", "0", "2", "0-3", "0"],
        ["0", "0", "1", "2", "4-7", "5-6"],
        ["1", "0", "2", "2", "8-11", "none"],
        ["1", "0", "3", "2", "12-15", "none"],
    ]


def test_a_machine_shows_the_size_of_its_l3_and_its_notes() -> None:
    topology = replace(Topology.from_synthetic("l3:1(size=32MiB) core:2 pu:1"), notes=("Something was assumed.",))
    text = write_plain(show_topology(topology))
    assert "0 (32 MiB)" in text
    assert text.endswith("Something was assumed.")


@pytest.mark.parametrize("source", ["pack:2 [numa] l3:1 core:8 pu:1", "/machines/[/b]", "/machines/:smile:"])
def test_a_machines_source_is_written_as_it_is(source: str) -> None:
    text = write_plain(show_topology(replace(GOLDEN, source=source)))
    assert text.splitlines()[0].strip() == source
