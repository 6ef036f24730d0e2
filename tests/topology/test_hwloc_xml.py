"""Machines read from the XML of hwloc's lstopo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deepsched import Topology
from tests.topology.hwloc import export_xml, read_machine, see
from tests.topology.hwloc_file import bitmap, core, item, kind, machine, numa, write_xml
from tests.topology.hwloc_machines import (
    ARROW_LAKE_2,
    ARROW_LAKE_3,
    MACHINES,
    MIB,
    arrow_lake,
    knights_landing,
    without_packages,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", MACHINES)
def test_lstopo_sees_the_same_machine(tmp_path: Path, name: str) -> None:
    # GIVEN a file that lstopo reads too
    path = write_xml(tmp_path / "machine.xml", MACHINES[name]())
    theirs = read_machine(export_xml(path, "--filter", "all:all"))
    # THEN the same cpus share each core, L3 and socket, and have the same NUMA node for a home
    ours = see(Topology.from_hwloc_xml(path))
    assert ours.group() == theirs.group()
    assert ours.order == theirs.order
    assert ours.l3_sizes == theirs.l3_sizes


def test_this_machine_is_the_one_that_lstopo_sees(tmp_path: Path) -> None:
    path = tmp_path / "this.xml"
    path.write_text(export_xml(None))
    assert see(Topology.from_hwloc_xml(path)).group() == read_machine(path.read_text()).group()


@pytest.mark.parametrize("name", MACHINES)
def test_formats_2_and_3_are_the_same_to_us(tmp_path: Path, name: str) -> None:
    root = MACHINES[name]()
    more = '<info name="Backend" value="Linux"/>', '<support name="discovery.pu"/>'
    second = Topology.from_hwloc_xml(write_xml(tmp_path / "second.xml", root))
    third = Topology.from_hwloc_xml(write_xml(tmp_path / "third.xml", root, *more, version="3.0"))
    assert second.threads == third.threads
    assert second.l3_bytes == third.l3_bytes


def test_high_bandwidth_memory_is_nobodys_home(tmp_path: Path) -> None:
    topology = Topology.from_hwloc_xml(write_xml(tmp_path / "m.xml", knights_landing()))
    assert {t.cpu: t.numa_node for t in topology.threads} == {cpu: cpu // 4 % 2 for cpu in range(16)}
    assert topology.l3_caches == ()


@pytest.mark.parametrize("subtype", ["HBM", "MCDRAM", "CXL-DRAM", "NVM", "SPM", "GPUMemory"])
def test_memory_of_another_sort_is_no_home_though_it_is_nearer(tmp_path: Path, subtype: str) -> None:
    # GIVEN a DRAM over the whole machine, and other memory nearer to each socket, and before it in number
    sockets = [item("Package", numa(n, subtype=subtype), core(0, n), os_index=n) for n in (0, 1)]
    root = machine(numa(2, subtype="DRAM"), *sockets)
    # THEN the DRAM is home
    topology = Topology.from_hwloc_xml(write_xml(tmp_path / "m.xml", root))
    assert topology.numa_nodes == (2,)


def test_where_there_is_but_high_bandwidth_memory_it_is_home(tmp_path: Path) -> None:
    sockets = [item("Package", numa(n, subtype="HBM"), core(0, n), os_index=n) for n in (0, 1)]
    topology = Topology.from_hwloc_xml(write_xml(tmp_path / "m.xml", machine(*sockets)))
    assert [t.numa_node for t in topology.threads] == [0, 1]


def test_a_node_serves_its_own_cpus_alone(tmp_path: Path) -> None:
    # GIVEN two nodes that hang on one socket for want of groups, each with half of its cpus
    nodes = [numa(n, cpuset=bitmap({2 * n, 2 * n + 1})) for n in (0, 1)]
    root = machine(item("Package", *nodes, *(core(cpu, cpu) for cpu in range(4)), os_index=0))
    topology = Topology.from_hwloc_xml(write_xml(tmp_path / "m.xml", root))
    assert [t.numa_node for t in topology.threads] == [0, 0, 1, 1]


def test_a_node_that_was_not_allowed_is_still_home(tmp_path: Path) -> None:
    # GIVEN a socket whose node lstopo left out, and cpus that say which it was
    absent = item(
        "Package",
        item("Core", *(item("PU", os_index=cpu, nodeset="0x0", complete_nodeset="0x00000010") for cpu in (2, 3))),
        os_index=1,
    )
    root = machine(item("Package", numa(0), core(0, 0, 1), os_index=0), absent)
    topology = Topology.from_hwloc_xml(write_xml(tmp_path / "m.xml", root))
    assert [t.numa_node for t in topology.threads] == [0, 0, 4, 4]
    assert topology.notes == ()


def test_cpus_without_any_node_are_taken_as_one_and_a_note_says_so(tmp_path: Path) -> None:
    orphans = [item("PU", os_index=cpu, nodeset="0x0", complete_nodeset="0x0") for cpu in (1, 2)]
    root = machine(item("Group", numa(0), core(0, 0)), *orphans)
    topology = Topology.from_hwloc_xml(write_xml(tmp_path / "m.xml", root))
    assert [t.numa_node for t in topology.threads] == [0, 1, 1]
    assert topology.notes == ("No NUMA node is known for the cpus 1-2: they are taken as one.",)


@pytest.mark.parametrize("kinds", [ARROW_LAKE_2, ARROW_LAKE_3], ids=["hwloc 2", "hwloc 3"])
def test_efficiency_cores_outside_the_l3_save_power(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    topology = Topology.from_hwloc_xml(write_xml(tmp_path / "m.xml", arrow_lake(), *kinds))
    assert {t.cpu: t.kind for t in topology.threads} == {
        **dict.fromkeys(range(4), "performance"),
        **dict.fromkeys(range(4, 8), "efficiency"),
        **dict.fromkeys((8, 9), "low-power"),
    }
    assert {t.cpu: t.l3 for t in topology.threads} == {**dict.fromkeys(range(8), 0), 8: None, 9: None}
    assert topology.l3_bytes == {0: 12 * MIB}
    assert len(topology.cores) == 8


P, E, L = "performance", "efficiency", "low-power"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param([], [None] * 4, id="nothing said"),
        pytest.param([{"CoreType": "IntelCore"}], [None] * 4, id="one kind"),
        pytest.param([{"CoreType": "IntelAtom"}, {"CoreType": "IntelCore"}], [E, P, None, None], id="Intel"),
        pytest.param([{"CoreType": "AMDEfficiency"}, {"CoreType": "AMDPerformance"}], [E, P, None, None], id="AMD"),
        pytest.param(
            [
                {"CoreType": "IntelAtom", "FrequencyMaxMHz": 3000},
                {"CoreType": "IntelCore", "FrequencyMaxMHz": 4800},
                {"CoreType": "IntelCore", "FrequencyMaxMHz": 5000},
            ],
            [E, P, P, None],
            id="favoured cores are cores",
        ),
        pytest.param([{"CoreType": "IntelCore"}, {"CoreType": "IntelCore"}], [None] * 4, id="all of one type"),
        pytest.param([{"efficiency": 0}, {"efficiency": 7}], [E, P, None, None], id="forced"),
        pytest.param([{"efficiency": 9}, {"efficiency": 7}], [P, E, None, None], id="forced, in any order"),
        pytest.param([{"efficiency": 0}, {"efficiency": 7}, {"efficiency": 10}], [L, E, P, None], id="three"),
        pytest.param([{"efficiency": n} for n in (0, 1, 2, 3)], [L, E, E, P], id="four"),
        pytest.param([{"efficiency": 0}, {"efficiency": 0}, {"efficiency": 1}], [E, E, P, None], id="two are equal"),
        pytest.param([{"efficiency": 0}, {"efficiency": 0}], [None] * 4, id="all are equal"),
        pytest.param([{"efficiency": 0}, {}], [None] * 4, id="one is unknown"),
        pytest.param(
            [{"efficiency": n, "LinuxCapacity": n} for n in (718, 997)], [E, P, None, None], id="Arm's capacities"
        ),
        pytest.param([{"LinuxCapacity": n} for n in (290, 866, 1004, 1024)], [E, P, P, P], id="Arm's favoured cores"),
        pytest.param([{"FrequencyMaxMHz": n} for n in (5700, 5750)], [None] * 4, id="favoured cores"),
        pytest.param([{"FrequencyMaxMHz": n} for n in (3300, 5100)], [E, P, None, None], id="frequencies"),
        pytest.param([{"FrequencyMaxMHz": n} for n in ("fast", -1)], [None] * 4, id="nonsense"),
        pytest.param([{"FrequencyMaxMHz": n} for n in ("9" * 50, 1)], [None] * 4, id="absurd"),
    ],
)
def test_kinds_of_cores(tmp_path: Path, said: list[dict[str, object]], expected: list[str | None]) -> None:
    # GIVEN a machine whose cpu n is of the nth kind
    kinds = [kind({cpu}, **infos) for cpu, infos in enumerate(said)]
    path = write_xml(tmp_path / "m.xml", without_packages(), *kinds)
    assert [t.kind for t in Topology.from_hwloc_xml(path).threads] == expected


def test_kinds_of_cpus_that_are_not_there_do_not_count(tmp_path: Path) -> None:
    kinds = kind({0, 1, 2, 3}, CoreType="IntelCore"), kind({8, 9}, CoreType="IntelAtom")
    topology = Topology.from_hwloc_xml(write_xml(tmp_path / "m.xml", without_packages(), *kinds))
    assert {t.kind for t in topology.threads} == {None}


def test_what_was_not_allowed_stays_in_the_picture(tmp_path: Path) -> None:
    # GIVEN eight cpus, two of which were allowed
    sockets = [item("Package", numa(n), *(core(c, 4 * n + c) for c in range(4)), os_index=n) for n in (0, 1)]
    root = machine(*sockets, allowed_cpuset="0x00000060", allowed_nodeset="0x00000002")
    topology = Topology.from_hwloc_xml(write_xml(tmp_path / "m.xml", root))
    # THEN all are there, and those two are to be used
    assert [t.cpu for t in topology.threads] == list(range(8))
    assert [t.cpu for t in topology.threads if t.allowed] == [5, 6]
    assert topology.limits.allowed_cpus == (5, 6)
    assert [core.index for core in topology.usable_cores] == [5, 6]


def test_what_was_offline_is_absent(tmp_path: Path) -> None:
    # GIVEN one cpu outside the machine's set, and one whose own set is empty
    cores = core(0, 0), core(1, 1), item("Core", item("PU", os_index=2, cpuset="0x0"), os_index=2), core(3, 3)
    root = machine(numa(0), *cores, cpuset="0x00000005", complete_cpuset="0x0000000f")
    topology = Topology.from_hwloc_xml(write_xml(tmp_path / "m.xml", root))
    assert [t.cpu for t in topology.threads] == [0]


def test_a_set_without_end_allows_all(tmp_path: Path) -> None:
    root = machine(numa(0), core(0, 0), core(1, 40), allowed_cpuset="0xf...f,0x0")
    topology = Topology.from_hwloc_xml(write_xml(tmp_path / "m.xml", root))
    assert [t.cpu for t in topology.threads if t.allowed] == [40]


def test_caches_of_several_sizes(tmp_path: Path) -> None:
    caches = [item("L3Cache", core(n, n), cache_size=size) for n, size in enumerate((8 * MIB, 16 * MIB, 0))]
    del caches[2].attributes["cache_size"]
    topology = Topology.from_hwloc_xml(write_xml(tmp_path / "m.xml", machine(numa(0), *caches)))
    assert topology.l3_bytes == {0: 8 * MIB, 1: 16 * MIB}


def test_sets_need_not_be_there(tmp_path: Path) -> None:
    path = tmp_path / "m.xml"
    path.write_text(
        '<topology version="2.0"><object type="Machine"><object type="Package"><object type="NUMANode" os_index="3"/>'
        '<object type="PU" os_index="5"/></object></object></topology>'
    )
    (thread,) = Topology.from_hwloc_xml(path).threads
    assert (thread.cpu, thread.numa_node, thread.allowed) == (5, 3, True)


def test_the_path_is_the_source(tmp_path: Path) -> None:
    path = write_xml(tmp_path / "m.xml", without_packages())
    assert Topology.from_hwloc_xml(path) == Topology.from_hwloc_xml(str(path))
    assert Topology.from_hwloc_xml(path).source == str(path)
