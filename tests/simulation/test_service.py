"""Service times, term by term."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepsched import Topology, plan_streams
from deepsched.simulation import WORKLOADS, Costs, ServiceTime, Workload, predict_service_times
from deepsched.simulation.costs import MIB
from tests.planning.machines import machines

# Nothing but work: every other term is zero unless a test asks for it.
WORK = Workload(1.0, 0.9)
ONE_SOCKET = "pack:1 l3:1(size=32MiB) core:16 pu:1"


def predict(
    machine: str | Topology, workload: Workload, num_streams: int = 1, *, costs: Costs | None = None, **options: int
) -> tuple[ServiceTime, ...]:
    busy = options.pop("busy", None)
    return predict_service_times(plan_streams(machine, num_streams, **options), workload, costs, busy=busy)


def test_amdahl() -> None:
    (time,) = predict(ONE_SOCKET, WORK)
    assert time.seconds == pytest.approx(0.1 + 0.9 / 16)
    assert time.explain() == pytest.approx(
        {item.name: 0.0 for item in fields(ServiceTime)[2:]} | {"serial": 0.1, "parallel": 0.9 / 16}
    )


def test_an_operator_has_only_so_many_parts() -> None:
    machine = "pack:1 l3:1 core:64 pu:1"
    (limited,) = predict(machine, WORK)
    assert limited.seconds == pytest.approx(0.1 + 0.9 / 16)
    assert limited.split_limit == pytest.approx(0.9 / 16 - 0.9 / 64)
    (free,) = predict(machine, WORK, costs=Costs(split_limit=float("inf")))
    assert (free.split_limit, free.seconds) == (0, pytest.approx(0.1 + 0.9 / 64))


def test_fork_and_join_grow_with_the_threads_that_take_part() -> None:
    workload = replace(WORK, operators=100)
    costs = Costs(fork_join_seconds=1e-6)
    joins = [predict(ONE_SOCKET, workload, count, costs=costs)[0].fork_join for count in (16, 4, 1)]
    assert joins == pytest.approx([0, 100e-6 * 3, 100e-6 * 15])
    # THEN what was measured for the workload goes before the machine's figure
    (own,) = predict(ONE_SOCKET, replace(workload, fork_join_seconds=2e-6), costs=costs)
    assert own.fork_join == pytest.approx(2 * joins[-1])


def test_an_operator_waits_for_the_slowest_core() -> None:
    # GIVEN six performance and eight efficiency cores, the latter of half the speed
    costs = Costs(kind_speed={"efficiency": 0.5})
    (mixed,) = predict("hybrid-laptop", WORK, costs=costs)
    assert mixed.seconds == pytest.approx(0.1 + 0.9 / 14 / 0.5)
    fast, slow = predict("hybrid-laptop", WORK, 2, costs=costs)
    assert fast.slower_cores == 0
    assert slow.seconds == pytest.approx((0.1 + 0.9 / 8) / 0.5)


def test_hardware_threads_share_what_a_core_yields() -> None:
    costs = Costs(smt_yield=1.2, split_limit=float("inf"))
    (time,) = predict("desktop", WORK, threads_per_core=2, costs=costs)
    assert time.threads == 16
    assert time.seconds == pytest.approx((0.1 + 0.9 / 16) / 0.6)
    # THEN two streams on one core slow each other down as well
    plan = plan_streams("pack:1 l3:1 core:1 pu:2", streams=["0", "1"])
    assert [time.smt_sharing for time in predict_service_times(plan, WORK, costs)] == pytest.approx([1 / 0.6 - 1] * 2)


@pytest.mark.parametrize(("remote", "share"), [("0-7", 0.0), ("0-6,8", 1 / 8), ("0-4,8-10", 3 / 8), ("0-3,8-11", 0.5)])
def test_remote_memory_goes_by_the_share_of_the_threads_off_the_home_socket(remote: str, share: float) -> None:
    workload = replace(WORK, activation_bytes=8e6)
    costs = Costs(thread_bandwidth=1e9, remote_slowdown=1.5)
    (time,) = predict_service_times(plan_streams("golden", streams=[remote]), workload, costs)
    assert time.remote_memory == pytest.approx(share * 1.5 * 8e6 / (8 * 1e9))


def test_another_numa_node_of_the_socket_is_nearer_and_another_l3_nearer_still() -> None:
    workload = replace(WORK, activation_bytes=8e6)
    costs = Costs(thread_bandwidth=1e9)
    machines = {"socket": "pack:2 l3:1 core:4 pu:1", "node": "pack:1 numa:2 l3:1 core:4 pu:1", "l3": "l3:2 core:4 pu:1"}
    times = {name: predict(machine, workload, costs=costs)[0] for name, machine in machines.items()}
    assert times["socket"].remote_memory > times["node"].remote_memory > times["l3"].l3_transfer > 0
    assert times["l3"].remote_memory == times["socket"].l3_transfer == 0


def test_what_exceeds_the_l3_is_fetched_from_memory() -> None:
    workload = replace(WORK, weights_bytes=64 * MIB)
    (time,) = predict(ONE_SOCKET, workload, costs=Costs(thread_bandwidth=1e9))
    assert time.cache_misses == pytest.approx(0.5 * 64 * MIB / (16 * 1e9))
    assert time.l3_sharing == 0


def test_results_stay_in_the_l3_before_weights_do() -> None:
    # GIVEN one request's results and weights that fit together, and two requests' that do not
    workload = replace(WORK, weights_bytes=12 * MIB, activation_bytes=100 * MIB, live_bytes=12 * MIB)
    costs = Costs(thread_bandwidth=1e9)
    assert predict(ONE_SOCKET, workload, costs=costs)[0].cache_misses == 0
    times = predict(ONE_SOCKET, workload, 2, costs=costs)
    # THEN only weights are missed: 8 MiB are left for 12
    assert [time.l3_sharing for time in times] == pytest.approx([12 * MIB / 3 / (8 * 1e9)] * 2)
    # THEN results too, each written and read, once they alone exceed it
    times = predict(ONE_SOCKET, replace(workload, live_bytes=32 * MIB), 2, costs=costs)
    assert [time.cache_misses for time in times] == pytest.approx([12 * MIB / (8 * 1e9)] * 2)
    assert [time.l3_sharing for time in times] == pytest.approx([100 * MIB / (8 * 1e9)] * 2)


def test_an_unknown_l3_has_the_size_that_is_assumed_and_none_leaves_the_l2() -> None:
    workload = replace(WORK, weights_bytes=64 * MIB)
    known, assumed = predict(ONE_SOCKET, workload), predict("pack:1 l3:1 core:16 pu:1", workload)
    assert known == assumed
    (without,) = predict("pack:1 core:16 pu:1", workload)
    assert without.cache_misses == pytest.approx((1 - 1 / 4) * 64 * MIB / (16 * 10e9))


def test_busy_streams_alone_crowd_the_l3() -> None:
    workload = replace(WORK, activation_bytes=20 * MIB)
    assert predict(ONE_SOCKET, workload, 4, busy=1)[0].l3_sharing == 0
    shared = [predict(ONE_SOCKET, workload, 4, busy=busy)[0].l3_sharing for busy in (2, 3, 4)]
    assert 0 < shared[0] < shared[1] < shared[2]


@pytest.mark.parametrize("num_streams", [1, 4, 16])
def test_a_numa_node_gives_no_more_than_its_bandwidth(num_streams: int) -> None:
    # GIVEN a workload that is nearly all memory, and sixteen cores that ask for more than the node has
    workload = Workload(1e-6, 1.0, weights_bytes=3200 * MIB)
    times = predict(ONE_SOCKET, workload, num_streams, costs=Costs(node_bandwidth=100e9, thread_bandwidth=10e9))
    drawn = sum(0.99 * 3200 * MIB / time.seconds for time in times)
    assert drawn <= 100e9 * 1.001
    assert drawn == pytest.approx(100e9, rel=0.01)
    assert all(time.bandwidth > 0 for time in times)


def test_idle_bandwidth_costs_nothing() -> None:
    times = predict(ONE_SOCKET, replace(WORK, weights_bytes=64 * MIB), 16)
    assert all(time.bandwidth == 0 and time.cache_misses > 0 for time in times)


@settings(max_examples=60, deadline=None)
@given(machines(max_cores=32), st.integers(1, 8), st.sampled_from(WORKLOADS), st.booleans())
def test_terms_are_never_negative_and_add_up(machine, num_streams: int, workload: Workload, shared: bool) -> None:
    topology = machine.build()
    plan = plan_streams(topology, min(num_streams, len(topology.usable_cores)))
    times = predict_service_times(plan, workload, Costs(shared_weights=shared))
    assert len(times) == plan.num_streams
    for time in times:
        terms = time.explain()
        assert all(seconds >= -1e-15 for seconds in terms.values()), terms
        assert time.seconds == pytest.approx(sum(terms.values()))
        assert time.seconds >= workload.one_thread_seconds / len(topology.usable_cores)


@given(st.integers(1, 15), st.floats(0.0, 1.0))
def test_more_threads_are_never_slower_without_overheads(threads: int, fraction: float) -> None:
    workload = Workload(1.0, fraction)
    narrow, wide = (predict(ONE_SOCKET, workload, num_cores=count)[0].seconds for count in (threads, threads + 1))
    assert wide <= narrow + 1e-12
