"""``deepsched plan``, whose JSON others are written against."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from deepsched import Topology, plan_streams

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = "pack:2 l3:1 core:8 pu:1"

THREE_STREAMS = {
    "scheduler": "multi_stream",
    "num_streams": 3,
    "requested_num_streams": 3,
    "streams": [
        {"index": 0, "cpus": [0, 1, 2, 3, 4, 5], "sockets": [0], "numa_nodes": [0], "l3_caches": [0]},
        {"index": 1, "cpus": [6, 7, 8, 9, 10], "sockets": [0, 1], "numa_nodes": [0], "l3_caches": [0, 1]},
        {"index": 2, "cpus": [11, 12, 13, 14, 15], "sockets": [1], "numa_nodes": [0], "l3_caches": [1]},
    ],
    "findings": [
        {
            "kind": "socket-straddle",
            "severity": "warning",
            "streams": [1],
            "message": "Stream 1 straddles both sockets (cores 6-7 and 8-10): remote memory accesses.",
            "suggestion": "Try num_streams 2 or 4.",
        },
        {
            "kind": "uneven-streams",
            "severity": "info",
            "streams": [1, 2],
            "message": "The streams are uneven (6, 5, 5 cores): a request on a smaller one has 17% fewer cores.",
            "suggestion": "Try num_streams 2 or 4.",
        },
    ],
}


def test_the_golden_plan_to_the_letter(spawn: Callable) -> None:
    said = spawn("plan", "--num-streams", "3", "--topology", GOLDEN, "--json")
    assert json.loads(said.out) == THREE_STREAMS
    # THEN the keys stand in that order, on one line, and nothing else was written
    assert said.out == json.dumps(THREE_STREAMS) + "\n"
    assert (said.status, said.err) == (0, "")


def test_a_warning_stays_out_of_the_json(spawn: Callable) -> None:
    # WHEN more streams are asked for than there are cores
    said = spawn("plan", "--num-streams", "99", "--topology", GOLDEN, "--json")
    # THEN stdout is the plan alone, and stderr says what was changed
    plan = json.loads(said.out)
    assert (plan["num_streams"], plan["requested_num_streams"]) == (16, 99)
    assert said.out.count("\n") == 1
    assert said.err == "warning: num_streams 99 is capped to 16: there are 16 cores.\n"
    assert said.status == 0


@pytest.mark.parametrize("arguments", [(), ("--num-streams", "0")])
def test_the_default_num_streams(call: Callable, arguments: tuple[str, ...]) -> None:
    plan = json.loads(call("plan", *arguments, "--topology", GOLDEN, "--json").out)
    assert (plan["num_streams"], plan["requested_num_streams"], plan["findings"]) == (2, None, [])


def test_seventeen_cores_in_four(call: Callable) -> None:
    plan = json.loads(call("plan", "--num-streams", "4", "--topology", "core:17 pu:1", "--json").out)
    assert [len(stream["cpus"]) for stream in plan["streams"]] == [5, 4, 4, 4]


def test_every_option_reaches_the_plan(call: Callable) -> None:
    said = call(
        *("plan", "--topology", "pack:2 core:4 pu:2", "--scheduler", "async", "--num-streams", "3"),
        *("--num-cores", "6", "--threads-per-core", "2", "--json"),
    )
    expected = plan_streams(Topology.load("pack:2 core:4 pu:2"), 3, num_cores=6, threads_per_core=2)
    assert json.loads(said.out) == expected.to_dict()


def test_single_stream(call: Callable) -> None:
    plan = json.loads(call("plan", "--scheduler", "single_stream", "--topology", GOLDEN, "--json").out)
    assert (plan["scheduler"], [stream["cpus"] for stream in plan["streams"]]) == ("single_stream", [[*range(16)]])


def test_this_machine_is_planned_unless_told_otherwise(call: Callable) -> None:
    plan = json.loads(call("plan", "--json").out)
    assert plan == plan_streams(Topology.detect()).to_dict()


def test_people_read_a_table_and_the_findings(call: Callable) -> None:
    said = call("plan", "--num-streams", "3", "--topology", GOLDEN)
    words = " ".join(said.out.split())
    assert "multi_stream: num_streams 3 on 16 cores" in words
    assert "S1 5 6-10 0-1 0 0-1" in words
    for finding in THREE_STREAMS["findings"]:
        assert f"{finding['kind']}: {finding['message']} {finding['suggestion']}" in words
    assert (said.status, said.err) == (0, "")


def test_a_terminal_that_knows_ascii_alone_gets_its_answer_too(spawn: Callable) -> None:
    said = spawn("plan", "--num-streams", "3", "--topology", GOLDEN, PYTHONIOENCODING="ascii")
    assert said.status == 0, said.err
    assert "Stream 1 straddles both sockets" in said.out
