"""The map without a page: what it sends, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from deepsched import Topology, plan_streams
from deepsched.engine import ThreadPlacement
from deepsched_widgets import MachineMap
from deepsched_widgets.map_data import find_homes, pack_plan


@pytest.fixture
def make_map():
    maps = []

    def make(*args, **kwargs) -> MachineMap:
        maps.append(MachineMap(*args, **kwargs))
        return maps[-1]

    yield make
    for shown in maps:
        shown.close()


@pytest.fixture(scope="module")
def large() -> Topology:
    return Topology.from_synthetic("pack:4 numa:2 l3:4 core:16 pu:1")


def measure(message: tuple[dict, list]) -> int:
    return len(json.dumps(message[0]))


def test_without_a_plan_it_shows_the_bare_machine(make_map):
    shown = make_map(topology="pack:2 l3:1(size=32MiB) core:8 pu:1")
    assert repr(shown) == "MachineMap(cores=16)"
    assert shown.plan == {}
    assert shown.machine["threads"]["cpu"] == list(range(16))
    assert shown.machine["l3_bytes"] == {0: 32 << 20, 1: 32 << 20}
    assert shown.machine["names"]["l3"] == {0: "L3 0 · 32 MiB", 1: "L3 1 · 32 MiB"}


def test_a_plan_is_swapped_in_one_message_and_the_machine_stays(make_map, golden_plan, wire):
    shown = make_map(golden_plan)
    wire.messages.clear()
    shown.show_plan(plan_streams(golden_plan.topology, 4))
    assert [set(data["state"]) for data, _ in wire.messages] == [{"plan"}]
    assert repr(shown) == "MachineMap(cores=16, num_streams=4)"
    # WHEN the plan is for another machine THEN that goes with it, and the load of the old one goes away
    shown.show_load({0: 50.0})
    wire.messages.clear()
    shown.show_plan(plan_streams(Topology.load("desktop"), 2))
    assert [set(data["state"]) for data, _ in wire.messages] == [{"plan", "machine", "load"}]
    assert shown.load == []


def test_a_plan_says_which_stream_owns_each_hardware_thread(golden_plan):
    packed = pack_plan(golden_plan)
    assert packed["owners"] == [0] * 6 + [1] * 5 + [2] * 5
    assert packed["homes"] == {1: ("socket", 1, "stream 1's home is socket 1")}
    assert ("remote: outside its stream's home", {"remote": True}) in packed["signs"]
    # Second hardware threads and what is left over are in no stream.
    two_threads = plan_streams(Topology.from_synthetic("pack:1 l3:1 core:2 pu:2"), 1)
    assert pack_plan(two_threads)["owners"] == [0, -1, 0, -1]
    assert ("in no stream", {}) in pack_plan(two_threads)["signs"]


def test_a_streams_home_holds_most_of_its_cores_and_the_first_wins_a_tie():
    straddling = plan_streams(Topology.from_synthetic("pack:2 l3:1 core:3 pu:1"), 1)
    assert find_homes(straddling)[0][:2] == ("socket", 0)
    nodes = plan_streams(Topology.from_synthetic("pack:1 numa:2 l3:1 core:4 pu:1"), 3)
    assert {stream: home[:2] for stream, home in find_homes(nodes).items()} == {1: ("numa_node", 1)}
    assert find_homes(plan_streams(Topology.load("golden"), 2)) == {}


def test_slider_moves_on_512_cores_stay_small(make_map, large, wire):
    shown = make_map(plan_streams(large, 2))
    wire.messages.clear()
    for num_streams in [*range(1, 130, 7), 200, 256, 300, 391, 511, 512]:
        shown.show_plan(plan_streams(large, num_streams))
    assert max(map(measure, wire.messages)) < 10_000
    assert len(json.dumps([shown.machine, shown.plan])) < 30_000


def test_the_load_goes_in_one_small_message_in_the_machines_order(make_map, large, wire):
    shown = make_map(topology="pack:1 l3:1 core:2 pu:2(indexes=2*2:1*2)")
    assert shown.machine["threads"]["cpu"] == [0, 2, 1, 3]
    wire.messages.clear()
    shown.show_load({0: 12.4, 1: 250.0, 2: -3.0})
    assert shown.load == [12, 0, 100, -1]
    assert len(wire.messages) == 1
    # WHEN nothing has changed THEN nothing is sent; None clears
    shown.show_load({0: 12.4, 1: 250.0, 2: -3.0})
    assert len(wire.messages) == 1
    shown.show_load(None)
    assert shown.load == []
    on_large = make_map(topology=large)
    wire.messages.clear()
    on_large.show_load(dict.fromkeys(range(512), 100.0))
    assert len(wire.messages) == 1
    assert measure(wire.messages[0]) < 3_000


def test_a_second_plan_is_compared_in_one_message(make_map, golden_plan, wire):
    shown = make_map(golden_plan)
    wire.messages.clear()
    shown.compare_with(plan_streams(golden_plan.topology, 4))
    assert len(wire.messages) == 1
    assert set(shown.compared) == {"plan"}
    assert shown.compared["plan"]["num_streams"] == 4
    # A machine of its own goes with it, also where the first plan leaves it behind.
    shown.show_plan(plan_streams(Topology.load("desktop"), 2))
    assert len(wire.messages) == 2
    assert shown.compared["machine"]["cores"] == 16
    shown.compare_with(None)
    assert shown.compared == {}
    assert make_map(golden_plan, compared=golden_plan).compared["plan"] == pack_plan(golden_plan)


def test_a_stream_with_threads_elsewhere_is_marked_in_signs_and_words(make_map, golden_plan, wire):
    shown = make_map(golden_plan)
    own = frozenset(golden_plan.streams[1].cpus)
    found = [ThreadPlacement(1, number, own, frozenset({0, 1, 2}), "moved") for number in (71, 72)]
    wire.messages.clear()
    # WHEN two of its threads are elsewhere, and one of another stream is not
    shown.show_placements([*found, ThreadPlacement(0, 70, own, own)])
    assert [thread["thread_id"] for thread in shown.misplaced] == [71, 72]
    assert shown.misplaced[0] == {"stream": 1, "thread_id": 71, "asked": sorted(own), "actual": [0, 1, 2]}
    # THEN the page knows the stream, and a sentence says where they are
    assert shown.plan["misplaced"] == [1]
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


def test_many_findings_of_a_kind_are_one(large):
    (shared,) = pack_plan(plan_streams(large, 64))["findings"]
    assert shared["message"] == (
        "Streams 0 and 1, 2 and 3, 4 and 5, ... (32 groups) share an L3 each: may thrash the cache."
    )
    assert shared["streams"] == list(range(64))


def test_what_may_not_be_used_and_kinds_of_cores_are_in_the_legend(make_map):
    hybrid = Topology.load("hybrid-laptop")
    barred = replace(hybrid, threads=(replace(hybrid.threads[0], allowed=False), *hybrid.threads[1:]))
    assert [words for words, _ in make_map(topology=barred).machine["signs"]] == [
        *("performance core", "efficiency core", "L3 cache, to scale, in equal parts for its streams"),
        "not allowed to this process",
    ]


def test_mistakes_are_refused(make_map, golden_plan):
    with pytest.raises(TypeError, match="plann"):
        MachineMap(plann=golden_plan)
    with pytest.raises(TypeError, match="another machine"):
        MachineMap(golden_plan, "this")
    with pytest.raises(TypeError, match=r"shows a StreamPlan.*got dict"):
        MachineMap(golden_plan.to_dict())
    with pytest.raises(TypeError, match="got Topology"):
        MachineMap(compared=golden_plan.topology)
    shown = make_map(golden_plan)
    with pytest.raises(TypeError, match="got NoneType"):
        shown.show_plan(None)
    with pytest.raises(TypeError, match="got int"):
        shown.compare_with(3)
    with pytest.raises(TypeError, match="got list"):
        shown.show_load([10, 20])


def test_text_and_picture_for_where_no_kernel_lives(make_map, golden_plan, wire):
    shown = make_map(golden_plan, findings=False)
    wire.messages.clear()
    data, _ = shown._repr_mimebundle_()
    assert data["text/plain"] == "MachineMap(cores=16, num_streams=3)"
    assert data["image/svg+xml"].startswith("<svg")
    assert shown._repr_mimebundle_()[0] == data
    assert wire.messages == []
    bare, _ = make_map(topology=golden_plan.topology)._repr_mimebundle_()
    assert bare["image/svg+xml"].startswith("<svg")
