"""The map without a page: what it sends, and what it refuses."""

from __future__ import annotations

import json

import pytest

from deepsched import Topology, plan_streams
from deepsched.engine import ThreadPlacement
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


def test_a_stream_with_threads_elsewhere_is_marked_in_signs_and_words(make_map, golden_plan, wire):
    shown = make_map(golden_plan)
    own = frozenset(golden_plan.streams[1].cpus)
    found = [ThreadPlacement(1, number, own, frozenset({0, 1, 2}), "moved") for number in (71, 72)]
    wire.messages.clear()
    # WHEN two of its threads are elsewhere, and one of another stream is not
    shown.show_placements([*found, ThreadPlacement(0, 70, own, own)])
    assert [thread["thread_id"] for thread in shown.misplaced] == [71, 72]
    assert shown.misplaced[0] == {"stream": 1, "thread_id": 71, "asked": sorted(own), "actual": [0, 1, 2]}
    # THEN the stream bears a sign and a note, and a sentence says where they are
    assert [stream.get("note") for stream in shown.plan["streams"]] == [None, "threads elsewhere", None]
    assert shown.plan["streams"][1]["label"].endswith("▲ threads elsewhere")
    first, *findings = shown.plan["findings"]
    assert first["message"] == "2 threads of stream 1, pinned to cpus 6-10, may run on cpus 0-2."
    assert (first["severity"], first["streams"]) == ("warning", [1])
    assert findings == golden_plan.to_dict()["findings"]
    assert len(wire.messages) == 1
    # and WHEN nothing has changed THEN nothing is sent
    shown.show_placements(found)
    assert len(wire.messages) == 1
    # and another plan starts without marks
    shown.show_plan(plan_streams(golden_plan.topology, 4))
    assert shown.misplaced == []
    assert "pinning-failed" not in {finding["kind"] for finding in shown.plan["findings"]}
    assert len(wire.messages) == 2


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
