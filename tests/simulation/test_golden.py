"""The golden example, by order and not by number: 16 cores in two sockets of eight, one L3 each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deepsched.simulation import Costs, Workload, simulate
from deepsched.simulation.costs import MIB

GOLDEN = "golden"  # with 32 MiB in each L3
CONVNET = Workload.named("small convnet")


def give_throughput(num_streams: int, workload: Workload, costs: Costs | None = None) -> float:
    return simulate(GOLDEN, workload, num_streams, costs=costs).throughput.value


def enlarge(workload: Workload, working_set_bytes: float) -> Workload:
    """Give the network larger images, but no more arithmetic: its results grow, its weights do not."""
    live = working_set_bytes - workload.weights_bytes
    return replace(workload, live_bytes=live, activation_bytes=workload.activation_bytes * live / workload.buffer_bytes)


def test_two_streams_beat_one() -> None:
    assert give_throughput(2, CONVNET) > give_throughput(1, CONVNET)


def test_three_streams_cost_the_one_that_straddles() -> None:
    first, straddling, last = simulate(GOLDEN, CONVNET, 3).service_times
    # THEN it alone pays for remote memory, and is slower than its neighbour of as many cores
    assert [time.remote_memory > 0 for time in (first, straddling, last)] == [False, True, False]
    assert (straddling.threads, last.threads) == (5, 5)
    assert straddling.seconds > last.seconds > first.seconds
    # THEN without that it would be its neighbour's equal
    assert straddling.seconds - straddling.remote_memory == pytest.approx(last.seconds)


@pytest.mark.parametrize("shared_weights", [True, False])
def test_whether_four_beat_two_flips_once_as_the_working_set_crosses_half_the_l3(shared_weights: bool) -> None:
    costs = Costs(shared_weights=shared_weights)
    shares = [0.25, 0.4, 0.5, 0.8, 0.9, 1.0]
    wins = [
        give_throughput(4, enlarged, costs) > give_throughput(2, enlarged, costs)
        for enlarged in (enlarge(CONVNET, share * 32 * MIB) for share in shares)
    ]
    assert wins == [True, True, True, False, False, False]


def test_up_to_half_the_l3_nothing_is_lost_by_sharing_it() -> None:
    # GIVEN streams that keep a copy of the weights each, so that two of them fill an L3 from half its size on
    costs = Costs(shared_weights=False)
    below, above = (
        simulate(GOLDEN, enlarge(CONVNET, share * 32 * MIB), 4, costs=costs).service_times for share in (0.5, 0.51)
    )
    assert all(time.l3_sharing == 0 for time in below)
    assert all(time.l3_sharing > 0 for time in above)
    # THEN with one copy for both there is more room
    shared = simulate(GOLDEN, enlarge(CONVNET, 0.51 * 32 * MIB), 4).service_times
    assert all(time.l3_sharing == 0 for time in shared)
