"""What a recording says of the cpus that its process might use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deepsched import Topology
from deepsched.errors import TopologyError
from tests.topology.sysfs_machines import stack
from tests.topology.sysfs_tree import write_machine

if TYPE_CHECKING:
    from pathlib import Path

MACHINE = stack(sockets=2, cores=4)
VERSION_2 = "proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0"


@pytest.mark.parametrize(
    ("files", "allowed"),
    [
        pytest.param({}, range(8), id="nothing"),
        pytest.param({"proc/self/status": "Name:\tcat\nPid:\t7"}, range(8), id="a status without it"),
        pytest.param(
            {"proc/self/status": "Name:\tcat\nCpus_allowed:\tff\nCpus_allowed_list:\t1-2,5\nMems_allowed:\t1"},
            (1, 2, 5),
            id="the list in the status",
        ),
        pytest.param({"proc/self/status": "Cpus_allowed:\t00000000,00000026"}, (1, 2, 5), id="the mask in the status"),
        pytest.param({"proc/self/status": "Cpus_allowed_list:\t0-4095"}, range(8), id="all there could be"),
        pytest.param(
            {
                "proc/self/status": "Cpus_allowed_list:\t0-5",
                "proc/mounts": VERSION_2,
                "proc/self/cgroup": "0::/job",
                "sys/fs/cgroup/job/cpuset.cpus.effective": "2-7",
            },
            (2, 3, 4, 5),
            id="both hold",
        ),
        pytest.param(
            {
                "proc/mounts": VERSION_2,
                "proc/self/cgroup": "0::/slice/job/step",
                "sys/fs/cgroup/slice/cpuset.cpus.effective": "1-2",
                "sys/fs/cgroup/slice/job/step/cpu.max": "max 100000",
            },
            (1, 2),
            id="the controller is on above only",
        ),
        pytest.param(
            {
                "proc/mounts": VERSION_2,
                "proc/self/cgroup": "0::/kubepods/pod1/abc",
                "sys/fs/cgroup/cpuset.cpus.effective": "4-5",
            },
            (4, 5),
            id="a container sees its own part",
        ),
        pytest.param(
            {"proc/self/cpuset": "/job", "sys/fs/cgroup/cpuset/job/cpuset.effective_cpus": "3"},
            (3,),
            id="version 1, mounts not recorded",
        ),
        pytest.param(
            {
                "proc/mounts": VERSION_2,
                "proc/self/cgroup": "0::/../../../job",
                "sys/fs/cgroup/cpuset.cpus.effective": "6",
            },
            (6,),
            id="a path that leads up",
        ),
        pytest.param(
            {"proc/mounts": "short\n\ncgroup2\nx y cgroup", "proc/self/cgroup": "no colons\n0:x\n::"},
            range(8),
            id="lines that make no sense",
        ),
    ],
)
def test_recorded_limits(tmp_path: Path, files: dict[str, str], allowed: tuple[int, ...]) -> None:
    topology = Topology.from_sysfs(write_machine(tmp_path, MACHINE, files=files))
    # THEN those cpus are allowed, and the others are in the picture all the same
    assert topology.limits.allowed_cpus == tuple(allowed)
    assert [t.cpu for t in topology.threads if t.allowed] == list(allowed)
    assert [t.cpu for t in topology.threads] == list(range(8))


def test_limits_that_leave_nothing_are_a_typed_error(tmp_path: Path) -> None:
    write_machine(tmp_path, MACHINE, files={"proc/self/status": "Cpus_allowed_list:\t64-71"})
    with pytest.raises(TopologyError, match="its proc/self allows the cpus 64-71, and none of them is online"):
        Topology.from_sysfs(tmp_path)


def test_limits_that_make_no_sense_are_a_typed_error_that_names_the_file(tmp_path: Path) -> None:
    write_machine(tmp_path, MACHINE, files={"proc/self/status": "Cpus_allowed_list:\tmost"})
    with pytest.raises(TopologyError, match="proc/self/status/Cpus_allowed_list: cpu list 'most'"):
        Topology.from_sysfs(tmp_path)


def test_this_machine_s_root_is_no_recording() -> None:
    # What this process may use is what the kernel says when asked, which is Topology.detect's affair.
    assert all(t.allowed for t in Topology.from_sysfs("/").threads)
    assert all(t.allowed for t in Topology.from_sysfs("/proc/..").threads)
