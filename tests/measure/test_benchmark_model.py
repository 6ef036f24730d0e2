"""`benchmark_model`: one call, one result that says how sure it is."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import parser

import deepsched
from deepsched import DeepschedWarning, benchmark_model
from deepsched.errors import InputError, ModelError, OptionError, PlanError
from deepsched.measure import Setting, Times, compare_rounds, find_example, measure_interleaved
from deepsched.measure.clock import InterruptGate, MonotonicClock
from deepsched.measure.load import ClosedLoad

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(120)
HEAD = '<ir_version: 9, opset_import: ["": 17]> '
DOUBLING = parser.parse_model(HEAD + "doubling (float[N,3] x) => (float[N,3] y) { y = Add(x, x) }")
SEQUENCE = parser.parse_model(HEAD + "s (seq(float[N]) items, int64 i) => (float[N] y) { y = SequenceAt(items, i) }")
RESHAPE = parser.parse_model(HEAD + "r (float[6] x, int64[2] s) => (float[A,B] y) { y = Reshape(x, s) }")
BRIEF: dict[str, Any] = {"seconds": 0.3, "warm_up": 0.05, "progress": False}
DEEPSPARSE_KEYS = {
    **dict.fromkeys(("engine", "version", "orig_model_path", "model_path", "input_shapes"), str),
    **dict.fromkeys(("scenario", "scheduler"), str),
    **dict.fromkeys(("batch_size", "num_cores", "num_streams"), int),
    **dict.fromkeys(("seconds_to_run", "fraction_of_supported_ops"), float),
}
DEEPSPARSE_RESULTS = ("items_per_sec", "seconds_ran", "iterations", "median", "mean", "std")
DEEPSPARSE_PERCENTILES = ("25.0%", "50.0%", "75.0%", "90.0%", "95.0%", "99.0%", "99.9%")


@pytest.mark.parametrize(
    ("asked", "scenario", "scheduler"),
    [
        ("sync", "singlestream", "Scheduler.default"),
        ("async", "multistream", "Scheduler.multi_stream"),
        ("elastic", "elastic", "Scheduler.elastic"),
    ],
)
def test_deepsparses_keys_are_there(asked: str, scenario: str, scheduler: str) -> None:
    result = json.loads(json.dumps(benchmark_model(DOUBLING, 4, scheduler=asked, **BRIEF).to_dict(), allow_nan=False))
    assert {key: type(result[key]) for key in DEEPSPARSE_KEYS} == DEEPSPARSE_KEYS
    assert (result["scenario"], result["scheduler"], result["batch_size"]) == (scenario, scheduler, 4)
    found = result["benchmark_result"]
    assert set(found) == {"scenario", *DEEPSPARSE_RESULTS, *DEEPSPARSE_PERCENTILES}
    assert found["items_per_sec"] == pytest.approx(4 * found["iterations"] / found["seconds_ran"], rel=0.1)
    values = [found[key] for key in DEEPSPARSE_PERCENTILES]
    assert values == sorted(values)
    assert found["median"] == found["50.0%"]


def test_what_it_ran_on_is_in_it() -> None:
    result = benchmark_model(DOUBLING, num_streams=1, **BRIEF).to_dict()
    assert result["machine"]["limits"]["allowed_cpus"] == sorted(os.sched_getaffinity(0))
    assert result["machine"]["memory_bytes"] > 0
    assert result["versions"]["deepsched"] == deepsched.__version__
    assert {"python", "onnxruntime", "numpy"} <= set(result["versions"])
    assert result["plan"]["num_streams"] == result["num_streams"] == 1
    assert "findings" in result["plan"]
    assert (result["requested_num_streams"], result["actual_num_streams"]) == (1, 1)
    assert result["statistics"]["throughput"]["low"] <= result["statistics"]["throughput"]["value"]


def test_streams_asked_for_and_streams_there_are() -> None:
    with pytest.warns(DeepschedWarning, match="capped") as warned:
        result = benchmark_model(DOUBLING, scheduler="async", num_streams=999, repeat=2, **BRIEF)
    assert result["requested_num_streams"] == 999
    assert result["actual_num_streams"] == result["num_streams"] <= len(os.sched_getaffinity(0))
    assert result["load"] == {"loop": "closed", "clients": result["num_streams"]}
    # THEN it is said once, not each time that the model is opened
    assert sum("capped" in str(warning.message) for warning in warned) == 1
    assert result["statistics"]["rounds"] == len(result["rounds"]) == 2


def test_a_real_model_under_an_open_loop() -> None:
    result = benchmark_model(
        find_example("light_shufflenet"), rate=10, seconds=1.0, warm_up=0.2, percentiles=[97], progress=False
    )
    assert result["load"] == {"loop": "open", "rate": 10, "arrivals": "poisson", "seed": 0}
    assert result["statistics"]["latency_ms"]["p97"]["value"] == result["benchmark_result"]["97.0%"]
    assert result["inputs"] == {"gpu_0/data_0": [1, 3, 224, 224]}
    assert result.measurement.trace
    assert not result.interrupted


@pytest.mark.parametrize(("scheduler", "num_streams"), [("sync", None), ("async", 1)])
def test_onnxruntime_beside_it(scheduler: str, num_streams: int | None) -> None:
    result = benchmark_model(DOUBLING, scheduler=scheduler, num_streams=num_streams, engine="onnxruntime", **BRIEF)
    assert (result["engine_name"], result["plan"]) == ("onnxruntime", None)
    assert result["load"]["clients"] == result.measurement.facts.callers
    assert result.statistics.requests > 0


@pytest.mark.parametrize("load", [{}, {"rate": 50}], ids=["closed", "open"])
def test_openvino_beside_it(load: dict[str, Any]) -> None:
    result = benchmark_model(DOUBLING, scheduler="async", num_streams=1, engine="openvino", **load, **BRIEF)
    assert (result["engine_name"], result["actual_num_streams"]) == ("openvino", 1)
    assert result.statistics.requests > 0


def test_without_openvino_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepsched.measure.runtimes.openvino.find_spec", lambda _: None)
    with pytest.raises(OptionError, match=r"pip install 'deepsched\[bench\]'"):
        benchmark_model(DOUBLING, engine="openvino", **BRIEF)


@pytest.mark.parametrize(
    ("options", "kind", "says"),
    [
        ({"rate": 0}, OptionError, "rate is 0"),
        ({"clients": -1}, OptionError, "clients is -1"),
        ({"clients": 2, "rate": 5}, OptionError, "Give one of them"),
        ({"arrivals": "constant"}, OptionError, "without a rate"),
        ({"percentiles": [101]}, OptionError, "a percentile is 101"),
        ({"seconds": 0}, OptionError, "seconds is 0"),
        ({"warm_up": -1}, OptionError, "warm_up is -1"),
        ({"repeat": 0}, OptionError, "repeat is 0"),
        ({"seed": -1}, OptionError, "seed is -1"),
        ({"rate": 1e9}, OptionError, "Lower it"),
        ({"engine": "tvm"}, OptionError, "engine is 'tvm'"),
        ({"pinning": "tight"}, OptionError, "pinning is 'tight'"),
        ({"input_shapes": "1,3"}, OptionError, r"input_shapes is '1,3'; expected a list"),
        ({"input_shapes": "[1,3"}, OptionError, "input_shapes is"),
        ({"scheduler": "fastest"}, PlanError, "unsupported Scheduler"),
        ({"num_cores": -1}, OptionError, "num_cores is -1"),
        ({"model": "nowhere.onnx"}, ModelError, "no such file"),
        ({"model": SEQUENCE}, InputError, "'items' of type .* cannot be generated; give the inputs yourself"),
        ({"model": RESHAPE}, InputError, "does not run on inputs generated from its signature; give the inputs"),
        ({"inputs": "nowhere.npz"}, InputError, "inputs nowhere.npz"),
        ({"inputs": [np.ones((2, 2), np.float32)]}, InputError, "given shape"),
        ({"export_path": "/nowhere/out.json"}, OptionError, "/nowhere/out.json cannot be written"),
        ({"export_path": "/"}, OptionError, "/ cannot be written"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) and "model" not in value else "",
)
def test_mistakes_are_found_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], kind: type[Exception], says: str
) -> None:
    monkeypatch.setattr("deepsched.measure.interleave.measure_round", lambda *_: pytest.fail("it was measured"))
    with pytest.raises(kind, match=says):
        benchmark_model(**{"model": DOUBLING, **BRIEF, **options})


def test_inputs_that_were_given_make_it_run() -> None:
    inputs = {"x": np.zeros(6, np.float32), "s": np.array([2, 3])}
    assert benchmark_model(RESHAPE, inputs=inputs, **BRIEF).statistics.requests > 0


def test_shapes_as_deepsparse_writes_them() -> None:
    result = benchmark_model(DOUBLING, input_shapes="[5, 3]", **BRIEF)
    assert (result["batch_size"], result["input_shapes"], result["inputs"]) == (5, "[5, 3]", {"x": [5, 3]})


def test_the_result_is_written(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    result = benchmark_model(DOUBLING, export_path=path, **BRIEF)
    assert json.loads(path.read_text()) == json.loads(json.dumps(result.to_dict()))


def test_a_file_that_is_there_survives_a_mistake(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text("precious")
    for path in (old, new):
        with pytest.raises(ModelError):
            benchmark_model("nowhere.onnx", export_path=path, **BRIEF)
    assert old.read_text() == "precious"
    assert not new.exists()


def test_settings_are_measured_in_turns() -> None:
    settings = [Setting(num_streams=1), Setting(engine="onnxruntime")]
    turns: list[int] = []
    with InterruptGate() as gate:
        first, second = measure_interleaved(
            DOUBLING,
            settings,
            ClosedLoad(),
            Times(0.1, 0.02),
            rounds=3,
            clock=MonotonicClock(gate),
            report=lambda turn, _elapsed: turns.append(turn),
        )
    assert first is not None
    assert second is not None
    # THEN the order changes from round to round
    begins = sorted([(one.begin, "a") for one in first.rounds] + [(one.begin, "b") for one in second.rounds])
    assert [name for _, name in begins] == list("abbaab")
    assert sorted(set(turns)) == list(range(6))
    assert compare_rounds(first.rounds, second.rounds).ratio.value > 0


@pytest.mark.parametrize("repeat", [1, 3])
def test_progress_is_shown_to_whoever_asks(repeat: int) -> None:
    seen: list[tuple[float, str]] = []
    totals: list[float] = []

    @contextmanager
    def show(total: float) -> Any:
        totals.append(total)
        yield lambda done, words: seen.append((done, words))

    benchmark_model(DOUBLING, seconds=0.6, warm_up=0.1, repeat=repeat, progress=show)
    assert totals == [pytest.approx(0.7 * repeat)]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] <= totals[0] + 1e-6
    assert seen[-1][1] == ("measuring" if repeat == 1 else "round 3 of 3")


def test_tqdm_shows_nothing_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    benchmark_model(DOUBLING, seconds=0.2, warm_up=0.0)
    assert capsys.readouterr() == ("", "")
