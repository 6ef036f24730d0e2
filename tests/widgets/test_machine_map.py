"""The map without a page: what it sends, and what it refuses."""

from __future__ import annotations

import json

import pytest

from deepsched import Topology, plan_streams
from deepsched_widgets import MachineMap


@pytest.fixture
def make_map():
    maps = []

    def make(*args, **kwargs) -> MachineMap:
        maps.append(MachineMap(*args, **kwargs))
        return maps[-1]

    yield make
    for shown in maps:
        shown.close()


def test_without_a_plan_it_shows_the_bare_machine(make_map):
    shown = make_map(topology="pack:2 l3:1 core:8 pu:1")
    assert repr(shown) == "MachineMap(cores=16)"
    assert shown.plan == {}
    assert shown.machine["threads"]["cpu"] == list(range(16))


def test_a_plan_is_swapped_in_one_message(make_map, golden_plan, wire):
    shown = make_map(golden_plan)
    wire.messages.clear()
    shown.show_plan(plan_streams(golden_plan.topology, 4))
    assert len(wire.messages) == 1
    assert repr(shown) == "MachineMap(cores=16, num_streams=4)"


def test_512_hardware_threads_fit_a_small_message(make_map):
    topology = Topology.from_synthetic("pack:2 [numa] l3:16 core:8 pu:2")
    shown = make_map(plan_streams(topology, 32))
    assert len(json.dumps([shown.machine, shown.plan])) < 40_000


def test_mistakes_are_refused(golden_plan):
    with pytest.raises(TypeError, match="plann"):
        MachineMap(plann=golden_plan)
    with pytest.raises(TypeError, match="another machine"):
        MachineMap(golden_plan, "this")


def test_text_and_picture_for_where_no_kernel_lives(make_map, golden_plan):
    shown = make_map(golden_plan)
    data, _ = shown._repr_mimebundle_()
    assert data["text/plain"] == "MachineMap(cores=16, num_streams=3)"
    assert data["image/svg+xml"].startswith("<svg")
