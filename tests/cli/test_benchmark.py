"""``deepsched benchmark``, with DeepSparse's options and its JSON."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from onnx import parser

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.timeout(180)
HEAD = '<ir_version: 9, opset_import: ["": 17]> '
BRIEF = ("-t", "0.3", "-w", "0.05", "-q")

# As people wrote it against deepsparse.benchmark -x: it knows nothing of us.
DEEPSPARSE_SCRIPT = """
import json, sys
report = json.load(open(sys.argv[1]))
result = report["benchmark_result"]
print(
    f'{report["model_path"]} b{report["batch_size"]} {report["scenario"]} x{report["num_streams"]}'
    f' on {report["num_cores"]} cores for {report["seconds_to_run"]} s: {result["items_per_sec"]:.2f} items/s,'
    f' median {result["median"]:.3f} ms, p99 {result["99.0%"]:.3f} ms, n={result["iterations"]}'
)
assert result["items_per_sec"] * result["mean"] / 1000 <= report["batch_size"] * max(1, report["num_streams"]) * 1.2
"""

# Runs the command, and says afterwards what is left of it.
WATCHED = """
import os, signal, sys, threading
from deepsched.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)
own = os.sched_getaffinity(0)
status = 0
try:
    main()
except SystemExit as left:
    status = left.code or 0
