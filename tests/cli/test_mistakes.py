"""A user's mistake is one sentence on stderr and exit status 2; every verb can be asked how it is used."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = "pack:2 l3:1 core:8 pu:1"
MISTAKES = [
    (("plan", "--num-streams", "-1", "--topology", GOLDEN), "num_streams is -1; expected an integer from 0 up."),
    (("plan", "--num-cores", "0", "--topology", GOLDEN), "num_cores is 0; expected an integer from 1 up."),
    (("plan", "--threads-per-core", "0", "--topology", GOLDEN), "threads_per_core is 0; expected"),
    (("plan", "--scheduler", "fastest", "--topology", GOLDEN), "unsupported Scheduler: fastest; expected one of"),
    (("plan", "--topology", "nowhere"), "'nowhere' names no machine; expected 'this' for this machine"),
    (("topology", "--topology", ""), "'' names no machine; expected 'this' for this machine"),
    (("topology", "--topology", "pack:2 core:8"), "the last level must be pu, as in 'core:4 pu:1'."),
    (("topology", "--topology", "pack:2 [red] pu:1"), "synthetic description 'pack:2 [red] pu:1': unknown level 'red'"),
    (("topology", "--topology", "pack:2 [/red] pu:1"), "cannot read '[/red] pu:1'"),
    (("topology", "--topology", "pack:2 cores"), "such as 'pack:2 [numa] l3:1 core:8 pu:1'"),
    (("topology", "--topology", ":smile:"), "':smile:'"),
]


@pytest.mark.parametrize(("arguments", "says"), MISTAKES, ids=[" ".join(arguments) for arguments, _ in MISTAKES])
def test_a_mistake_is_a_sentence_on_stderr(call: Callable, arguments: tuple[str, ...], says: str) -> None:
    said = call(*arguments, "--json")
    assert said.status == 2
    assert says in said.err
    assert said.err.startswith("error: ")
    assert said.err.endswith(".\n")
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_the_same_from_a_shell(spawn: Callable) -> None:
    said = spawn("plan", "--num-streams", "-1", "--topology", GOLDEN)
    assert (said.status, said.out) == (2, "")
    assert said.err == "error: num_streams is -1; expected an integer from 0 up.\n"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("plan", "--num-streams", "2.5"), "--num-streams"),
        (("plan", "--num-streams"), "--num-streams"),
        (("plan", "--colour", "red"), "--colour"),
        (("plam",), "plam"),
    ],
)
def test_an_argument_that_cannot_be_read_is_named_on_stderr(
    spawn: Callable, arguments: tuple[str, ...], named: str
) -> None:
    said = spawn(*arguments)
    assert (said.status, said.out) == (2, "")
    assert named in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("verb", "says"),
    [
        ("topology", ["Show the machine's sockets", "--topology", "--json"]),
        ("plan", ["Show which stream gets which cores", "--num-streams", "--num-cores", "--scheduler", "--topology"]),
        ("lab", ["Start JupyterLab", "--folder", "--no-browser"]),
    ],
)
def test_every_verb_says_how_it_is_used(spawn: Callable, verb: str, says: list[str]) -> None:
    said = spawn(verb, "--help")
    assert (said.status, said.err) == (0, "")
    for words in says:
        assert words in said.out


def test_it_tells_its_version(spawn: Callable) -> None:
    said = spawn("--version")
    assert (said.status, said.out.strip()) == (0, f"deepsched {version('deepsched')}")


def test_a_machine_that_is_almost_named_is_guessed(call: Callable) -> None:
    assert "did you mean 'golden'?" in call("plan", "--topology", "gold").err


def test_the_help_lists_the_verbs(spawn: Callable) -> None:
    said = spawn("--help")
    assert said.status == 0
    for verb in ("topology", "plan", "lab"):
        assert f" {verb} " in said.out
