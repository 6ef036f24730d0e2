"""``deepsched tune``: what to use, why, how sure, and the code to paste."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from onnx import parser

from tests.cli.test_benchmark import WATCHED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.timeout(180)
BRIEF = ("--budget", "3", "--num-cores", "1", "-q")


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "doubling.onnx"
    text = '<ir_version: 9, opset_import: ["": 17]> doubling (float[N,3] x) => (float[N,3] y) { y = Add(x, x) }'
    path.write_bytes(parser.parse_model(text).SerializeToString())
    return str(path)


def test_people_read_the_answer(call: Callable, model: str) -> None:
    said = call("tune", model, *BRIEF)
    words = " ".join(said.out.split())
    assert (said.status, said.err) == (0, "")
    for expected in ("Use single_stream for doubling.onnx.", "Why: ", "How sure: ", "It took ", "p99 ms"):
        assert expected in words
    # THEN the line to paste is not broken, however long the path
    assert f"engine = compile_model({model!r}, scheduler='single_stream', num_cores=1)\n" in said.out


def test_json_alone_and_resumed(call: Callable, model: str, tmp_path: Path) -> None:
    path = str(tmp_path / "tuning.json")
    said = call("tune", model, *BRIEF, "--batch-sizes", "1,4", "--export", path, "--json")
    assert (said.status, said.out.count("\n")) == (0, 1), said.err
    data = json.loads(said.out)
    assert [setting["setting"]["batch_size"] for setting in data["settings"]] == [1, 4]
    assert data["best"]["batch_size"] == 4
    assert "resume" not in data
    assert {"reason", "confidence", "pareto", "code", "exports", "plan", "machine", "versions"} <= set(data)
    # WHEN it goes on from there, for the same and for something else
    again = json.loads(call("tune", model, *BRIEF, "--batch-sizes", "1,4", "--resume", path, "--json").out)
    before, after = ([one["rounds"] for one in run["settings"]] for run in (data, again))
    assert all(now >= then for now, then in zip(after, before, strict=True))
    other = call("tune", model, *BRIEF, "--objective", "latency", "--resume", path)
    assert other.status == 2
    assert "it was written for another goal, batch_sizes; rounds of both cannot be compared." in other.err


MISTAKES = [
    (("--objective", "speed"), "objective is 'speed'; expected one of throughput, latency."),
    (("--latency-p99-ms", "0"), "latency_p99_ms is 0.0; expected a number above 0."),
    (("--rate", "-1"), "rate is -1.0; expected a number above 0."),
    (("--clients", "0"), "clients is 0; expected an integer from 1 up."),
    (("--budget", "0"), "budget is 0.0; expected a number above 0"),
    (("--batch-sizes", "big"), "batch_sizes is 'big'; expected integers"),
    (("--resume", "nowhere.json"), "resume nowhere.json: expected the JSON that a tuning has written"),
    (("-x", "/nowhere/out.json"), "/nowhere/out.json cannot be written (No such file or directory)."),
]


@pytest.mark.parametrize(("options", "says"), MISTAKES, ids=[" ".join(options) for options, _ in MISTAKES])
def test_a_mistake_is_a_sentence(call: Callable, model: str, options: tuple[str, ...], says: str) -> None:
    said = call("tune", model, "-q", *options)
    assert (said.status, said.out) == (2, "")
    assert says in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("after", [2.0, 4.0, 7.0])
def test_ctrl_c_gives_the_best_so_far_and_leaves_nothing_behind(after: float) -> None:
    # GIVEN a tuning that has long to go
    command = ["tune", "light_squeezenet", "--rate", "5", "--budget", "600", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-c", WATCHED, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode != 0
    # THEN, unless it struck while Python was still loading, nothing is left and the cpus are the process's own
    assert "LEFT [] True" in err or "KeyboardInterrupt" in err, err
    if out:
        assert process.returncode == 130
        assert json.loads(out)["interrupted"]
        assert "interrupted: this is the best after" in err


def test_it_is_watched_on_a_terminal(model: str) -> None:
    # GIVEN a terminal for stderr
    terminal, inside = os.openpty()
    command = [sys.executable, "-m", "deepsched", "tune", model, "--budget", "3", "--num-cores", "1", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=inside, text=True)
    os.close(inside)
    drawn = b""
    while chunk := _read(terminal):
        drawn += chunk
    os.close(terminal)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"trying out: single_stream" in drawn
    assert b"round 2: single_stream" in drawn
    # THEN stdout is the JSON alone
    assert json.loads(out)["budget_seconds"] == 3.0


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side is closed, and all is read
        return b""


def test_a_prediction_stands_beside_what_was_measured(call: Callable, model: str) -> None:
    said = call("tune", model, "--budget", "4", "--predict", "--quiet", "--json")
    assert said.status == 0, said.err
    result = json.loads(said.out)
    assert [one["name"] for one in result["predictions"]] == [one["name"] for one in result["settings"]]
    for one in result["predictions"]:
        assert one["predicted"] > 0
        assert one["error"] == pytest.approx(one["predicted"] / one["measured"] - 1)
