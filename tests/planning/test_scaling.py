"""Planning large machines takes work in proportion to their cores, counted in calls: clocks differ, calls do not."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from deepsched import Topology, plan_streams

if TYPE_CHECKING:
    from types import FrameType

# Four times the cores are four times the work where it is linear, and sixteen times where it is quadratic.
MOST = 8


def count_calls(cores: int, num_streams: int | None) -> int:
    topology = Topology.from_synthetic(f"pack:2 l3:{cores // 16} core:8 pu:1")
    assert len(topology.cores) == cores
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        plan_streams(topology, num_streams)
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("share", [None, 1 / 1024, 1 / 8, 1 / 2, 3 / 4, 1])
def test_four_times_the_cores_are_no_more_than_eight_times_the_work(share: float | None) -> None:
    small, large = (count_calls(n, share and int(n * share)) for n in (1024, 4096))
    assert large < MOST * small, f"1,024 cores: {small} calls; 4,096 cores: {large} calls, {large / small:.1f} times"
