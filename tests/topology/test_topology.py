"""What every Topology promises, whatever described it."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from pathlib import Path, PurePosixPath

import pytest

from deepsched import DeepschedError, Topology
from deepsched.errors import TopologyError
from deepsched.topology import Limits, restrict_topology
from tests.topology.sysfs_tree import Cpu, write_machine

GOLDEN = "pack:2 l3:1 core:8 pu:1"


def test_this_names_this_machine() -> None:
    assert Topology.load("this") == Topology.detect()


def test_a_description_names_its_machine() -> None:
    topology = Topology.load(GOLDEN)
    assert topology == Topology.from_synthetic(GOLDEN)
    assert topology.source == GOLDEN


def test_a_folder_names_the_machine_that_it_holds(tmp_path: Path) -> None:
    root = write_machine(tmp_path, [Cpu(n, core=n) for n in range(3)])
    for source in (str(root), root):
        topology = Topology.load(source)
        assert topology == Topology.from_sysfs(root)
        assert len(topology.cores) == 3


def test_a_topology_names_itself() -> None:
    topology = Topology.load(GOLDEN)
    assert Topology.load(topology) is topology


@pytest.mark.parametrize(
    "source",
    [
        "",
        " ",
        "that",
        "This",
        "/no/such/folder",
        PurePosixPath("here"),
        None,
        16,
        b"this",
        ["this"],
        "x" * 5000,
        "\0",
    ],
)
def test_a_source_that_names_no_machine_is_a_typed_error_that_lists_the_forms(source: object) -> None:
    with pytest.raises(TopologyError) as caught:
        Topology.load(source)
    assert isinstance(caught.value, DeepschedError)
    assert isinstance(caught.value, ValueError)
    for form in ("'this' for this machine", "golden", ".xml", "a folder", "sys/", "such as 'pack:2"):
        assert form in str(caught.value)


def test_a_folder_that_holds_no_machine_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(TopologyError, match="holds no sys/devices/system/cpu"):
        Topology.load(tmp_path)


def test_a_folder_with_a_broken_file_is_an_error_about_that_file(tmp_path: Path) -> None:
    write_machine(tmp_path, [Cpu(0, core=0)])
    (tmp_path / "sys/devices/system/cpu/online").write_text("many")
    with pytest.raises(TopologyError, match="cpu list 'many'"):
        Topology.load(tmp_path)


def test_a_topology_does_not_change() -> None:
    topology = Topology.load(GOLDEN)
    for part, name in (
        (topology, "threads"),
        (topology.threads[0], "cpu"),
        (topology.cores[0], "cpus"),
        (topology.limits, "quota_cpus"),
    ):
        with pytest.raises(FrozenInstanceError):
            setattr(part, name, None)


def test_a_machine_without_hardware_threads_is_none() -> None:
    with pytest.raises(TopologyError, match="'nothing' describes a machine without hardware threads"):
        Topology(source="nothing", threads=(), limits=Limits(()))


def test_cores_come_in_topological_order(tmp_path: Path) -> None:
    # GIVEN two sockets of two L3s, their cpus dealt out like cards, and SMT siblings numbered from 8 up
    machine = [Cpu(n, core=n % 8, socket=n % 2, node=n % 2, l3=n % 4) for n in range(16)]
    topology = Topology.from_sysfs(write_machine(tmp_path, machine))
    # THEN cores are sorted by socket, NUMA node and L3, and numbered in that order
    places = [(core.socket, core.numa_node, core.l3) for core in topology.cores]
    assert places == sorted(places)
    assert [core.index for core in topology.cores] == list(range(8))
    assert [core.cpus for core in topology.cores] == [
        *((0, 8), (4, 12), (2, 10), (6, 14)),
        *((1, 9), (5, 13), (3, 11), (7, 15)),
    ]


def test_the_plain_data_has_the_shape_that_the_command_line_prints() -> None:
    # GIVEN a machine with every part, and a process that may use but two hardware threads
    topology = restrict_topology(Topology.load("pack:2 [numa] l3:1(size=32MiB) core:1 pu:2"), {0, 2})
    # THEN keys, their order and their values are these, and all of it is JSON
    data = topology.to_dict()
    expected = {
        "source": "pack:2 [numa] l3:1(size=32MiB) core:1 pu:2",
        "sockets": 2,
        "numa_nodes": 2,
        "l3_caches": 2,
        "cores": 2,
        "hardware_threads": 4,
        "limits": {"allowed_cpus": [0, 2], "quota_cpus": None},
        "threads": [
            {"cpu": 0, "core": 0, "socket": 0, "numa_node": 0, "l3": 0, "smt": 0, "kind": None, "allowed": True},
            {"cpu": 1, "core": 0, "socket": 0, "numa_node": 0, "l3": 0, "smt": 1, "kind": None, "allowed": False},
            {"cpu": 2, "core": 1, "socket": 1, "numa_node": 1, "l3": 1, "smt": 0, "kind": None, "allowed": True},
            {"cpu": 3, "core": 1, "socket": 1, "numa_node": 1, "l3": 1, "smt": 1, "kind": None, "allowed": False},
        ],
    }
    assert json.dumps(data) == json.dumps(expected)


def test_where_there_is_no_l3_the_plain_data_says_so() -> None:
    data = Topology.load("core:1 pu:1").to_dict()
    assert data["l3_caches"] == 0
    assert data["threads"][0]["l3"] is None


def test_its_representation_is_one_line() -> None:
    assert repr(Topology.load(GOLDEN)) == (
        "Topology('pack:2 l3:1 core:8 pu:1', sockets=2, numa_nodes=1, l3_caches=2, cores=16, hardware_threads=16)"
    )
