"""Limits from recorded control groups, and, where we may make one, from a real one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deepsched.errors import TopologyError
from deepsched.topology.limits import read_limits
from deepsched.topology.model import Limits

ONLINE = frozenset(range(48))
V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n"
V1 = (
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
)


def write_tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def limits_of(root: Path, files: dict[str, str], environment: dict[str, str] | None = None) -> Limits:
    return read_limits(ONLINE, root=write_tree(root, files), environment=environment or {})


def test_without_control_groups_nothing_is_limited(tmp_path):
    assert limits_of(tmp_path, {}) == Limits(tuple(range(48)))


def test_the_tightest_quota_of_the_hierarchy_counts(tmp_path):
    files = {
        "proc/self/mountinfo": V2,
        "proc/self/cgroup": "0::/kubepods/pod1/box\n",
        "sys/fs/cgroup/kubepods/cpu.max": "400000 100000\n",
        "sys/fs/cgroup/kubepods/pod1/cpu.max": "150000 100000\n",
        "sys/fs/cgroup/kubepods/pod1/box/cpu.max": "max 100000\n",
    }
    limits = limits_of(tmp_path, files)
    assert limits.quota_cpus == 1.5
    assert limits.describe_quota(48) == "1.5 CPU by quota, 48 visible"
    assert limits.cap_cores(48) == 1


def test_version_2_cpusets_narrow_the_cpus(tmp_path):
    files = {
        "proc/self/mountinfo": V2,
        "proc/self/cgroup": "0::/job\n",
        "sys/fs/cgroup/cpuset.cpus.effective": "0-47\n",
        "sys/fs/cgroup/job/cpuset.cpus.effective": "4-7,12\n",
    }
    assert limits_of(tmp_path, files).allowed_cpus == (4, 5, 6, 7, 12)


def test_version_1_quota_and_cpuset(tmp_path):
    files = {
        "proc/self/mountinfo": V1,
        "proc/self/cgroup": "4:cpuset:/box\n3:cpu,cpuacct:/box\n1:name=systemd:/\n",
        "sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us": "200000\n",
        "sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/cpuset/box/cpuset.effective_cpus": "0-3\n",
    }
    limits = limits_of(tmp_path, files)
    assert (limits.allowed_cpus, limits.quota_cpus) == ((0, 1, 2, 3), 2.0)


def test_a_container_sees_only_its_part_of_the_tree(tmp_path):
    # GIVEN a mount that shows /docker/abc as its root, and a path that still names the whole
    mount = "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n"
    files = {
        "proc/self/mountinfo": mount,
        "proc/self/cgroup": "0::/docker/abc\n",
        "sys/fs/cgroup/cpu.max": "100000 100000\n",
    }
    assert limits_of(tmp_path, files).quota_cpus == 1.0


def test_a_path_outside_the_namespace_is_not_followed(tmp_path):
    files = {
        "proc/self/mountinfo": V2,
        "proc/self/cgroup": "0::/../other\n",
        "sys/fs/cgroup/cpu.max": "300000 100000\n",
        "sys/fs/other/cpu.max": "100000 100000\n",
    }
    assert limits_of(tmp_path, files).quota_cpus == 3.0


@pytest.mark.parametrize(
    ("text", "quota"), [("2", 2.0), ("0.5", 0.5), ("", None), ("None", None), ("-1", None), ("inf", None)]
)
def test_jupyterhubs_limit(tmp_path, text, quota):
    assert limits_of(tmp_path, {}, {"CPU_LIMIT": text}).quota_cpus == quota


def test_the_smallest_limit_wins(tmp_path):
    files = {"proc/self/mountinfo": V2, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "300000 100000\n"}
    limits = limits_of(tmp_path, files, {"CPU_LIMIT": "2"})
    assert limits.describe_quota(48) == "2.0 CPU by CPU_LIMIT, 48 visible"


def test_no_cpu_left_is_an_error(tmp_path):
    files = {
        "proc/self/mountinfo": V2,
        "proc/self/cgroup": "0::/job\n",
        "sys/fs/cgroup/job/cpuset.cpus.effective": "60\n",
    }
    with pytest.raises(TopologyError, match="no online cpu"):
        limits_of(tmp_path, files)


def test_whole_cores_of_a_quota():
    assert [Limits((), quota).cap_cores(48) for quota in (None, 0.25, 1.0, 2.9, 100.0)] == [48, 1, 1, 2, 48]


def test_taskset_limits_topology_plan_and_engine_alike():
    code = (
        "import json; from deepsched import Topology, plan_streams, compile_model;"
        "from deepsched.measure import find_example; t = Topology.detect();"
        "e = compile_model(find_example('light_squeezenet'), scheduler='multi_stream', num_streams=1);"
        "print(json.dumps([t.limits.allowed_cpus, plan_streams(t).streams[0].cpus, e.plan.streams[0].cpus])); e.close()"
    )
    done = subprocess.run(
        ["taskset", "-c", "1", sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert json.loads(done.stdout) == [[1], [1], [1]]


@pytest.fixture
def under_quota():
    """Run a program under a quota of one cpu: in a control group where we may make one, else as JupyterHub tells it."""
    group = next((made for made in map(_make_group, CPU_CONTROLLERS) if made), None)

    def run(code: str) -> str:
        join = f"import os; open({str(group / 'cgroup.procs')!r}, 'w').write(str(os.getpid()));" if group else ""
        environment = os.environ | ({} if group else {"CPU_LIMIT": "1.0"})
        return subprocess.run(
            [sys.executable, "-c", join + code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout

    yield run
    if group:
        group.rmdir()


CPU_CONTROLLERS = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup/cpu,cpuacct"))


def _make_group(parent: Path) -> Path | None:
    group = parent / f"deepsched-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        return None
    for name, text in (("cpu.max", "100000 100000"), ("cpu.cfs_quota_us", "100000")):
        if (group / name).exists():
            (group / name).write_text(text)
            return group
    group.rmdir()
    return None


def test_a_quota_limits_topology_plan_engine_and_map_alike(under_quota):
    shown = json.loads(
        under_quota(
            "import json; from deepsched import Topology, plan_streams, compile_model;"
            "from deepsched.measure import find_example; from deepsched_widgets import MachineMap;"
            "t = Topology.detect(); p = plan_streams(t); m = MachineMap(p);"
            "e = compile_model(find_example('light_squeezenet'));"
            "print(json.dumps([t.limits.quota_cpus, p.num_cores, e.num_cores, m.plan['owners'].count(0),"
            "m.machine['title']])); e.close(); m.close()"
        )
    )
    assert shown[:4] == [1.0, 1, 1, 1]
    assert "quota of 1" in shown[4]
