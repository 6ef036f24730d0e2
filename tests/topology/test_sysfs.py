"""Linux machines of many kinds, read from the files that their kernels would show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deepsched import DeepschedError, Topology
from deepsched.errors import TopologyError
from tests.topology.sysfs_tree import Cpu, Kernel, write_machine

if TYPE_CHECKING:
    from pathlib import Path

DEVICES = "sys/devices/system"
# Socket 0 has the even cpus and socket 1 the odd ones, as many servers number them.
INTERLEAVED = [Cpu(n, core=n // 2, socket=n % 2, node=n % 2, l3=n % 2) for n in range(8)]
# The second hardware thread of a core is numbered eight above the first.
SMT_FAR_APART = [Cpu(n, core=n % 8) for n in range(16)]


def places(topology: Topology) -> list[tuple[int, int, int, int, int | None, int]]:
    return [(t.cpu, t.core, t.socket, t.numa_node, t.l3, t.smt) for t in topology.threads]


def test_smt_siblings_numbered_far_apart_are_one_core(tmp_path: Path) -> None:
    topology = Topology.from_sysfs(write_machine(tmp_path, SMT_FAR_APART))
    assert [core.cpus for core in topology.cores] == [(n, n + 8) for n in range(8)]
    assert [(t.cpu, t.smt) for t in topology.threads[:4]] == [(0, 0), (8, 1), (1, 0), (9, 1)]


def test_sockets_with_interleaved_cpu_numbers_stay_apart(tmp_path: Path) -> None:
    # WHEN a machine whose cpus alternate between its sockets is read
    topology = Topology.from_sysfs(write_machine(tmp_path, INTERLEAVED))
    # THEN its cores come socket by socket, never in the order of the cpus' numbers
    assert [(core.index, *core.cpus, core.socket) for core in topology.cores] == [
        *((0, 0, 0), (1, 2, 0), (2, 4, 0), (3, 6, 0)),
        *((4, 1, 1), (5, 3, 1), (6, 5, 1), (7, 7, 1)),
    ]
    # THEN core_ids, which each socket counts from 0, do not make cores of different sockets one
    assert len(topology.cores) == 8


def test_interleaved_sockets_stay_apart_where_nothing_else_does(tmp_path: Path) -> None:
    # GIVEN the same with memory that all share, and without an L3
    machine = [Cpu(n, core=n // 2, socket=n % 2, l3=None) for n in range(4)]
    topology = Topology.from_sysfs(write_machine(tmp_path, machine))
    assert [(t.cpu, t.core, t.socket) for t in topology.threads] == [(0, 0, 0), (2, 1, 0), (1, 2, 1), (3, 3, 1)]


def test_several_l3_a_socket(tmp_path: Path) -> None:
    machine = [Cpu(n, core=n, socket=n // 8, node=n // 8, l3=n // 4) for n in range(16)]
    topology = Topology.from_sysfs(write_machine(tmp_path, machine, l3_size="16M"))
    assert [t.l3 for t in topology.threads] == [n // 4 for n in range(16)]
    assert topology.l3_bytes == dict.fromkeys(range(4), 16 << 20)


def test_l3s_with_interleaved_cpu_numbers_stay_apart(tmp_path: Path) -> None:
    machine = [Cpu(n, core=n, l3=n % 2) for n in range(6)]
    topology = Topology.from_sysfs(write_machine(tmp_path, machine))
    assert [(t.cpu, t.l3) for t in topology.threads] == [(0, 0), (2, 0), (4, 0), (1, 1), (3, 1), (5, 1)]


def test_a_machine_without_l3(tmp_path: Path) -> None:
    topology = Topology.from_sysfs(write_machine(tmp_path, [Cpu(n, core=n, l3=None) for n in range(4)]))
    assert topology.l3_caches == ()
    assert topology.l3_bytes == {}
    assert {t.l3 for t in topology.threads} == {None}


def test_a_machine_where_only_some_cores_have_an_l3(tmp_path: Path) -> None:
    machine = [Cpu(n, core=n, l3=0 if n >= 2 else None) for n in range(4)]
    topology = Topology.from_sysfs(write_machine(tmp_path, machine))
    assert [(t.cpu, t.l3) for t in topology.threads] == [(0, None), (1, None), (2, 0), (3, 0)]


@pytest.mark.parametrize("kernel", [Kernel(), Kernel(has_online=False)], ids=["online file", "no online file"])
def test_offline_cpus_are_absent(tmp_path: Path, kernel: Kernel) -> None:
    # GIVEN two cores of two hardware threads; one thread of the first core and the whole second are offline
    machine = [Cpu(0, core=0), Cpu(1, core=1, online=False), Cpu(2, core=0, online=False), Cpu(3, core=1, online=False)]
    machine += [Cpu(4, core=2), Cpu(5, core=2)]
    topology = Topology.from_sysfs(write_machine(tmp_path, machine, kernel=kernel))
    # THEN what is online is numbered without holes
    assert places(topology) == [(0, 0, 0, 0, 0, 0), (4, 1, 0, 0, 0, 0), (5, 1, 0, 0, 0, 1)]
    assert topology.limits.allowed_cpus == (0, 4, 5)
    assert topology.l3_bytes == {0: 32 << 20}


def test_maps_that_name_an_offline_cpu(tmp_path: Path) -> None:
    # GIVEN a core of three hardware threads, of which cpu 2 is offline, and maps of cpu 0 that still name it
    machine = [Cpu(0, core=0), Cpu(1, core=0), Cpu(2, core=0, online=False), Cpu(3, core=1)]
    cpu0 = write_machine(tmp_path, machine) / DEVICES / "cpu/cpu0"
    for name in ("core_cpus_list", "thread_siblings_list"):
        (cpu0 / "topology" / name).write_text("0-2\n")
    (cpu0 / "topology/package_cpus_list").write_text("0-3\n")
    (cpu0 / "cache/index3/shared_cpu_list").write_text("0-3\n")
    # THEN its neighbours are one core, one socket and one L3 nonetheless
    topology = Topology.from_sysfs(tmp_path)
    assert places(topology) == [(0, 0, 0, 0, 0, 0), (1, 0, 0, 0, 0, 1), (3, 1, 0, 0, 0, 0)]
    assert topology.l3_bytes == {0: 32 << 20}


def test_sparse_numa_ids_are_kept(tmp_path: Path) -> None:
    # GIVEN a POWER machine: nodes 0 and 8, and a third that is memory alone
    machine = [Cpu(n, core=n, socket=n // 2, node=8 * (n // 2), l3=None) for n in range(4)]
    topology = Topology.from_sysfs(write_machine(tmp_path, machine, empty_nodes=[252]))
    # THEN the numbers are the operating system's, and memory alone is no place for a core
    assert topology.numa_nodes == (0, 8)
    assert [t.numa_node for t in topology.threads] == [0, 0, 8, 8]


def test_several_numa_nodes_under_one_l3(tmp_path: Path) -> None:
    # GIVEN sub-NUMA clustering with interleaved numbers: two nodes, one L3
    machine = [Cpu(n, core=n, node=n % 2) for n in range(4)]
    topology = Topology.from_sysfs(write_machine(tmp_path, machine))
    assert [(t.cpu, t.numa_node, t.l3) for t in topology.threads] == [(0, 0, 0), (2, 0, 0), (1, 1, 0), (3, 1, 0)]


@pytest.mark.parametrize(
    "told_by", ["node/node*/cpulist", "node/node*/cpumap", "node/node*/cpu[0-9]*", "cpu/cpu*/node*"]
)
def test_one_source_is_enough_to_place_cpus_on_numa_nodes(tmp_path: Path, told_by: str) -> None:
    # GIVEN a machine that tells its NUMA nodes in but one of four ways
    devices = write_machine(tmp_path, INTERLEAVED, kernel=Kernel(masks=True)) / DEVICES
    ways = {"node/node*/cpulist", "node/node*/cpumap", "node/node*/cpu[0-9]*", "cpu/cpu*/node*"}
    for path in [path for way in ways - {told_by} for path in devices.glob(way)]:
        path.unlink()
    # THEN it has them
    assert [(t.cpu, t.numa_node) for t in Topology.from_sysfs(tmp_path).threads[2:6]] == [
        (4, 0),
        (6, 0),
        (1, 1),
        (3, 1),
    ]


@pytest.mark.parametrize("machine", [INTERLEAVED, SMT_FAR_APART], ids=["interleaved", "SMT"])
@pytest.mark.parametrize(
    "kernel",
    [
        Kernel(lists=False, masks=True),
        Kernel(lists=True, masks=True),
        Kernel(names_cores=False),
        Kernel(lists=False, masks=True, names_cores=False, has_online=False),
    ],
    ids=["only masks", "both", "before 5.3", "only masks before 5.3"],
)
def test_every_kernel_tells_the_same_machine(tmp_path: Path, machine: list[Cpu], kernel: Kernel) -> None:
    usual = Topology.from_sysfs(write_machine(tmp_path / "usual", machine))
    other = Topology.from_sysfs(write_machine(tmp_path / "other", machine, kernel=kernel))
    assert other.threads == usual.threads
    assert other.l3_bytes == usual.l3_bytes


def test_masks_wider_than_a_word(tmp_path: Path) -> None:
    machine = [Cpu(n, core=n, l3=n // 32) for n in (0, 1, 31, 32, 33, 63)]
    topology = Topology.from_sysfs(write_machine(tmp_path, machine, kernel=Kernel(lists=False, masks=True)))
    assert [(t.cpu, t.l3) for t in topology.threads] == [(0, 0), (1, 0), (31, 0), (32, 1), (33, 1), (63, 1)]


def test_without_numa_support_all_memory_is_one_node(tmp_path: Path) -> None:
    machine = [Cpu(n, core=n, socket=n // 2) for n in range(4)]
    topology = Topology.from_sysfs(write_machine(tmp_path, machine, kernel=Kernel(has_nodes=False)))
    assert topology.numa_nodes == (0,)
    assert topology.sockets == (0, 1)


def test_sockets_whose_ids_are_unknown_are_told_apart_by_their_cpus(tmp_path: Path) -> None:
    write_machine(tmp_path, INTERLEAVED)
    for path in tmp_path.glob(f"{DEVICES}/cpu/cpu*/topology/physical_package_id"):
        path.write_text("-1\n")
    assert [t.socket for t in Topology.from_sysfs(tmp_path).threads] == [0] * 4 + [1] * 4


def test_cores_of_one_module_are_separate(tmp_path: Path) -> None:
    # GIVEN a kernel that lists two cores with ids of their own as siblings
    write_machine(tmp_path, [Cpu(0, core=0), Cpu(1, core=0)])
    (tmp_path / DEVICES / "cpu/cpu1/topology/core_id").write_text("1\n")
    assert len(Topology.from_sysfs(tmp_path).cores) == 2


def test_a_cpu_of_which_nothing_is_known_is_a_core(tmp_path: Path) -> None:
    # GIVEN a virtual machine that shows which cpus are online and nothing more
    for cpu in range(2):
        (tmp_path / DEVICES / f"cpu/cpu{cpu}").mkdir(parents=True)
    (tmp_path / DEVICES / "cpu/online").write_text("0-1\n")
    assert places(Topology.from_sysfs(tmp_path)) == [(0, 0, 0, 0, None, 0), (1, 1, 0, 0, None, 0)]


def test_folders_that_only_look_like_cpus_are_passed_over(tmp_path: Path) -> None:
    write_machine(tmp_path, [Cpu(0, core=0)], kernel=Kernel(has_online=False))
    for name in ("cpufreq", "cpuidle", "cpu7x", "hotplug"):
        (tmp_path / DEVICES / "cpu" / name / "topology").mkdir(parents=True)
    assert [t.cpu for t in Topology.from_sysfs(tmp_path).threads] == [0]


def test_all_of_another_machine_is_allowed(tmp_path: Path) -> None:
    topology = Topology.from_sysfs(write_machine(tmp_path, SMT_FAR_APART))
    assert topology.limits.allowed_cpus == tuple(range(16))
    assert all(t.allowed for t in topology.threads)
    assert topology.source == str(tmp_path)


def test_a_folder_without_sys_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(
        TopologyError, match="holds no sys/devices/system/cpu; expected a Linux machine's root"
    ) as caught:
        Topology.from_sysfs(tmp_path)
    assert isinstance(caught.value, DeepschedError)
    assert str(tmp_path) in str(caught.value)


def test_a_machine_without_online_cpus_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / DEVICES / "cpu").mkdir(parents=True)
    with pytest.raises(TopologyError, match="without hardware threads"):
        Topology.from_sysfs(tmp_path)


@pytest.mark.parametrize("name", ["online", "cpu0/topology/core_cpus_list", "cpu0/cache/index3/shared_cpu_list"])
@pytest.mark.parametrize("content", [b"many\n", b"0-99999999\n", b"\xff\xfe\n"])
def test_files_that_make_no_sense_are_a_typed_error(tmp_path: Path, name: str, content: bytes) -> None:
    write_machine(tmp_path, [Cpu(0, core=0), Cpu(1, core=1)])
    (tmp_path / DEVICES / "cpu" / name).write_bytes(content)
    with pytest.raises(TopologyError, match="cpu list"):
        Topology.from_sysfs(tmp_path)
