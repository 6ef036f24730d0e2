"""A run as JSON: its shape, which people's own programs read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from math import nan
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from deepsched import Topology, Workload
from deepsched.simulation import WORKLOADS
from deepsched_widgets.lab.model_choice import choose_model
from deepsched_widgets.lab.recording import Recording
from deepsched_widgets.lab.simulated_run import SimulatedRun
from deepsched_widgets.lab.wish import Wish

if TYPE_CHECKING:
    from deepsched_widgets.lab.live_run import Sample

MACHINE = Topology.from_synthetic("pack:2 l3:1 core:8 pu:1")
WISH = Wish(choose_model(None), MACHINE, "multi_stream", 2, clients=4, workload=WORKLOADS[0])
PERIOD = {"at", "setting", "num_streams", "throughput", "requests", "p50_ms", "p99_ms", "queue_depth", "utilisation"}
SETTING = {"origin", "model", "machine", "clients", "rate", "threads_per_core", "workload", "plan"}


def sample(wish: Wish = WISH, at: float = 10.0, **changes) -> Sample:
    drawn = SimulatedRun(wish).sample()
    return replace(drawn, snapshot=replace(drawn.snapshot, at=at, **changes))


def read(recording: Recording) -> dict:
    return json.loads(recording.write(), parse_constant=lambda word: (_ for _ in ()).throw(ValueError(word)))


def test_before_the_first_period_it_says_what_was_to_run():
    run = read(Recording(WISH))
    assert set(run) == {"began", "versions", "settings", "periods"}
    assert run["periods"] == []
    assert datetime.fromisoformat(run["began"]).utcoffset().total_seconds() == 0
    assert {"deepsched", "onnxruntime"} <= set(run["versions"])


def test_a_setting_says_all_that_it_takes_to_repeat_it():
    (setting,) = read(Recording(WISH))["settings"]
    assert set(setting) == SETTING
    assert (setting["origin"], setting["machine"], setting["clients"]) == ("simulated", MACHINE.source, 4)
    assert setting["plan"] == json.loads(json.dumps(WISH.plan().to_dict()))
    workload = Workload.from_dict(setting["workload"]) if hasattr(Workload, "from_dict") else setting["workload"]
    assert workload in (WISH.workload, WISH.workload.to_dict())


def test_periods_begin_at_zero_and_name_their_setting():
    recording, other = Recording(WISH), replace(WISH, num_streams=3)
    for wish, at in [(WISH, 10.0), (WISH, 10.5), (other, 11.0), (WISH, 11.5)]:
        recording.add(wish, sample(wish, at))
    run = read(recording)
    assert [period["at"] for period in run["periods"]] == [0.0, 0.5, 1.0, 1.5]
    assert [period["setting"] for period in run["periods"]] == [0, 0, 1, 2]
    assert [setting["plan"]["num_streams"] for setting in run["settings"]] == [2, 3, 2]
    assert all(set(period) == PERIOD for period in run["periods"])
    assert recording.newest == WISH


def test_numbers_are_those_of_the_sample():
    recording, taken = Recording(WISH), sample()
    recording.add(WISH, taken)
    (period,) = read(recording)["periods"]
    assert period["throughput"] == float(f"{taken.snapshot.throughput:.6g}")
    assert period["p50_ms"] == float(f"{taken.snapshot.latency.p50 * 1000:.6g}")
    assert len(period["utilisation"]) == period["num_streams"] == 2


def test_where_nothing_ran_there_is_null():
    recording, taken = Recording(WISH), sample()
    nothing = replace(taken.snapshot.latency, p50=nan, p99=nan)
    recording.add(WISH, replace(taken, snapshot=replace(taken.snapshot, throughput=0.0, latency=nothing, requests=0)))
    (period,) = read(recording)["periods"]
    assert (period["p50_ms"], period["p99_ms"], period["throughput"]) == (None, None, 0.0)


def test_a_lab_left_open_keeps_an_hour():
    recording, taken = Recording(WISH), sample()
    for at in range(7201):
        recording.add(WISH, replace(taken, snapshot=replace(taken.snapshot, at=float(at))))
    periods = read(recording)["periods"]
    assert (len(periods), periods[0]["at"], periods[-1]["at"]) == (7200, 1.0, 7200.0)


@given(st.floats(), st.floats(), st.integers(0, 10))
def test_whatever_was_measured_it_is_json(throughput, latency, depth):
    recording, taken = Recording(WISH), sample()
    odd = replace(taken.snapshot.latency, p50=latency, p99=-latency)
    recording.add(
        WISH, replace(taken, snapshot=replace(taken.snapshot, throughput=throughput, latency=odd, queue_depth=depth))
    )
    assert len(read(recording)["periods"]) == 1
