"""Folders that are no machine's sysfs, or were one before somebody broke them."""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deepsched import Topology
from deepsched.errors import TopologyError
from tests.topology.sysfs_machines import MACHINES, stack
from tests.topology.sysfs_tree import DEVICES, Kernel, write, write_machine

if TYPE_CHECKING:
    from collections.abc import Iterator

MUTATIONS = 1000
BROKEN_MACHINES = ["desktop", "Meteor Lake", "DGX GB10", "EPYC 7451, L3s of three cores", "Bulldozer", "POWER9"]
CGROUP = {
    "proc/mounts": "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0",
    "proc/self/cgroup": "0::/job",
    "proc/self/status": "Cpus_allowed:\tff\nCpus_allowed_list:\t0-7",
    "sys/fs/cgroup/job/cpuset.cpus.effective": "0-7",
}
CONTENTS = [
    *(
        b"",
        b"\n",
        b"-1\n",
        b"-3-5\n",
        b"0\n",
        b"3\n",
        b"0-3\n",
        b"3-0\n",
        b"1,1,1,1\n",
        b"many\n",
        b"\0" * 64,
        b"\xff\xfe\n",
    ),
    *(b"99999999999999999999\n", b"9" * 100_000, b"0-65535\n", b"0-65536\n", b"0-65535," * 8000, b"f" * 16_384),
    *(
        b"ffffffff," * 2000,
        b"f" * 300_000,
        b"0x" * 5000,
        b"," * 10_000,
        b"\n" * 10_000,
        "²³\n".encode(),
        b"1e9\n",
        b"0-\n",
    ),
    *(bytes(range(256)), b"K\n", b"-8192K\n", b"99999999999999K\n", b"../../../etc/passwd\n"),
]

_opened: list[str] | None = None


def _note_opened(event: str, arguments: tuple[Any, ...]) -> None:
    if _opened is not None and event in {"open", "os.listdir", "os.scandir"}:
        _opened.append(os.fsdecode(arguments[0]))


# Python asks for this before each file and folder that it opens, by whatever function; inert outside of `watch_opened`.
sys.addaudithook(_note_opened)


@contextmanager
def watch_opened() -> Iterator[list[str]]:
    global _opened  # noqa: PLW0603 - an audit hook has no state of its own
    _opened = []
    try:
        yield _opened
    finally:
        _opened = None


def read_carefully(root: Path) -> Topology | None:
    """Read what is below `root`; see that nothing else was opened, and that the answer is an error or makes sense."""
    with watch_opened() as opened:
        try:
            topology = Topology.from_sysfs(root)
        except TopologyError:
            topology = None
    outside = [path for path in opened if not Path(path).is_relative_to(root)]
    assert not outside
    if topology is not None:
        check(topology)
    return topology


def check(topology: Topology) -> None:
    threads = topology.threads
    assert len({t.cpu for t in threads}) == len(threads)
    for numbers in (
        [t.core for t in threads],
        [t.socket for t in threads],
        [t.l3 for t in threads if t.l3 is not None],
    ):
        assert sorted(set(numbers)) == list(range(len(set(numbers))))
    cores = defaultdict(list)
    for t in threads:
        cores[t.core].append(t)
    for members in cores.values():
        assert len({(t.socket, t.numa_node, t.l3, t.kind) for t in members}) == 1
        assert [t.smt for t in members] == list(range(len(members)))
    assert topology.limits.allowed_cpus == tuple(sorted(t.cpu for t in threads if t.allowed)) != ()
    assert set(topology.l3_bytes) <= set(topology.l3_caches)
    assert {t.kind for t in threads} <= {None} or {t.kind for t in threads} <= {
        "performance",
        "efficiency",
        "low-power",
    }


def break_file(path: Path, before: bytes, dice: random.Random) -> str:
    """Break a file in one way, and tell which."""
    path.unlink()
    match dice.randrange(10):
        case 0:
            return "missing"
        case 1:
            path.mkdir()
            return "folder"
        case 2:
            path.symlink_to(dice.choice(["/etc/passwd", "/proc/self/status", "/dev/zero", "/"]))
            return "link out"
        case 3:
            path.symlink_to(path.name)
            return "link to itself"
        case 4:
            os.mkfifo(path)
            return "pipe"
        case 5:
            content = path.as_posix().encode()
        case 6:
            content = dice.randbytes(dice.randrange(1, 200))
        case 7:
            content = bytes(b ^ (1 << dice.randrange(8)) if dice.random() < 0.2 else b for b in before)
        case 8:
            content = before[: dice.randrange(len(before))] * dice.randrange(1, 4)
        case _:
            content = dice.choice(CONTENTS)
    path.write_bytes(content)
    return repr(content[:60])


def mend(path: Path, before: bytes) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
    path.write_bytes(before)


