"""Recording this machine's few files of sysfs, so that another machine can plan for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from deepsched.errors import OptionError
from deepsched.topology.cpulist import format_cpu_list
from deepsched.topology.detect import detect_topology
from deepsched.topology.sysfs import describe_machine
from deepsched.topology.sysfs_files import Files

if TYPE_CHECKING:
    from os import PathLike


def save_snapshot(folder: str | PathLike[str]) -> list[str]:
    """Copy what the reader reads of this machine, so that ``Topology.load(folder)`` elsewhere gives the same picture.

    The files hold numbers of cpus, cores, nodes and caches, and the cpus that this process may use: no name of a host,
    a person or a control group, and no serial number.

    Parameters
    ----------
    folder : str or path
        Where to write; made if it is not there.

    Returns
    -------
    list of str
        The files written, by their path below `folder`.

    Raises
    ------
    OptionError
        If `folder` is a file, is not empty, or cannot be written.
    TopologyError
        If this machine has no sysfs to be read.
    """
    target = _prepare(folder)
    recorder = _Recorder("/", target)
    describe_machine(recorder, "this machine")
    # The way to this process's cpuset would name its control groups; what comes of it is enough.
    allowed = detect_topology().limits.allowed_cpus
    recorder.write("proc/self/status", f"Cpus_allowed_list:\t{format_cpu_list(allowed)}")
    return sorted(recorder.written)


def _prepare(folder: str | PathLike[str]) -> Path:
    target = Path(os.fsdecode(folder))
    try:
        target.mkdir(parents=True, exist_ok=True)
        is_empty = next(target.iterdir(), None) is None
    except FileExistsError:
        raise OptionError(f"{str(target)!r} is a file; a snapshot needs a new or an empty folder.") from None
    except (OSError, ValueError) as error:
        raise OptionError(f"{str(target)!r} cannot hold a snapshot: {error}.") from error
    if not is_empty:
        raise OptionError(f"{str(target)!r} is not empty; a snapshot needs a new or an empty folder.")
    return target


class _Recorder(Files):
    """Files that leave a copy of whatever is read of them: by this the snapshot is what the reader needs, no more."""

    def __init__(self, root: str, target: Path) -> None:
        super().__init__(root)
        self.written: set[str] = set()
        self._target = target

    def write(self, path: str, text: str) -> None:
        folder, _, name = path.rpartition("/")
        self._make_folder(folder)
        try:
            (self._target / folder / name).write_text(f"{text}\n", encoding="ascii", errors="replace")
        except OSError as error:
            raise OptionError(f"{str(self._target)!r} cannot hold a snapshot: {error}.") from error
        self.written.add(path)

    def read(self, path: str) -> str | None:
        text = super().read(path)
        if text is not None:
            self.write(path, text)
        return text

    def is_folder(self, path: str) -> bool:
        there = super().is_folder(path)
        if there:
            self._make_folder(path)
        return there

    def list_numbers(self, folder: str, stem: str) -> list[int]:
        numbers = super().list_numbers(folder, stem)
        for number in numbers:
            self._make_folder(f"{folder}/{stem}{number}")
        return numbers

    def _make_folder(self, folder: str) -> None:
        try:
            (self._target / folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OptionError(f"{str(self._target)!r} cannot hold a snapshot: {error}.") from error