left = [t.name for t in threading.enumerate() if t.name.startswith(("deepsched", "ds"))]
print("LEFT", left, os.sched_getaffinity(0) == own, file=sys.stderr)
sys.exit(status)
"""


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "doubling.onnx"
    text = HEAD + "doubling (float[N,3] x) => (float[N,3] y) { y = Add(x, x) }"
    path.write_bytes(parser.parse_model(text).SerializeToString())
    return str(path)


def test_a_script_for_deepsparse_reads_it_unchanged(call: Callable, model: str, tmp_path: Path) -> None:
    out, script = tmp_path / "out.json", tmp_path / "script.py"
    script.write_text(DEEPSPARSE_SCRIPT)
    # WHEN the command is one that was written for deepsparse.benchmark
    said = call(
        *("benchmark", model, "-b", "8", "-ncores", "1", "-s", "async", "-nstreams", "1", "-t", "1", "-w", "1"),
        *("-i", "[8,3]", "-pin", "core", "-e", "deepsparse", "-x", str(out), "-q"),
    )
    assert (said.status, said.err) == (0, "")
    done = subprocess.run([sys.executable, script, out], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{model} b8 multistream x1 on 1 cores for 1.0 s: ")


@pytest.mark.parametrize(
    "names",
    [
        ("batch_size", "num_cores", "scenario", "time", "warmup_time", "num_streams", "thread_pinning"),
        ("batch-size", "num-cores", "scheduler", "seconds", "warm-up", "num-streams", "pinning"),
    ],
    ids=["deepsparse's", "ours"],
)
def test_long_names(call: Callable, model: str, names: tuple[str, ...]) -> None:
    values = ("2", "1", "sync", "0.3", "0.05", "1", "none")
    options = [part for name, value in zip(names, values, strict=True) for part in (f"--{name}", value)]
    said = call("benchmark", model, *options, "--quiet", "--json")
    assert said.status == 0, said.err
    assert said.out.count("\n") == 1
    result = json.loads(said.out)
    assert result["setting"] == {
        "engine": "deepsched",
        "scheduler": "single_stream",
        "num_streams": 1,
        "num_cores": 1,
        "batch_size": 2,
        "input_shapes": None,
        "pinning": "none",
        "topology": "this",
        "threads_per_core": 1,
    }
    assert (result["seconds_to_run"], result["warmup_time"]) == (0.3, 0.05)


def test_people_read_a_table(call: Callable, model: str) -> None:
    said = call("benchmark", model, *BRIEF, "--percentiles", "50,99,97.5", "--clients", "2")
    words = " ".join(said.out.split())
    assert said.status == 0, said.err
    for expected in ("doubling.onnx", "single_stream: num_streams 1", "95 % interval", "throughput", "items/s"):
        assert expected in words
    assert "latency p97.5" in words
    assert "latency p90" not in words
    assert "2 clients, each with one request at a time" in words


def test_an_open_loop(call: Callable, model: str) -> None:
    said = call("benchmark", model, *BRIEF, "--rate", "100", "--arrivals", "constant", "--seed", "3", "--json")
    assert json.loads(said.out)["load"] == {"loop": "open", "rate": 100.0, "arrivals": "constant", "seed": 3}


def test_an_example_by_its_name(call: Callable) -> None:
    said = call("benchmark", "light_shufflenet", *BRIEF, "--json")
    assert said.status == 0, said.err
    assert json.loads(said.out)["inputs"] == {"gpu_0/data_0": [1, 3, 224, 224]}


MISTAKES = [
    (("--rate", "0"), "rate is 0.0; expected a number above 0."),
    (("--clients", "-1"), "clients is -1; expected an integer from 1 up."),
    (("--percentiles", "50,101"), "a percentile is 101.0; expected a number from 0 to 100."),
    (("--percentiles", "high"), "percentiles is 'high'; expected numbers from 0 to 100"),
    (("-x", "/nowhere/out.json"), "/nowhere/out.json cannot be written (No such file or directory)."),
    (("-t", "0"), "seconds is 0.0; expected a number above 0"),
    (("-s", "fastest"), "unsupported Scheduler: fastest"),
    (("-i", "1,3"), "input_shapes is '1,3'; expected a list for each input"),
    (("--topology", "pack:9 l3:1 core:8 pu:1"), "Plans for other machines can be drawn, not run"),
    (("--inputs", "nowhere.npz"), "inputs nowhere.npz: expected an .npz or .npy file of numpy's"),
]


@pytest.mark.parametrize(("options", "says"), MISTAKES, ids=[" ".join(options) for options, _ in MISTAKES])
def test_a_mistake_is_a_sentence_before_any_measuring(
    call: Callable, model: str, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], says: str
) -> None:
    monkeypatch.setattr("deepsched.measure.interleave.measure_round", lambda *_: pytest.fail("it was measured"))
    said = call("benchmark", model, *options, "--json")
    assert (said.status, said.out) == (2, "")
    assert says in said.err
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1


def test_a_model_whose_inputs_cannot_be_generated(call: Callable, tmp_path: Path) -> None:
    path = tmp_path / "sequence.onnx"
    text = HEAD + "s (seq(float[N]) items, int64 i) => (float[N] y) { y = SequenceAt(items, i) }"
    path.write_bytes(parser.parse_model(text).SerializeToString())
    said = call("benchmark", str(path), *BRIEF)
    assert (said.status, said.out) == (2, "")
    assert "input 'items' of type seq(tensor(float)) cannot be generated; give the inputs yourself." in said.err


def interrupt(arguments: list[str], after: float) -> subprocess.CompletedProcess[str]:
    """Run the command, and send it Ctrl-C `after` so many seconds."""
    process = subprocess.Popen(
        [sys.executable, "-c", WATCHED, "benchmark", *arguments],
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
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


LOADS = {"closed": ["--clients", "3"], "open": ["--rate", "300"]}


@pytest.mark.parametrize("load", LOADS.values(), ids=LOADS)
def test_ctrl_c_prints_what_was_measured_so_far(model: str, load: list[str]) -> None:
    done = interrupt([model, "-t", "60", "-w", "0.01", "--json", *load], after=5)
    assert done.returncode == 130, done.stderr
    result = json.loads(done.stdout)
    assert result["interrupted"]
    assert result["benchmark_result"]["iterations"] > 0
    assert 0 < result["benchmark_result"]["seconds_ran"] < 60
    assert "interrupted: this is what was measured in" in done.stderr
    assert "LEFT [] True" in done.stderr


@pytest.mark.parametrize("after", [1.0, 1.5, 2.0, 2.5, 3.5])
def test_ctrl_c_at_any_point_leaves_nothing_behind(after: float) -> None:
    # GIVEN rounds so short that the model is being opened or closed much of the time
    done = interrupt(["light_squeezenet", "-t", "0.05", "-w", "0.02", "--repeat", "500", "--json", "-q"], after)
    assert done.returncode != 0
    # THEN, unless it struck while Python was still loading, nothing is left and the cpus are the process's own
    if "LEFT" in done.stderr:
        assert "LEFT [] True" in done.stderr, done.stderr
    else:
        assert "KeyboardInterrupt" in done.stderr
    if done.stdout:
        assert json.loads(done.stdout)["interrupted"]


def test_progress_is_drawn_on_a_terminal_and_nowhere_else(model: str) -> None:
    # GIVEN a terminal for stderr
    terminal, inside = os.openpty()
    command = [sys.executable, "-m", "deepsched", "benchmark", model, "-t", "1.2", "-w", "0", "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=inside, text=True, timeout=60, check=False)
    os.close(inside)
    drawn = b""
    while chunk := _read(terminal):
        drawn += chunk
    os.close(terminal)
    assert done.returncode == 0
    assert b"measuring" in drawn
    # THEN stdout is the JSON alone
    assert json.loads(done.stdout)["seconds_to_run"] == 1.2


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side is closed, and all is read
        return b""
