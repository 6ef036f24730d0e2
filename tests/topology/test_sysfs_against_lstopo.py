"""hwloc's own lstopo reads the same sysfs, and must see the same machine."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from deepsched import Topology
from tests.topology.hwloc import export_xml, read_machine, see
from tests.topology.sysfs_machines import MACHINES, stack
from tests.topology.sysfs_tree import write_machine

if TYPE_CHECKING:
    from pathlib import Path


def ask_lstopo(root: Path) -> str:
    """Let lstopo read the files below `root` alone: neither the CPUID instruction nor anything else of this machine."""
    environment = {"HWLOC_FSROOT": str(root), "HWLOC_THISSYSTEM": "0", "HWLOC_COMPONENTS": "linux,stop"}
    return export_xml(None, "--no-io", "--disallowed", environment=environment)


def read_allowed(xml: str) -> frozenset[int]:
    """Read hwloc's ``0x00000001,0x80000000``, whose words may be left out where they are zero."""
    machine = ET.fromstring(xml).find("object")
    assert machine is not None
    words = [int(word or "0", 16) for word in reversed(machine.attrib["allowed_cpuset"].split(","))]
    return frozenset(32 * place + bit for place, word in enumerate(words) for bit in range(32) if word >> bit & 1)


@pytest.mark.parametrize("name", MACHINES)
def test_lstopo_sees_the_same_machine(tmp_path: Path, name: str) -> None:
    # GIVEN a machine's files
    cpus, options = MACHINES[name]
    write_machine(tmp_path, cpus, **options)
    # WHEN lstopo and we read them
    theirs, ours = read_machine(ask_lstopo(tmp_path)), see(Topology.from_sysfs(tmp_path))
    # THEN the same cpus share each core, L3, NUMA node and socket, in the same order
    assert ours.group() == theirs.group()
    assert ours.order == theirs.order
    # THEN the L3s have the same sizes
    assert ours.l3_sizes == theirs.l3_sizes


VERSION_1 = {"proc/mounts": "none /sys/fs/cgroup/cpuset cgroup rw,nosuid,cpuset 0 0"}
VERSION_2 = {"proc/mounts": "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0", "sys/fs/cgroup/cgroup.controllers": "cpuset cpu"}


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(
            {
                **VERSION_1,
                "proc/self/cgroup": "5:memory:/other\n4:cpuset:/job\n0::/third",
                "sys/fs/cgroup/cpuset/cpuset.cpus": "0-15",
                "sys/fs/cgroup/cpuset/job/cpuset.cpus": "1-2,9",
                "sys/fs/cgroup/cpuset/other/cpuset.cpus": "3",
            },
            id="version 1",
        ),
        pytest.param(
            {
                **VERSION_1,
                "proc/self/cpuset": "/job/step",
                "sys/fs/cgroup/cpuset/job/step/cpuset.cpus": "1-2,9",
            },
            id="version 1, named by proc/self/cpuset",
        ),
        pytest.param(
            {
                **VERSION_2,
                "proc/self/cgroup": "0::/slice/job",
                "sys/fs/cgroup/cpuset.cpus.effective": "0-15",
                "sys/fs/cgroup/slice/job/cpuset.cpus": "",
                "sys/fs/cgroup/slice/job/cpuset.cpus.effective": "1-2,9",
            },
            id="version 2",
        ),
        pytest.param(
            {
                "proc/mounts": "proc /proc proc rw 0 0\ncgroup2 /groups cgroup2 rw 0 0",
                "groups/cgroup.controllers": "cpuset cpu",
                "proc/self/cgroup": "0::/job",
                "groups/job/cpuset.cpus.effective": "1-2,9",
            },
            id="version 2, mounted elsewhere",
        ),
        pytest.param(
            {
                "proc/mounts": "any /dev/cpuset cpuset rw 0 0",
                "proc/self/cpuset": "/job",
                "dev/cpuset/job/cpus": "1-2,9",
            },
            id="before control groups",
        ),
        pytest.param(
            {**VERSION_1, "proc/self/cgroup": "4:cpuset:/", "sys/fs/cgroup/cpuset/cpuset.cpus": "0-15"},
            id="no limit",
        ),
        pytest.param({**VERSION_1, "proc/self/cgroup": "4:memory:/job"}, id="no cpuset"),
    ],
)
def test_lstopo_sees_the_same_limits(tmp_path: Path, files: dict[str, str]) -> None:
    # GIVEN a machine recorded by a process in a control group
    write_machine(tmp_path, stack(sockets=2, cores=4, smt=2), files=files)
    xml, topology = ask_lstopo(tmp_path), Topology.from_sysfs(tmp_path)
    # THEN the same cpus are allowed, and the others stay in the picture
    assert frozenset(topology.limits.allowed_cpus) == read_allowed(xml)
    assert {t.cpu for t in topology.threads if t.allowed} == read_allowed(xml)
    assert see(topology).group() == read_machine(xml).group()
