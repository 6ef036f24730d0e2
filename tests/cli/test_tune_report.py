"""The report of a tuning: every setting that was measured, the best one first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from onnx import parser

from deepsched import tune
from deepsched.cli.tune_report import write_tune_report

if TYPE_CHECKING:
    from pathlib import Path

MODEL = '<ir_version: 9, opset_import: ["": 17]> doubling (float[N,3] x) => (float[N,3] y) { y = Add(x, x) }'


@pytest.mark.timeout(120)
def test_it_shows_what_was_tried_and_what_to_paste(tmp_path: Path) -> None:
    path = tmp_path / "doubling.onnx"
    path.write_bytes(parser.parse_model(MODEL).SerializeToString())
    result = tune(str(path), latency_p99_ms=1000.0, budget=3.0, progress=False)
    write_tune_report(tmp_path / "tune.html", result)
    page = (tmp_path / "tune.html").read_text()
    best, *others = [trial.candidate.name for trial in (result.verdict.best, *result.trials) if trial.rounds]
    assert all(f"<th scope='row'>{name}</th>" in page for name in others)
    assert page.index(f"<th scope='row'>{best}</th>") == page.index("<th scope='row'>")
    assert "engine = compile_model(" in page
    assert "doubling.onnx" in page
