"""What this process may use of the machine: affinity mask, cpusets, CPU quotas.

A quota is processor time, not cores: with ``cpu.max`` of one cpu every core still shows, and threads on all of them are
stopped together once the time is spent. Sources: the kernel's Documentation/admin-guide/cgroup-v2.rst (``cpu.max``,
``cpuset.cpus.effective``) and scheduler/sched-bwc.rst (version 1); JupyterHub's spawners export ``CPU_LIMIT``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from deepsched.errors import TopologyError
from deepsched.topology.cpulist import parse_cpu_list
from deepsched.topology.model import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ROOT = Path("/")


def read_limits(online: frozenset[int], *, root: Path = _ROOT, environment: Mapping[str, str] = os.environ) -> Limits:
    """Read what this process may use.

    Parameters
    ----------
    online : frozenset of int
        The machine's cpus.
    root : Path
        Where ``proc`` and ``sys`` lie; another root serves tests.
    environment : mapping
        Where ``CPU_LIMIT`` is looked for.

    Returns
    -------
    Limits
        The cpus that affinity mask and cpusets allow, and the smallest quota there is.

    Raises
    ------
    TopologyError
        If no cpu is left.
    """
    groups = list(_cgroups(root))
    allowed = online
    if root == _ROOT and sys.platform.startswith("linux"):
        allowed &= os.sched_getaffinity(0)
    for group in groups:
        for name in ("cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus"):
            cpuset = _read(group / name)
            if cpuset:
                allowed &= parse_cpu_list(cpuset)
                break
    if not allowed:
        raise TopologyError("affinity mask and cpusets leave this process no online cpu.")
    quotas = [*_group_quotas(groups), *_environment_quota(environment)]
    quota, source = min(quotas, default=(None, "quota"))
    return Limits(tuple(sorted(allowed)), quota, source)


def _group_quotas(groups: list[Path]) -> Iterator[tuple[float, str]]:
    for group in groups:
        words = _read(group / "cpu.max").split()
        if not words:
            words = [_read(group / "cpu.cfs_quota_us"), _read(group / "cpu.cfs_period_us")]
        try:
            quota, period = (float(word) for word in words)
        except ValueError:  # "max 100000", or no such files
            continue
        if quota > 0 and period > 0:
            yield quota / period, "quota"


def _environment_quota(environment: Mapping[str, str]) -> Iterator[tuple[float, str]]:
    try:
        limit = float(environment.get("CPU_LIMIT", ""))
    except ValueError:
        return
    if 0 < limit < float("inf"):
        yield limit, "CPU_LIMIT"


def _cgroups(root: Path) -> Iterator[Path]:
    """Give the folders of this process's control groups, each followed by its ancestors: the tightest limit counts."""
    mounts = list(_cgroup_mounts(root))
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        for mount, mounted_path, mounted_controllers in mounts:
            if controllers and not mounted_controllers & set(controllers.split(",")):
                continue
            if not controllers and mounted_controllers:
                continue
            inner = PurePosixPath(path)
            # In a container the mount shows a part of the tree only, and that part is what the path is below.
            if inner.is_relative_to(mounted_path):
                inner = PurePosixPath("/") / inner.relative_to(mounted_path)
            for step in (inner, *inner.parents):
                folder = root / mount.relative_to("/") / step.relative_to("/")
                if ".." not in step.parts and folder.is_dir():
                    yield folder


def _cgroup_mounts(root: Path) -> Iterator[tuple[PurePosixPath, PurePosixPath, set[str]]]:
    """Give each mount of a cgroup tree: where, which part of the tree, and version 1's controllers (none: version 2).

    The format is that of proc_pid_mountinfo(5).
    """
    for line in _read(root / "proc/self/mountinfo").splitlines():
        before, dash, after = line.partition(" - ")
        fields, kind = before.split(), after.split()
        if dash and len(fields) > 4 and len(kind) > 2 and kind[0] in {"cgroup", "cgroup2"}:  # noqa: PLR2004
            controllers = set(kind[2].split(",")) - {"rw", "ro"} if kind[0] == "cgroup" else set()
            yield PurePosixPath(fields[4]), PurePosixPath(fields[3]), controllers


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
