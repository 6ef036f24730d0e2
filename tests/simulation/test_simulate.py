"""What `simulate` gives, and what it refuses."""

from __future__ import annotations

import json
from math import inf, nan

import pytest

import deepsched
from deepsched import DeepschedError, plan_streams
from deepsched.errors import OptionError, PlanError, TopologyError
from deepsched.simulation import Costs, Workload, simulate, simulate_all
from deepsched.telemetry import RequestRecord, Snapshot

ONE_SECOND = Workload(1.0, 0.0)
FOUR = "pack:1 l3:1 core:4 pu:1"


def test_the_public_names() -> None:
    assert (deepsched.simulate, deepsched.simulate_all, deepsched.Workload) == (simulate, simulate_all, Workload)


def test_it_is_labelled_and_speaks_the_engines_language() -> None:
    found = simulate("golden", "small convnet", 3)
    assert (found.label, found.to_dict()["label"]) == ("simulated", "simulated")
    assert "simulated" in repr(found)
    assert isinstance(found.snapshot, Snapshot)
    assert all(isinstance(record, RequestRecord) for record in found.records)
    assert {record.stream for record in found.records} == {0, 1, 2}
    ends = [record.ended for record in found.records]
    assert ends == sorted(ends)
    assert found.snapshot.at == pytest.approx(ends[-1])


def test_a_client_a_stream_keeps_all_streams_busy() -> None:
    found = simulate("golden", "small convnet", 3)
    assert found.load == "closed loop, 3 clients"
    assert found.throughput.value == pytest.approx(found.capacity)
    assert found.capacity == pytest.approx(sum(1 / time.seconds for time in found.service_times))
    assert found.snapshot.throughput == pytest.approx(found.throughput.value)
    assert found.snapshot.utilisation == pytest.approx((1, 1, 1), rel=0.01)
    assert found.snapshot.queue_time.p999 == 0


def test_fewer_clients_than_streams_leave_the_last_ones_idle() -> None:
    found = simulate(FOUR, ONE_SECOND, 4, clients=2)
    assert found.throughput.value == pytest.approx(2)
    assert len(found.service_times) == 2
    assert found.snapshot.utilisation == pytest.approx((1, 1, 0, 0), rel=0.01)


@pytest.mark.parametrize("service", ["deterministic", "exponential", "lognormal"])
def test_more_clients_than_streams_wait_as_little_says(service: str) -> None:
    found = simulate(FOUR, ONE_SECOND, 4, clients=10, service=service, cv=0.5)
    # THEN 6 of 10 clients wait at any moment: throughput times wait is 6 (J. Little, 1961)
    assert found.mean_queue_time is not None
    assert found.throughput.value * found.mean_queue_time.value == pytest.approx(6, rel=0.02)
    assert found.throughput.value == pytest.approx(4, rel=0.02)
    assert found.snapshot.queue_depth == 6


def test_constant_arrivals_below_capacity_never_wait() -> None:
    found = simulate(FOUR, ONE_SECOND, 4, rate=3.9, arrivals="constant")
    assert found.throughput.value == pytest.approx(3.9)
    assert found.p99_queue_time is not None
    assert found.p99_queue_time.value == 0
    assert found.snapshot.latency.p50 == pytest.approx(1)


@pytest.mark.parametrize("rate", [4.0, 4.5, 400.0])
def test_more_than_can_be_served_is_called_unstable(rate: float) -> None:
    found = simulate(FOUR, ONE_SECOND, 4, rate=rate)
    assert not found.stable
    assert found.note.startswith("unstable: the queue grows without bound.")
    assert found.throughput.value == pytest.approx(4, rel=0.01)
    assert (found.mean_queue_time, found.p99_queue_time, found.p99_latency) == (None, None, None)
    assert "unstable" in repr(found)


def test_lognormal_services_scatter_as_asked() -> None:
    found = simulate(FOUR, ONE_SECOND, 1, service="lognormal", cv=0.3, requests=100_000)
    assert found.throughput.low <= found.capacity <= found.throughput.high
    # THEN percentiles are the distribution's: sigma squared is log(1 + 0.09)
    assert found.snapshot.run_time.p50 / found.service_times[0].seconds == pytest.approx(0.958, rel=0.01)
    assert found.snapshot.run_time.p99 / found.service_times[0].seconds == pytest.approx(1.903, rel=0.03)


