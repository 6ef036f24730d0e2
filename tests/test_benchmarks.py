"""The benchmark's own arithmetic, its models, and short runs of it."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import threading
from io import StringIO
from pathlib import Path
from time import sleep

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.progress import Progress

from benchmarks.bounds import ROWS, Row
from benchmarks.contenders import bind_run, build_session, count_cores, open_by_hand, open_default, open_engine
from benchmarks.holder import start_holder
from benchmarks.jobs import Job, take_turns
from benchmarks.load import Load, drive, keep_calling
from benchmarks.markdown import write_markdown
from benchmarks.measurements.equality import have_same_bits
from benchmarks.models import make_mlp, make_transformer
from benchmarks.openvino_queue import has_openvino, open_queue
from benchmarks.page import write_page
from benchmarks.report import show_report
from benchmarks.run import run_jobs, use_own_folder
from benchmarks.samples import Sample, compare, summarise
from benchmarks.verdicts import judge
from benchmarks.workloads import make_one_matmul, make_transformer_stack

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def own_folder():
    with use_own_folder() as folder:
        yield folder


def back_to_back(*durations, begin=0.0):
    ends = begin + np.cumsum(durations)
    return np.column_stack([ends - durations, ends])


def take(round_, contender, value, model="m", quantity="q"):
    return Sample("test", quantity, model, contender, round_, value)


# Load


@given(
    durations=st.lists(st.floats(0.01, 1.0), min_size=1, max_size=50),
    begin=st.floats(0.0, 0.5),
    length=st.floats(0.01, 0.5),
)
def test_a_busy_caller_is_counted_without_steps(durations, begin, length):
    # GIVEN a caller that was busy from long before the window to long after it, at one pace
    pace = durations[0]
    requests = back_to_back(*[pace] * (int(3 / pace) + 2), begin=-1.0)
    # WHEN its requests in the window are counted, those on its edges by their part
    load = Load((requests,), begin, begin + length)
    # THEN the count is the window over the pace, to rounding
    assert load.counts()[0] == pytest.approx(length / pace, rel=1e-6)


def test_the_unluckiest_share_and_latencies_are_those_of_the_window():
    # GIVEN a caller with four requests in the window, one with two, and one that waits all the time
    requests = (back_to_back(*[0.25] * 8), back_to_back(*[0.5] * 4), back_to_back(4.0, begin=-1))
    # WHEN they are read
    load = Load(requests, 0.0, 1.0)
    # THEN each counts by its part, against an even share of all
    assert load.counts().tolist() == [4, 2, 0.25]
    assert load.unluckiest_share() == pytest.approx(0.25 / (6.25 / 3))
    assert sorted(load.latencies()) == [0.25] * 4 + [0.5] * 2


def test_real_callers_share_a_server_and_end():
    lock = threading.Lock()

    def run():
        with lock:
            sleep(0.001)

    load = drive(lambda _: run, callers=3, seconds=0.2, warm_up=0.05)
    assert load.throughput() > 0
    assert np.median(load.latencies()) >= 0.001
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("caller")]


@pytest.mark.parametrize("good_requests", [0, 20])
def test_a_caller_that_fails_is_heard_of(good_requests):
    turns = iter(range(good_requests))

    def run():
        if next(turns, None) is None:
            raise ValueError("this request fails")

    with pytest.raises(ValueError, match="this request fails"):
        drive(lambda _: run, callers=2, seconds=0.05, warm_up=0.0)


# Samples and verdicts


def test_a_ratio_is_that_of_the_medians_and_its_ends_those_of_rounds():
    # GIVEN a slow phase of the machine that both met in the same round
    ours = [take(0, "a", 10.0), take(1, "a", 5.0), take(2, "a", 12.0)]
    theirs = [take(0, "b", 5.0), take(1, "b", 2.0), take(2, "b", 4.0)]
    # WHEN they are compared
    spread = compare(ours, theirs)
    # THEN it is median to median; each round's ratio is of one phase
    assert (spread.value, spread.low, spread.high) == (10 / 4, 2.0, 3.0)


def test_nothing_is_read_from_nothing():
    assert summarise([]) is None
    assert compare([take(0, "a", 1.0)], []) is None
    assert compare([take(0, "a", 1.0)], [take(0, "b", 0.0)]) is None
    assert judge(ROWS, []) == []


@given(rounds=st.integers(1, 9), contenders=st.integers(1, 6))
def test_everybody_has_a_turn_in_each_round_and_nobody_is_always_first(rounds, contenders):
    names = [str(number) for number in range(contenders)]
    turns = list(take_turns(names, rounds))
    for number in range(rounds):
        assert sorted(name for at, name in turns if at == number) == names
    firsts = [turns[number * contenders][1] for number in range(rounds)]
    assert len(set(firsts)) == min(rounds, contenders)


def test_a_bound_holds_on_its_own_side():
    # GIVEN a latency where less is better and a throughput where more is
    samples = [take(0, "us", 2.0), take(0, "them", 1.0), take(0, "us", 3.0, quantity="rate")]
    below = Row("latency", "test", "q", "us", "them", bound=2.5, aim=1.5, at_most=True)
    above = Row("rate", "test", "rate", "us", bound=3.5, aim=4.0)
    # WHEN they are judged
    latency, rate = judge([below, above], samples)
    # THEN
    assert (latency.spread.value, latency.holds, latency.reaches_aim) == (2.0, True, False)
    assert (rate.spread.value, rate.holds, rate.reaches_aim) == (3.0, False, False)


def test_a_mean_is_geometric_over_its_models_and_shows_the_others():
    samples = [take(0, "us", rate, model) for model, rate in {"one": 1.0, "two": 4.0, "other": 99.0}.items()]
    (verdict,) = judge([Row("rate", "test", "q", "us", bound=1.0, models=("one", "two"))], samples)
    assert verdict.spread.value == pytest.approx(2.0)
    assert set(verdict.models) == {"one", "two", "other"}
    assert verdict.holds


def test_a_mean_of_some_models_says_nothing_of_the_bound():
    (verdict,) = judge([Row("rate", "test", "q", "us", bound=1.0, models=("one", "two"))], [take(0, "us", 9.0, "one")])
    assert verdict.left_out == ("two",)
    assert verdict.holds is None


def test_errors_add_up_over_rounds_and_models():
    samples = [take(number, "us", 1.0, model) for number in range(2) for model in ("one", "two")]
    (verdict,) = judge([Row("errors", "test", "q", "us", bound=0, aim=0, at_most=True, total=True)], samples)
    assert verdict.spread.value == 4
    assert verdict.holds is False


def test_bits_are_compared_and_not_numbers():
    nan = np.array([np.nan, 1.0], np.float32)
    assert have_same_bits([nan], [nan.copy()])
    assert not have_same_bits([np.float32([0.0])], [np.float32([-0.0])])
    assert not have_same_bits([np.float32([1.0])], [np.float64([1.0])])
    assert not have_same_bits([nan], [nan, nan])


# Models


@pytest.mark.parametrize("make", [lambda: make_mlp(16, 3, batch=2), lambda: make_transformer(2, 16, 4, 8)])
def test_models_are_valid_the_same_each_time_and_keep_numbers_ordinary(make):
    # GIVEN a model
    model = make()
    assert model == make()
    onnx.checker.check_model(onnx.load_model_from_string(model), full_check=True)
    # WHEN it is run on ordinary numbers
    session = build_session(model, 1)
    shape = session.get_inputs()[0].shape
    (output,) = session.run(None, {"x": np.random.default_rng(0).standard_normal(shape, dtype=np.float32)})
    # THEN ordinary numbers come out, in the same shape, and they differ
    assert output.shape == tuple(shape)
    assert 0.05 < output.std() < 20


def test_the_transformer_is_the_layers_of_the_paper():
    # GIVEN one small layer, and its weights by their order in the graph
    width, heads, sequence = 8, 2, 3
    model = make_transformer(1, width, heads, sequence)
    weights = [onnx.numpy_helper.to_array(w) for w in onnx.load_model_from_string(model).graph.initializer]
    query, key, value, out, up, down = [w.astype(np.float64) for w in weights if w.ndim == 2]
    x = np.random.default_rng(0).standard_normal((sequence, width))

    def normalise(v):
        return (v - v.mean(-1, keepdims=True)) / np.sqrt(v.var(-1, keepdims=True) + 1e-5)

    def split(v):
        return v.reshape(sequence, heads, width // heads).swapaxes(0, 1)

    # WHEN it is computed by hand in float64
    inner = normalise(x)
    scores = np.exp(split(inner @ query) @ split(inner @ key).swapaxes(1, 2) / np.sqrt(width / heads))
    mixed = (scores / scores.sum(-1, keepdims=True)) @ split(inner @ value)
    x2 = x + mixed.swapaxes(0, 1).reshape(sequence, width) @ out
    wide = normalise(x2) @ up
    erf = np.vectorize(math.erf)
    expected = normalise(x2 + (wide * (1 + erf(wide / np.sqrt(2))) / 2) @ down)
    # THEN onnxruntime gives the same
    (given_,) = build_session(model, 1).run(None, {"x": x[None].astype(np.float32)})
    np.testing.assert_allclose(given_[0], expected, atol=1e-5)


# Contenders


def list_openers():
    openers = {"default": open_default, "by hand": open_by_hand, "engine": lambda w: open_engine(w, count_cores())}
    return {**openers, "OpenVINO": open_queue} if has_openvino() else openers


@pytest.mark.parametrize("name", list_openers())
def test_every_contender_answers(name):
    with list_openers()[name](make_one_matmul()) as connect:
        assert drive(connect, 1, seconds=0.05, warm_up=0.0).throughput() > 0


def test_contenders_give_onnxruntimes_outputs():
    workload = make_transformer_stack()
    expected = bind_run(build_session(workload.model, 1), workload)()
    answers = []
    for opener in (open_by_hand, lambda w: open_engine(w, count_cores())):
        with opener(workload) as connect:
            # Off this thread: by hand means that the caller gets pinned.
            caller = threading.Thread(target=lambda connect=connect: answers.append(connect(0)()))
            caller.start()
            caller.join()
    assert [have_same_bits(expected, answer) for answer in answers] == [True, True]


def test_a_holder_is_a_process_of_its_own_that_keeps_what_it_opens():
    with start_holder() as holder:
        before = holder.read_pss()
        holder.open("session", 1, make_transformer_stack())
        assert holder.read_pss() > before
        assert holder.process.pid != os.getpid()
    assert not holder.process.is_running()


# Runs


def do(jobs):
    with Progress(console=Console(quiet=True)) as progress:
        return run_jobs(jobs, progress)


def test_ctrl_c_keeps_what_was_measured_and_leaves_no_caller():
    def measure():
        with keep_calling(lambda _: lambda: sleep(0.001), 2):
            os.kill(os.getpid(), signal.SIGINT)
            sleep(60)

    # GIVEN two jobs that are over and one that Ctrl-C strikes under load
    jobs = [Job("first", lambda: [take(0, "a", 1.0)]), Job("second", lambda: [take(0, "b", 2.0)]), Job("hit", measure)]
    # WHEN they are run
    outcome = do([*jobs, Job("never", lambda: [take(0, "c", 3.0)])])
    # THEN
    assert [sample.contender for sample in outcome.samples] == ["a", "b"]
    assert not outcome.complete
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("caller")]


def test_a_job_that_fails_costs_only_itself():
    outcome = do([Job("bad", lambda: [1 / 0]), Job("good", lambda: [take(0, "a", 1.0)])])
    assert [sample.contender for sample in outcome.samples] == ["a"]
    assert outcome.failures == ["bad: ZeroDivisionError: division by zero"]
    assert outcome.complete


@pytest.mark.parametrize("measured", [(), ("dispatch",), ("throughput",), ("switching", "throughput", "memory")])
def test_a_report_and_a_page_are_drawn_of_whatever_there_is(tmp_path, measured):
    # GIVEN a run that came to some of the rows
    samples = [
        Sample(row.measurement, row.quantity, model, contender, 0, 1.0)
        for row in ROWS
        if row.measurement in measured
        for model in row.models or ("m",)
        for contender in {row.contender, row.against} - {None}
    ]
    verdicts = judge(ROWS, samples)
    # WHEN it is shown
    shown = StringIO()
    Console(width=80, file=shown).print(show_report(verdicts, samples))
    page = tmp_path / "page.html"
    write_page(page, verdicts, "a machine")
    # THEN each of its rows is there, in 80 columns and on the page
    text, html = shown.getvalue(), page.read_text().replace(r"\u002f", "/")
    rows = [row.what for row in ROWS if row.measurement in measured]
    assert [verdict.row.what for verdict in verdicts] == rows
    table = write_markdown(verdicts, "a machine")
    assert [what for what in rows if any(what not in shown for shown in (text, html, table))] == []
    assert {line.count("|") for line in table.splitlines() if line.startswith("|")} == {7}


def run_benchmarks(*arguments, without_openvino=False):
    block = "import sys; sys.modules['openvino'] = None; " if without_openvino else ""
    code = f"{block}import runpy; runpy.run_module('benchmarks', run_name='__main__', alter_sys=True)"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_short_run_writes_its_figures_and_a_page_that_needs_no_network(tmp_path):
    # WHEN the cheapest rows are measured, on a machine without OpenVINO
    figures = tmp_path / "deep" / "bench.json"
    options = ["--rounds", "1", "--seconds", "0.1", "--only", "dispatch", "--only", "telemetry", "--json", figures]
    done = run_benchmarks(*map(str, options), without_openvino=True)
    # THEN the figures are there, down to the samples, with the machine they are of
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(figures.read_text())
    assert result["complete"]
    assert result["machine"]["topology"]["cores"] == count_cores()
    row = next(row for row in result["rows"] if row["what"].startswith("one MatMul"))
    p50 = {s["contender"]: s["value"] for s in result["samples"] if s["measurement"] == "dispatch" and s["round"] == 0}
    assert row["low"] <= row["value"] <= row["high"]
    assert row["holds"] == (row["value"] <= row["bound"])
    assert all(0 < seconds < 1 for seconds in p50.values())
    assert "OpenVINO is not installed" in done.stdout
    page = figures.with_suffix(".html").read_text()
    assert "one MatMul" in page
    assert '<script src="http' not in page


def test_an_unknown_row_is_refused_before_anything_is_measured(tmp_path):
    done = run_benchmarks("--only", "speed", "--json", str(tmp_path / "bench.json"))
    assert done.returncode == 2
    assert "dispatch" in done.stderr
    assert not list(tmp_path.iterdir())
