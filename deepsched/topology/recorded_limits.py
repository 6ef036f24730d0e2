"""Which cpus a recorded machine granted to the process that recorded it.

The mask of proc/self/status is that process's own; its cpuset (*cpuset(7)*, and cgroup-v2.rst's "Cpuset") is what
lstopo goes by. Where both are recorded, both hold.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deepsched.topology.sysfs_files import Files

_STATUS = "proc/self/status"
_ALLOWED = re.compile(r"^(Cpus_allowed(?:_list)?):[ \t]*(\S+)[ \t]*$", re.MULTILINE)
# Where cpusets usually are: version 2, version 1, and the file system that came before both.
_USUAL_MOUNTS = ("sys/fs/cgroup", "sys/fs/cgroup/cpuset", "dev/cpuset")
_CPUSET_FILES = ("cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus", "cpus")
# More than any machine has, and a bound on what a recording can cost.
_MOST_LINES = 1000
_MOST_MOUNTS = 8
_LONGEST_PATH = 4096


def read_recorded_limits(files: Files) -> frozenset[int] | None:
    """Give the cpus that were allowed, or None if the recording does not tell."""
    told = [cpus for cpus in (_read_status(files), _read_cpuset(files)) if cpus]
    return frozenset.intersection(*told) if told else None


def _read_status(files: Files) -> frozenset[int] | None:
    fields = dict(_ALLOWED.findall(files.read(_STATUS) or ""))
    for name in ("Cpus_allowed_list", "Cpus_allowed"):
        if name in fields:
            return files.parse_cpus(f"{_STATUS}/{name}", fields[name])
    return None


def _read_cpuset(files: Files) -> frozenset[int] | None:
    path = _find_cpuset(files)
    if path is None:
        return None
    for mount in dict.fromkeys((*_USUAL_MOUNTS, *islice(_find_mounts(files), _MOST_MOUNTS))):
        for folder in _descend(files, mount, path):
            cpus = files.read_cpus(*(f"{folder}/{name}" for name in _CPUSET_FILES))
            if cpus:
                return cpus
    return None


def _find_cpuset(files: Files) -> str | None:
    """Give the path of the process's cpuset, below wherever cpusets are mounted."""
    path = files.read("proc/self/cpuset")
    if path:
        return path
    for line in (files.read("proc/self/cgroup") or "").splitlines()[:_MOST_LINES]:
        _, _, rest = line.partition(":")
        controllers, colon, path = rest.partition(":")
        if colon and (not controllers or "cpuset" in controllers.split(",")):
            return path
    return None


def _find_mounts(files: Files) -> Iterator[str]:
    for line in (files.read("proc/mounts") or "").splitlines()[:_MOST_LINES]:
        _, place, kind, options, *_ = [*line.split(), "", "", "", ""]
        has_cpusets = kind in {"cgroup2", "cpuset"} or (kind == "cgroup" and "cpuset" in options.split(","))
        if has_cpusets and len(place) < _LONGEST_PATH:
            yield place.strip("/")


def _descend(files: Files, mount: str, path: str) -> list[str]:
    """Give the folders from the cpuset's own up to the mount, as far down as there are any.

    A container sees its cpuset as the mount itself, and still reads the whole path in proc/self/cpuset.
    """
    folders = [mount]
    for name in path.strip("/").split("/"):
        below = f"{folders[-1]}/{name}"
        if not name or not files.is_folder(below):
            break
        folders.append(below)
    return folders[::-1]