def test_the_seed_decides() -> None:
    first, same, other = (simulate("golden", "small convnet", 4, rate=600, seed=seed) for seed in (1, 1, 2))
    assert first == same
    assert first.snapshot != other.snapshot


def test_all_streams() -> None:
    found = simulate_all("golden", "small convnet", requests=1000)
    assert [simulation.plan.num_streams for simulation in found] == [*range(1, 17)]
    assert [simulation.plan.num_streams for simulation in simulate_all("golden", ONE_SECOND, num_cores=3)] == [1, 2, 3]


def test_a_plan_of_ones_own() -> None:
    plan = plan_streams("golden", streams=["0-11", "12-15"])
    assert [time.threads for time in simulate(plan, ONE_SECOND).service_times] == [12, 4]


def test_requests_and_seconds_say_how_long() -> None:
    assert simulate(FOUR, ONE_SECOND, 4, requests=50_000).snapshot.requests >= 50_000
    assert simulate(FOUR, ONE_SECOND, 4, seconds=1000).snapshot.requests == pytest.approx(4000, rel=0.01)
    # THEN a handful is enough to ask for
    assert simulate(FOUR, ONE_SECOND, 4, requests=1).snapshot.requests >= 1


def test_the_dict_is_plain_json() -> None:
    for rate in (600, 6000):
        text = json.dumps(simulate("golden", "small convnet", 2, rate=rate).to_dict(), allow_nan=False)
        assert json.loads(text)["stable"] is (rate == 600)


@pytest.mark.parametrize(
    "options",
    [
        {"one_thread_seconds": 0},
        {"one_thread_seconds": -1.0},
        {"one_thread_seconds": nan},
        {"one_thread_seconds": inf},
        {"one_thread_seconds": "1"},
        {"one_thread_seconds": True},
        {"parallel_fraction": -0.1},
        {"parallel_fraction": 1.1},
        {"parallel_fraction": nan},
        {"operators": -1},
        {"operators": 1.5},
        {"weights_bytes": -1},
        {"activation_bytes": nan},
        {"live_bytes": -1},
        {"fork_join_seconds": -1e-9},
    ],
)
def test_a_workload_refuses_nonsense(options: dict) -> None:
    (name,) = options
    with pytest.raises(OptionError, match=f"{name} is .*; expected a"):
        Workload(**({"one_thread_seconds": 1.0, "parallel_fraction": 0.5} | options))


@pytest.mark.parametrize(
    "options",
    [
        {"split_limit": 0},
        {"fork_join_seconds": -1},
        {"thread_bandwidth": 0},
        {"node_bandwidth": nan},
        {"remote_slowdown": 0.5},
        {"smt_yield": 0.9},
        {"l3_bytes": 0},
        {"kind_speed": {"efficiency": 0}},
    ],
)
def test_costs_refuse_nonsense(options: dict) -> None:
    (name,) = options
    with pytest.raises(OptionError, match=name):
        Costs(**options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"clients": 0}, "clients is 0; expected an integer from 1"),
        ({"clients": 1.5}, "clients is 1.5"),
        ({"rate": 0}, "rate is 0; expected a number above 0"),
        ({"rate": nan}, "rate is nan"),
        ({"rate": inf}, "rate is inf"),
        ({"rate": 1, "clients": 1}, "give one of them"),
        ({"rate": 1, "arrivals": "bursts"}, "arrivals is 'bursts'; expected one of poisson, constant"),
        ({"service": "uniform"}, "service is 'uniform'; expected one of deterministic"),
        ({"service": "lognormal", "cv": -1}, "cv is -1"),
        ({"requests": 0}, "requests is 0"),
        ({"requests": 10**12}, "requests is 1000000000000"),
        ({"seconds": -1}, "seconds is -1"),
        ({"seconds": 1, "requests": 1}, "give one of them"),
    ],
)
def test_a_load_refuses_nonsense(options: dict, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        simulate(FOUR, ONE_SECOND, 2, **options)


def test_machines_plans_and_names_that_are_none() -> None:
    for topology, workload, num_streams, error in (
        ("core:0 pu:1", ONE_SECOND, 1, TopologyError),
        (FOUR, ONE_SECOND, -1, PlanError),
        (FOUR, "large convnet", 1, OptionError),
        (plan_streams(FOUR, 2), ONE_SECOND, 2, OptionError),
    ):
        with pytest.raises(error) as raised:
            simulate(topology, workload, num_streams)
        assert isinstance(raised.value, DeepschedError)
