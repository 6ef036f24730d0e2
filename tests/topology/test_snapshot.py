"""Recording this machine for another to read."""

from __future__ import annotations

import getpass
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deepsched import DeepschedError, Topology
from deepsched.errors import OptionError
from deepsched.topology.snapshot import _Recorder, save_snapshot
from deepsched.topology.sysfs import describe_machine
from tests.topology.sysfs_machines import MACHINES
from tests.topology.sysfs_tree import write_machine


def list_files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_snapshot_is_the_same_machine(tmp_path: Path) -> None:
    save_snapshot(tmp_path / "machine")
    saved, here = Topology.load(tmp_path / "machine"), Topology.detect()
    assert saved.threads == here.threads
    assert saved.l3_bytes == here.l3_bytes
    assert saved.limits.allowed_cpus == here.limits.allowed_cpus
    assert saved.source == str(tmp_path / "machine")


def test_a_snapshot_has_the_limits_of_the_process_that_took_it(tmp_path: Path) -> None:
    # GIVEN a process that may use one cpu only
    first = min(os.sched_getaffinity(0))
    code = (
        "import json, sys; from deepsched import Topology; from deepsched.topology.snapshot import save_snapshot;"
        "save_snapshot(sys.argv[1]); print(json.dumps(Topology.detect().to_dict()['threads']))"
    )
    done = subprocess.run(
        ["taskset", "-c", str(first), sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    # THEN another process sees the whole machine in it, and that one cpu allowed
    saved = Topology.from_sysfs(tmp_path)
    assert saved.to_dict()["threads"] == json.loads(done.stdout)
    assert saved.limits.allowed_cpus == (first,)


def test_the_files_written_are_told(tmp_path: Path) -> None:
    written = save_snapshot(tmp_path)
    assert written == list_files(tmp_path)
    assert "sys/devices/system/cpu/online" in written
    assert [path for path in written if not path.startswith("sys/")] == ["proc/self/status"]


def test_a_snapshot_names_nothing_private(tmp_path: Path) -> None:
    # GIVEN what must not be told: the names of host, user and control groups
    groups = {part for part in re.split(r"[/:\s]", Path("/proc/self/cgroup").read_text()) if len(part) > 12}
    private = {socket.gethostname(), getpass.getuser(), *groups}
    written = save_snapshot(tmp_path)
    for path in written:
        text = (tmp_path / path).read_text()
        # THEN there are numbers, sizes and the three words of caches, and not one name
        assert re.fullmatch(r"(Cpus_allowed_list:\t)?([\da-f,-]+[KMG]?|Data|Instruction|Unified)\n", text), path
        assert not any(name in re.split(r"\W", text) for name in private)
    assert (tmp_path / "proc/self/status").read_text().count("\n") == 1


@pytest.mark.parametrize("name", MACHINES)
def test_what_the_reader_reads_is_all_it_needs(tmp_path: Path, name: str) -> None:
    # GIVEN another machine, some of whose cpus are allowed
    cpus, options = MACHINES[name]
    online = [str(cpu.number) for cpu in cpus if cpu.online]
    files = {**options.get("files", {}), "proc/self/status": "Cpus_allowed_list:\t" + ",".join(online[::2])}
    machine = write_machine(tmp_path / "machine", cpus, **{**options, "files": files})
    # WHEN it is recorded while being read
    recorder = _Recorder(str(machine), tmp_path / "copy")
    described = describe_machine(recorder, "machine")
    # THEN the few files recorded are the same machine
    copied = Topology.from_sysfs(tmp_path / "copy")
    assert copied.threads == described.threads
    assert copied.l3_bytes == described.l3_bytes
    assert copied.limits == described.limits
    assert list_files(tmp_path / "copy") == sorted(recorder.written)
    assert set(recorder.written) < set(list_files(machine))


def test_an_empty_folder_will_do(tmp_path: Path) -> None:
    assert save_snapshot(str(tmp_path))


def write_file(path: Path) -> Path:
    path.write_text("mine")
    return path


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda folder: write_file(folder / "notes.txt"), "is a file; a snapshot needs a new or an empty folder"),
        (lambda folder: write_file(folder / "notes.txt").parent, "is not empty; a snapshot needs"),
        (lambda folder: write_file(folder / "notes.txt") / "below", "cannot hold a snapshot"),
        (lambda folder: folder / ("x" * 5000), "cannot hold a snapshot"),
        (lambda folder: "\0", "cannot hold a snapshot"),
        (lambda folder: "/proc/deepsched", "cannot hold a snapshot"),
    ],
)
def test_a_folder_that_will_not_do_is_a_typed_error(tmp_path: Path, prepare, message: str) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        save_snapshot(prepare(tmp_path))
    assert isinstance(caught.value, DeepschedError)
    # THEN nothing was written over
    assert all(path.read_text() == "mine" for path in tmp_path.rglob("*"))
