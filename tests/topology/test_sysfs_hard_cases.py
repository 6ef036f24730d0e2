"""Machines whose kernels say less than usual, or contradict themselves."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from deepsched import Topology
from tests.topology.sysfs_machines import MACHINES, stack
from tests.topology.sysfs_tree import DEVICES, Cpu, Kernel, write, write_machine

if TYPE_CHECKING:
    from pathlib import Path

# Interleaved numbers, several NUMA nodes, L3s and hardware threads: whatever is read wrong shows.
SERVER = stack(sockets=2, nodes=2, cores=2, smt=2, order="sockets in turn")


@pytest.mark.parametrize(
    "pattern",
    [
        *("cpu/online", "cpu/present", "cpu/possible", "cpu/cpu*/online"),
        *("cpu/cpu*/topology/*_list", "cpu/cpu*/topology/core_cpus*", "cpu/cpu*/topology/package_cpus*"),
        *("cpu/cpu*/topology/die_*", "cpu/cpu*/topology/cluster_*", "cpu/cpu*/topology/*_id"),
        *("cpu/cpu*/topology/*_siblings*", "cpu/cpu*/topology/core_cpus", "cpu/cpu*/topology/thread_siblings"),
        *("cpu/cpu*/cache/*/id", "cpu/cpu*/cache/*/type", "cpu/cpu*/cache/index[0-2]"),
        *("cpu/cpu*/cache/*/shared_cpu_list", "cpu/cpu*/cache/*/shared_cpu_map"),
        *("node/online", "node/possible", "node/node*/cpulist", "node/node*/cpumap", "node/node*/meminfo", "node"),
        "cpu/cpu*/node*",
    ],
)
def test_other_files_say_it_too(tmp_path: Path, pattern: str) -> None:
    # GIVEN a machine, and files of it that are missing
    full = Topology.from_sysfs(write_machine(tmp_path, SERVER))
    missing = list((tmp_path / DEVICES).glob(pattern))
    assert missing
    for path in missing:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    # THEN it is the same machine
    partial = Topology.from_sysfs(tmp_path)
    assert partial.threads == full.threads
    assert partial.l3_bytes == full.l3_bytes
    assert partial.notes == ()


@pytest.mark.parametrize("folder", ["topology", "cache", "cache/index3"])
@pytest.mark.parametrize("number", [0, 5])
def test_a_cpu_that_says_nothing_is_where_the_others_say(tmp_path: Path, number: int, folder: str) -> None:
    full = Topology.from_sysfs(write_machine(tmp_path, SERVER))
    shutil.rmtree(tmp_path / DEVICES / f"cpu/cpu{number}" / folder)
    partial = Topology.from_sysfs(tmp_path)
    assert partial.threads == full.threads
    assert partial.l3_bytes == full.l3_bytes


def test_numa_nodes_that_show_in_links_alone(tmp_path: Path) -> None:
    cpus = MACHINES["Magny-Cours, sparse nodes"][0]
    full = Topology.from_sysfs(write_machine(tmp_path / "full", cpus))
    links = Topology.from_sysfs(write_machine(tmp_path / "links", cpus, kernel=Kernel(lists_nodes=False)))
    assert links.numa_nodes == (0, 1, 2, 33, 34, 45, 72, 73)
    assert links.threads == full.threads


def test_cpus_of_no_numa_node_are_kept_apart(tmp_path: Path) -> None:
    # GIVEN a recording that lost one of two NUMA nodes
    write_machine(tmp_path, stack(nodes=2, cores=2))
    shutil.rmtree(tmp_path / DEVICES / "node/node0")
    for cpu in range(2):
        (tmp_path / DEVICES / f"cpu/cpu{cpu}/node0").unlink()
    topology = Topology.from_sysfs(tmp_path)
    # THEN its cpus are not said to be at home in the other, and the picture says what it assumes
    assert [(t.cpu, t.numa_node) for t in topology.threads] == [(0, 0), (1, 0), (2, 1), (3, 1)]
    assert topology.notes == ("No NUMA node is known for the cpus 0-1: they are taken as one.",)


def test_where_nobody_tells_of_cores_the_picture_says_so(tmp_path: Path) -> None:
    topology = Topology.from_sysfs(write_machine(tmp_path, stack(cores=2, smt=2), kernel=Kernel(has_topology=False)))
    assert len(topology.cores) == 4
    assert topology.notes == ("It is not known which cpus share a core: each is taken as one.",)


def test_a_cpu_is_in_one_numa_node_though_two_claim_it(tmp_path: Path) -> None:
    write_machine(tmp_path, stack(nodes=2, cores=2))
    write(tmp_path / DEVICES / "node/node1/cpulist", "1-3")
    assert [t.numa_node for t in Topology.from_sysfs(tmp_path).threads] == [0, 0, 1, 1]


def test_the_cpus_of_a_numa_node_may_be_offline(tmp_path: Path) -> None:
    # GIVEN a kernel that lists offline cpus in its nodes, and a node whose cpus are all offline
    machine = [Cpu(n, core=n, socket=n // 2, node=n // 2, l3=n // 2, online=n > 2) for n in range(6)]
    write_machine(tmp_path, machine)
    write(tmp_path / DEVICES / "node/node0/cpulist", "0-1")
    write(tmp_path / DEVICES / "node/node1/cpulist", "2-3")
    topology = Topology.from_sysfs(tmp_path)
    assert [(t.cpu, t.core, t.socket, t.numa_node, t.l3) for t in topology.threads] == [
        (3, 0, 0, 1, 0),
        (4, 1, 1, 2, 1),
        (5, 2, 1, 2, 1),
    ]


def test_a_map_that_only_one_side_has_joins_nothing(tmp_path: Path) -> None:
    # GIVEN cpu 4, a sibling of cpu 0 that names nobody but itself
    write_machine(tmp_path, stack(cores=4, smt=2))
    write(tmp_path / DEVICES / "cpu/cpu4/topology/core_cpus_list", "4")
    write(tmp_path / DEVICES / "cpu/cpu0/topology/core_cpus_list", "0")
    topology = Topology.from_sysfs(tmp_path)
    assert [core.cpus for core in topology.cores] == [(0,), (1, 5), (2, 6), (3, 7), (4,)]


def test_a_core_is_in_one_place(tmp_path: Path) -> None:
    # GIVEN tables that put the two hardware threads of a core in different sockets, NUMA nodes and L3s
    write_machine(tmp_path, stack(sockets=2, cores=2))
    for cpu in (1, 2):
        write(tmp_path / DEVICES / f"cpu/cpu{cpu}/topology/core_cpus_list", "1-2")
        write(tmp_path / DEVICES / f"cpu/cpu{cpu}/topology/core_id", "1")
    # THEN it is where the lower of them is
    topology = Topology.from_sysfs(tmp_path)
    assert [(c.cpus, c.socket, c.numa_node, c.l3) for c in topology.cores] == [
        ((0,), 0, 0, 0),
        ((1, 2), 0, 0, 0),
        ((3,), 1, 1, 1),
    ]


def test_siblings_of_which_not_all_have_an_id_are_one_core(tmp_path: Path) -> None:
    write_machine(tmp_path, MACHINES["Bulldozer"][0])
    assert len(Topology.from_sysfs(tmp_path).cores) == 16
    (tmp_path / DEVICES / "cpu/cpu0/topology/core_id").unlink()
    assert len(Topology.from_sysfs(tmp_path).cores) == 15


def test_an_l3_of_which_nobody_says_whose_it_is_is_none(tmp_path: Path) -> None:
    write_machine(tmp_path, stack(cores=4))
    for path in (tmp_path / DEVICES).glob("cpu/cpu*/cache/index3/shared_cpu_*"):
        path.unlink()
    topology = Topology.from_sysfs(tmp_path)
    assert topology.l3_caches == ()
    assert topology.l3_bytes == {}


@pytest.mark.parametrize(
    ("text", "size"), [("8192K", 8 << 20), ("8M", 8 << 20), ("1G", 1 << 30), ("512", 512), ("0K", None), ("K", None)]
)
def test_l3_sizes_are_read(tmp_path: Path, text: str, size: int | None) -> None:
    topology = Topology.from_sysfs(write_machine(tmp_path, stack(cores=2), l3_size=text))
    assert topology.l3_bytes == ({} if size is None else {0: size})


def test_l3s_of_different_sizes(tmp_path: Path) -> None:
    write_machine(tmp_path, stack(l3s=2, cores=2))
    for cpu in (2, 3):
        write(tmp_path / DEVICES / f"cpu/cpu{cpu}/cache/index3/size", "8192K")
    assert Topology.from_sysfs(tmp_path).l3_bytes == {0: 32 << 20, 1: 8 << 20}


def test_an_instruction_cache_is_no_l3(tmp_path: Path) -> None:
    write_machine(tmp_path, stack(cores=2))
    for path in (tmp_path / DEVICES).glob("cpu/cpu*/cache/index3/type"):
        write(path, "Instruction")
    assert Topology.from_sysfs(tmp_path).l3_caches == ()


def test_a_cpu_that_is_listed_but_not_there_is_none(tmp_path: Path) -> None:
    # GIVEN a container whose list of online cpus is made up
    write_machine(tmp_path, stack(cores=4))
    write(tmp_path / DEVICES / "cpu/online", "2-9")
    assert [t.cpu for t in Topology.from_sysfs(tmp_path).threads] == [2, 3]
