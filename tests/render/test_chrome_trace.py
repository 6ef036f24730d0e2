"""Requests as a Chrome trace, checked against the rules of Google's "Trace Event Format"."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepsched.errors import OptionError
from deepsched.render import Timeline, write_chrome_trace
from deepsched.render.timelines.chrome_trace import describe_chrome_trace
from deepsched.telemetry import RequestRecord
from tests.render.made_runs import make_records

# What each phase must have, beside ph, pid and name.
REQUIRED = {
    "M": {"args"},
    "X": {"ts", "dur", "tid", "cat"},
    "b": {"ts", "cat", "id2"},
    "e": {"ts", "cat", "id2"},
    "C": {"ts", "args"},
}


def check_schema(trace: dict[str, Any]) -> None:
    """Check what readers rely on: fields, pairs of begin and end, and threads that do one thing at a time."""
    assert set(trace) == {"traceEvents", "displayTimeUnit", "otherData"}
    assert trace["displayTimeUnit"] in {"ms", "ns"}
    open_waits: dict[tuple[int, str], float] = {}
    free_from: defaultdict[tuple[int, int], float] = defaultdict(lambda: -1.0)
    for event in trace["traceEvents"]:
        missing = (REQUIRED[event["ph"]] | {"pid", "name"}) - set(event)
        assert not missing, event
        assert all(isinstance(event[name], int) for name in ("pid", "tid") if name in event)
        if event["ph"] != "M":
            assert event["ts"] >= 0
        if event["ph"] == "X":
            assert event["dur"] >= 0
            thread = (event["pid"], event["tid"])
            assert event["ts"] >= free_from[thread] - 5e-4, "two requests at once on one stream"
            free_from[thread] = event["ts"] + event["dur"]
        elif event["ph"] == "b":
            wait = (event["pid"], event["id2"]["local"])
            assert wait not in open_waits
            open_waits[wait] = event["ts"]
        elif event["ph"] == "e":
            assert open_waits.pop((event["pid"], event["id2"]["local"])) <= event["ts"]
        elif event["ph"] == "C":
            assert all(isinstance(value, int) and value >= 0 for value in event["args"].values())
    assert not open_waits


def test_one_process_and_a_thread_a_stream() -> None:
    trace = describe_chrome_trace(Timeline("two", make_records(2, 6), num_streams=3))
    check_schema(trace)
    names = [(event["name"], event["args"].get("name")) for event in trace["traceEvents"] if event["ph"] == "M"]
    assert names[0] == ("process_name", "two, measured")
    assert [name for kind, name in names if kind == "thread_name"] == ["stream 0", "stream 1", "stream 2"]
    assert {event["pid"] for event in trace["traceEvents"]} == {1}
    assert trace["otherData"] == {"origin": {"two": "measured"}}


def test_times_are_microseconds() -> None:
    trace = describe_chrome_trace(make_records(1, 2, run=0.010, gap=0.001))
    runs = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    assert [(run["ts"], run["dur"]) for run in runs] == [(0, 10_000), (10_000, 10_000)]
    assert runs[1]["args"] == {"request": 1, "items": 2, "waited_ms": 9.0, "ran_ms": 10.0}
    waits = [(event["ph"], event["ts"]) for event in trace["traceEvents"] if event["ph"] in "be"]
    assert waits == [("b", 1_000), ("e", 10_000)]


def test_the_counter_is_the_depth_of_the_queue() -> None:
    trace = describe_chrome_trace(make_records(1, 4, run=0.010, gap=0.001))
    depths = [(event["ts"], event["args"]["requests"]) for event in trace["traceEvents"] if event["ph"] == "C"]
    assert depths == [(1000, 1), (2000, 2), (3000, 3), (10_000, 2), (20_000, 1), (30_000, 0)]


def test_several_runs_are_several_processes() -> None:
    runs = [Timeline("a", make_records(1, 3)), Timeline("b", make_records(2, 3), origin="simulated")]
    trace = describe_chrome_trace(runs)
    check_schema(trace)
    assert Counter(event["pid"] for event in trace["traceEvents"] if event["ph"] == "X") == {1: 3, 2: 3}


def test_a_real_engines_requests(tmp_path) -> None:
    # GIVEN a model that four callers use at once on two streams
    from onnx import parser  # noqa: PLC0415 - what runs models is slow to load

    from deepsched import compile_model  # noqa: PLC0415

    head = '<ir_version: 9, opset_import: ["": 17]> '
    model = parser.parse_model(head + "doubling (float[N,3] x) => (float[N,3] y) { y = Add(x, x) }")
    with compile_model(model, num_streams=1) as engine:
        list(engine.map([[np.ones((5, 3), np.float32)]] * 200))
        records = engine.trace()
    # WHEN its requests are written
    path = tmp_path / "trace.json"
    write_chrome_trace(path, records)
    # THEN no two of them ran on one stream at once
    trace = json.loads(path.read_text())
    check_schema(trace)
    assert sum(event["ph"] == "X" for event in trace["traceEvents"]) == len(records)


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(0, 10), st.floats(0, 10)), max_size=40))
def test_any_requests_give_a_valid_trace(rows: list[tuple[float, float, float]]) -> None:
    records, free = [], 0.0
    for queued, wait, run in sorted(rows):
        started = max(free, queued + wait)
        free = started + run
        records.append(RequestRecord(0, queued, started, free))
    trace = describe_chrome_trace(Timeline("any", tuple(records)))
    json.dumps(trace, allow_nan=False)
    check_schema(trace)


def test_a_file_that_cannot_be_written() -> None:
    with pytest.raises(OptionError, match=r"/nowhere/t.json cannot be written \(No such file or directory\)"):
        write_chrome_trace("/nowhere/t.json", make_records(1, 1))
