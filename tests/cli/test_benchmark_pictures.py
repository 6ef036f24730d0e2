"""``deepsched benchmark --report --trace``: the pictures of what was measured, also after Ctrl-C."""

from __future__ import annotations

import json
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
BRIEF = ("-t", "0.3", "-w", "0.05", "-q")


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "doubling.onnx"
    text = '<ir_version: 9, opset_import: ["": 17]> doubling (float[N,3] x) => (float[N,3] y) { y = Add(x, x) }'
    path.write_bytes(parser.parse_model(text).SerializeToString())
    return str(path)


def count_runs(trace: Path) -> int:
    return sum(event["ph"] == "X" for event in json.loads(trace.read_text())["traceEvents"])


def test_a_report_and_a_trace(call: Callable, model: str, tmp_path: Path) -> None:
    report, trace = tmp_path / "out.html", tmp_path / "out.trace.json"
    said = call("benchmark", model, *BRIEF, "--json", "--report", str(report), "--trace", str(trace))
    assert (said.status, said.err) == (0, "")
    assert json.loads(said.out)["interrupted"] is False
    page = report.read_text()
    for words in ("doubling.onnx", ">measured<", "engine deepsched", "<svg", "processor"):
        assert words in page
    assert count_runs(trace) > 0


def test_other_engines_have_a_report_but_no_trace(call: Callable, model: str, tmp_path: Path) -> None:
    report = tmp_path / "out.html"
    said = call("benchmark", model, *BRIEF, "-e", "onnxruntime", "--report", str(report))
    assert said.status == 0, said.err
    assert "onnxruntime, num_streams" in report.read_text()


MISTAKES = [
    (("--report", "/nowhere/out.html"), "/nowhere/out.html cannot be written (No such file or directory)."),
    (("--trace", "/nowhere/out.json"), "/nowhere/out.json cannot be written (No such file or directory)."),
    (("-e", "onnxruntime", "--trace", "out.json"), "a trace of engine 'onnxruntime' was asked for; only deepsched's"),
]


@pytest.mark.parametrize(("options", "says"), MISTAKES, ids=[" ".join(options) for options, _ in MISTAKES])
def test_a_mistake_is_a_sentence_before_any_measuring(
    call: Callable, model: str, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], says: str
) -> None:
    monkeypatch.setattr("deepsched.measure.interleave.measure_round", lambda *_: pytest.fail("it was measured"))
    said = call("benchmark", model, *options, "--json")
    assert (said.status, said.out) == (2, "")
    assert says in said.err
    assert said.err.count("\n") == 1


def test_without_plotly_it_says_so_before_any_measuring(
    call: Callable, model: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "plotly.offline", None)
    monkeypatch.setattr("deepsched.measure.interleave.measure_round", lambda *_: pytest.fail("it was measured"))
    said = call("benchmark", model, "--report", str(tmp_path / "out.html"))
    assert (said.status, said.out) == (2, "")
    assert "--report needs plotly" in said.err


def test_after_ctrl_c_they_are_written_too(model: str, tmp_path: Path) -> None:
    report, trace = tmp_path / "out.html", tmp_path / "out.trace.json"
    options = ["-t", "60", "-w", "0.01", "-q", "--json", "--report", str(report), "--trace", str(trace)]
    process = subprocess.Popen(
        [sys.executable, "-m", "deepsched", "benchmark", model, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with pytest.raises(subprocess.TimeoutExpired):
        process.communicate(timeout=5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert json.loads(out)["interrupted"]
    assert "Ctrl-C ended it early" in report.read_text()
    assert count_runs(trace) > 0