@pytest.mark.parametrize("name", BROKEN_MACHINES)
def test_a_broken_sysfs_is_a_typed_error_or_a_machine_that_makes_sense(tmp_path: Path, name: str) -> None:
    # GIVEN a machine, and dice that always fall the same way
    cpus, options = MACHINES[name]
    write_machine(tmp_path, cpus[:24], **{**options, "files": CGROUP})
    whole = Topology.from_sysfs(tmp_path)
    files = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()}
    dice = random.Random(name)
    for _ in range(MUTATIONS // len(BROKEN_MACHINES) + 1):
        # WHEN up to three of its files are broken
        broken = dice.sample(list(files), dice.randrange(1, 4))
        done = {str(path.relative_to(tmp_path)): break_file(path, files[path], dice) for path in broken}
        # THEN no other error comes, and nothing elsewhere is read
        try:
            read_carefully(tmp_path)
        except Exception as error:
            error.add_note(f"broken: {done}")
            raise
        for path in broken:
            mend(path, files[path])
    assert Topology.from_sysfs(tmp_path) == whole


@pytest.mark.parametrize("pattern", ["cpu/online", "cpu/cpu*/topology/*", "cpu/cpu*/cache/*/*", "node/node*/cpu[lm]*"])
@pytest.mark.parametrize("kernel", [Kernel(), Kernel(lists=False)], ids=["lists", "masks"])
def test_the_same_nonsense_in_many_files(tmp_path: Path, kernel: Kernel, pattern: str) -> None:
    write_machine(tmp_path, stack(sockets=2, cores=2, smt=2), kernel=kernel)
    paths = list((tmp_path / DEVICES).glob(pattern))
    for content in CONTENTS:
        for path in paths:
            path.write_bytes(content)
        read_carefully(tmp_path)


@pytest.mark.parametrize(
    "path", ["sys", "sys/devices/system/cpu", "sys/devices/system/cpu/cpu0", "sys/devices/system/cpu/cpu0/topology"]
)
@pytest.mark.parametrize("target", ["/sys", "/sys/devices/system/cpu", "/", ".", "..", "../../../../../../.."])
def test_links_are_not_followed_out(tmp_path: Path, path: str, target: str) -> None:
    root = write_machine(tmp_path / "machine", stack(cores=2))
    place = root / path
    shutil.rmtree(place)
    place.symlink_to(target)
    read_carefully(root)


def test_links_within_the_folder_are_followed(tmp_path: Path) -> None:
    # GIVEN a recording that keeps its cpus elsewhere, and shows them through relative and absolute links
    full = Topology.from_sysfs(write_machine(tmp_path, stack(cores=2, smt=2)))
    cpus = tmp_path / DEVICES / "cpu"
    (cpus / "cpu0").rename(tmp_path / "first")
    (cpus / "cpu0").symlink_to("../../../../first")
    (cpus / "cpu1/topology").rename(tmp_path / "second")
    (cpus / "cpu1/topology").symlink_to(tmp_path / "second")
    (cpus / "online").rename(tmp_path / "third")
    (cpus / "online").symlink_to(tmp_path / "third")
    assert Topology.from_sysfs(tmp_path).threads == full.threads


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    write_machine(tmp_path / "machine", stack(cores=2))
    (tmp_path / "link").symlink_to("machine")
    assert len(Topology.from_sysfs(tmp_path / "link").cores) == 2


def test_limits_are_not_looked_for_outside(tmp_path: Path) -> None:
    # GIVEN mounts and a cgroup whose paths lead out of the folder
    files = {"proc/mounts": "x /../../.. cgroup2 rw 0 0", "proc/self/cgroup": "0::/../../sys/fs/cgroup"}
    root = write_machine(tmp_path / "machine", stack(cores=2), files=files)
    write(tmp_path / "cpuset.cpus.effective", "1")
    topology = read_carefully(root)
    assert topology is not None
    assert topology.limits.allowed_cpus == (0, 1)


@pytest.mark.parametrize("depth", [300, 100_000])
def test_paths_without_end(tmp_path: Path, depth: int) -> None:
    deep = "/a" * depth
    files = {"proc/mounts": f"x {deep} cgroup2 rw 0 0\n" * 3, "proc/self/cgroup": f"0::{deep}"}
    assert read_carefully(write_machine(tmp_path, stack(cores=2), files=files)) is not None


def test_of_a_thousand_mounts_the_first_count(tmp_path: Path) -> None:
    # GIVEN a host of many containers
    mounts = "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n" + "overlay /var/lib/any overlay lowerdir=" * 10_000
    files = {"proc/mounts": mounts, "proc/self/cgroup": "0::/", "sys/fs/cgroup/cpuset.cpus.effective": "1"}
    topology = read_carefully(write_machine(tmp_path, stack(cores=2), files=files))
    assert topology is not None
    assert topology.limits.allowed_cpus == (1,)


def test_twenty_thousand_entries(tmp_path: Path) -> None:
    # GIVEN a folder with far more cpus than there are in any machine, and a list of those that are online
    write_machine(tmp_path, stack(cores=4))
    cpus = tmp_path / DEVICES / "cpu"
    for number in range(4, 20_000):
        (cpus / f"cpu{number}").touch()
    # THEN the list is what counts
    assert read_carefully(tmp_path) is not None
    assert [t.cpu for t in Topology.from_sysfs(tmp_path).threads] == [0, 1, 2, 3]
    # THEN without it nobody looks into every one of them
    (cpus / "online").unlink()
    with pytest.raises(TopologyError, match="holds 20000 cpus; no Linux has more than 8192"):
        Topology.from_sysfs(tmp_path)


@pytest.mark.parametrize("root", ["", "/no/such/folder", "\0", "x" * 5000, "/dev/null", "/etc/passwd", "~"])
def test_roots_that_are_none(root: str) -> None:
    with pytest.raises(TopologyError):
        Topology.from_sysfs(root)
