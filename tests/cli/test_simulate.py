"""``deepsched simulate``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from deepsched import Topology, Workload, simulate
from deepsched.measure import find_example

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = "pack:2 l3:1 core:8 pu:1"


def test_one_json_object_and_nothing_else(spawn: Callable) -> None:
    said = spawn("simulate", "--topology", GOLDEN, "--num-streams", "3", "--json")
    data = json.loads(said.out)
    assert (said.status, said.err, said.out.count("\n")) == (0, "", 1)
    assert list(data) == ["label", "topology", "workload", "costs", "simulations"]
    assert (data["label"], data["topology"], data["workload"]["name"]) == ("simulated", GOLDEN, "small convnet")
    # THEN it is what the library gives
    expected = simulate(Topology.load(GOLDEN), Workload.named("small convnet"), 3).to_dict()
    assert data["simulations"] == [json.loads(json.dumps(expected))]


def test_every_num_streams_unless_told_otherwise(call: Callable) -> None:
    for arguments in ((), ("--num-streams", "all")):
        said = call("simulate", "--topology", GOLDEN, "--requests", "1000", "--json", *arguments)
        assert [found["num_streams"] for found in json.loads(said.out)["simulations"]] == [*range(1, 17)]


def test_every_option_reaches_the_simulation(call: Callable) -> None:
    said = call(
        *("simulate", "--topology", GOLDEN, "--workload", "memory bound", "--num-streams", "4", "--rate", "500"),
        *("--arrivals", "constant", "--service", "exponential", "--requests", "5000", "--seed", "7", "--json"),
    )
    expected = simulate(
        GOLDEN, "memory bound", 4, rate=500, arrivals="constant", service="exponential", requests=5000, seed=7
    )
    assert json.loads(said.out)["simulations"] == [json.loads(json.dumps(expected.to_dict()))]


def test_people_read_that_it_is_simulated_and_what_a_request_is_made_of(call: Callable) -> None:
    said = call("simulate", "--topology", GOLDEN, "--num-streams", "3", "--clients", "6")
    words = " ".join(said.out.split())
    assert "Simulated, not measured: small convnet on pack:2 l3:1 core:8 pu:1, closed loop, 6 clients" in words
    assert "socket-straddle" in words
    for term in ("serial", "parallel", "fork join", "remote", "service"):
        assert term in words
    assert "smt sharing" not in words


def test_too_high_a_rate_is_said_to_be(call: Callable) -> None:
    one = " ".join(call("simulate", "--topology", GOLDEN, "--num-streams", "2", "--rate", "9000").out.split())
    assert "unstable: the queue grows without bound. 9000 requests/s arrive" in one
    every = " ".join(call("simulate", "--topology", GOLDEN, "--rate", "9000", "--requests", "1000").out.split())
    assert "16 of them cannot keep up: the queue grows without bound." in every


def test_a_model_is_measured_here_first(call: Callable) -> None:
    said = call(
        "simulate", "--model", find_example("light_shufflenet"), "--topology", GOLDEN, "--num-streams", "2", "--json"
    )
    workload = json.loads(said.out)["workload"]
    assert workload["name"] == "light_shufflenet"
    assert workload["one_thread_seconds"] > 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--rate", "-1"), "rate is -1.0; expected a number above 0."),
        (("--rate", "1", "--clients", "1"), "clients and rate are two kinds of load; give one of them."),
        (("--clients", "0"), "clients is 0; expected an integer from 1"),
        (("--num-streams", "many"), "num_streams is 'many'; expected an integer, or 'all'."),
        (("--workload", "large"), "there is no workload 'large'; expected 'small convnet'"),
        (("--workload", "memory bound", "--model", "m.onnx"), "--workload and --model both say"),
        (("--model", "missing.onnx"), "there is no such file"),
        (("--topology", "nowhere"), "names no machine"),
    ],
)
def test_mistakes_are_one_sentence(call: Callable, arguments: tuple[str, ...], words: str) -> None:
    said = call("simulate", "--topology", GOLDEN, *arguments)
    assert (said.status, said.out) == (2, "")
    assert words in " ".join(said.err.split())
