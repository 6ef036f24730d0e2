"""Machines written in hwloc's synthetic notation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from deepsched import Topology
from deepsched.errors import TopologyError
from deepsched.topology import restrict_topology
from tests.topology.hwloc import export_xml, read_machine, see
from tests.topology.sysfs_tree import Cpu, write_machine

if TYPE_CHECKING:
    from pathlib import Path

    from deepsched.topology import HardwareThread

MIB = 1 << 20


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("pack:2 l3:1 core:8 pu:1", "pack:2 l3:1 core:8 pu:1"),
        # A hardware thread is its own core where none is written, and a machine without sockets is one.
        ("pu:4", "pack:1 core:4 pu:1"),
        ("2 3 4", "pack:2 numa:3 core:4 pu:1"),
        ("pack:2 [numa] l3:4(size=32MiB) core:4 pu:2", "pack:2 [numa] l3:4(size=33554432) core:4 pu:2"),
        ("pack:2 [numa(indexes=4,1)] core:2 pu:1", "pack:2 [numa(indexes=4,1)] core:2 pu:1"),
        ("numa:1(indexes=5) core:2 pu:1", "pack:1 [numa(indexes=5)] core:2 pu:1"),
        ("numa:4(indexes=2*2:1*2) core:2 pu:1", "pack:1 numa:4(indexes=2*2:1*2) core:2 pu:1"),
        ("numa:2 pack:2 l3:1 core:2 pu:1", "numa:2 pack:2 l3:1 core:2 pu:1"),
        ("l3:2 numa:2 core:2 pu:1", "pack:1 l3:2 numa:2 core:2 pu:1"),
        ("core:2 pack:2 pu:2", "core:2 pack:2 pu:2"),
        ("pack:2 core:4 pu:2(indexes=0,8,1,9,2,10,3,11,4,12,5,13,6,14,7,15)", "pack:2 core:4 pu:2(indexes=2*8:1*2)"),
        ("pack:2 core:4 pu:2(indexes=pack)", "pack:2 core:4 pu:2(indexes=8*2:1*8)"),
        ("core:3 pu:1(indexes=1,2,5)", "pack:1 core:3 pu:1(indexes=1,2,5)"),
        ("core:3 pu:1(indexes=0,2,4)", "pack:1 core:3 pu:1(indexes=0,2,4)"),
        # Cores are told apart by their lowest cpu, so there is another order of the same machine.
        ("core:2 pu:2(indexes=3,2,1,0)", "pack:1 core:2 pu:2"),
    ],
)
def test_a_machine_is_written_in_the_shortest_way(text: str, written: str) -> None:
    # WHEN a machine is written
    topology = Topology.from_synthetic(text)
    assert topology.to_hwloc_synthetic() == written
    # THEN it reads back as it was, and lstopo sees the same in it
    again = Topology.from_synthetic(written)
    assert again.threads == topology.threads
    assert again.l3_bytes == topology.l3_bytes
    assert read_machine(export_xml(written)).group() == see(topology).group()


def test_a_machine_with_scattered_numbers_is_written(tmp_path: Path) -> None:
    # GIVEN two sockets whose cpus were dealt out like cards, with SMT siblings numbered from 8 up
    machine = [Cpu(n, core=n % 8, socket=n % 2, node=n % 2, l3=n % 4) for n in range(16)]
    topology = Topology.from_sysfs(write_machine(tmp_path, machine))
    # THEN the text says it all
    written = topology.to_hwloc_synthetic()
    assert written == "pack:2 [numa] l3:2(size=33554432) core:2 pu:2(indexes=8*2:4*2:2*2:1*2)"
    again = Topology.from_synthetic(written)
    assert again.threads == topology.threads
    assert again.l3_bytes == topology.l3_bytes


def test_what_a_process_may_use_is_no_part_of_it() -> None:
    topology = restrict_topology(Topology.from_synthetic("pack:2 core:2 pu:1"), {1})
    assert topology.to_hwloc_synthetic() == "pack:2 core:2 pu:1"


def test_sizes_known_of_some_caches_are_left_out() -> None:
    topology = replace(Topology.from_synthetic("l3:2 core:2 pu:1"), l3_bytes={1: MIB})
    assert topology.to_hwloc_synthetic() == "pack:1 l3:2 core:2 pu:1"


def change(topology: Topology, **changes: dict[int, object]) -> Topology:
    """Give some hardware threads, by their cpus, other values."""

    def change_one(thread: HardwareThread) -> HardwareThread:
        return replace(thread, **{name: of_cpu[thread.cpu] for name, of_cpu in changes.items() if thread.cpu in of_cpu})

    return replace(topology, threads=tuple(change_one(thread) for thread in topology.threads))


FOUR = Topology.from_synthetic("pack:2 l3:1 core:2 pu:1")


@pytest.mark.parametrize(
    ("topology", "says"),
    [
        pytest.param(
            change(FOUR, kind={0: "performance", 1: "efficiency"}),
            "its cores are of several kinds (efficiency, performance)",
            id="kinds",
        ),
        pytest.param(change(FOUR, l3={3: None}), "some of its cores lie under an L3, and some do not", id="no L3"),
        pytest.param(replace(FOUR, l3_bytes={0: 8 * MIB, 1: 16 * MIB}), "its L3 caches are of 2 sizes", id="sizes"),
        pytest.param(change(FOUR, socket={1: 1}), "its sockets are not all of one size", id="sockets of 1 and 3"),
        pytest.param(change(FOUR, core={1: 0, 2: 0}), "its cores are not all of one size", id="cores of 3 and 1"),
        pytest.param(change(FOUR, numa_node={1: 1, 3: 1}), "or overlap others that they should hold", id="overlap"),
        pytest.param(
            change(Topology.from_synthetic("pack:2 core:3 pu:1"), l3={0: 0, 1: 0, 2: 1, 3: 1, 4: 2, 5: 2}),
            "its sockets do not hold whole L3 caches",
            id="an L3 across sockets",
        ),
    ],
)
def test_a_machine_beyond_the_notation_is_a_typed_error_with_the_reason(topology: Topology, says: str) -> None:
    with pytest.raises(TopologyError) as caught:
        topology.to_hwloc_synthetic()
    assert f"{topology.source}: hwloc's synthetic notation cannot describe it: " in str(caught.value)
    assert says in str(caught.value)
