"""Small files of a machine's sysfs and procfs, read without ever leaving the folder that stands for its root."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from stat import S_ISLNK, S_ISREG

from deepsched.errors import TopologyError
from deepsched.topology.cpulist import parse_cpu_list, parse_cpu_mask

# What the largest Linux is built for (CONFIG_MAXSMP), and a bound on what nonsense can cost.
MAX_CPUS = 8192
# Only proc/mounts is ever longer, and what counts there stands near its beginning.
_MAX_BYTES = 1 << 18
# What is quoted of a file may be all of it.
_MAX_MESSAGE = 300
# Numbers of four digits in a list, and in a mask words of eight for 32 cpus each, with commas between.
_MAX_LIST = MAX_CPUS * 5
_MAX_MASK = MAX_CPUS // 32 * 9
_NUMBER = re.compile(r"0|[1-9][0-9]{0,5}")
# These hold masks; every other file that names cpus holds a list.
_MASKS = {"core_cpus", "thread_siblings", "package_cpus", "core_siblings", "shared_cpu_map", "cpumap", "Cpus_allowed"}


class Files:
    """The files of one machine, named by their path below its root, such as ``sys/devices/system/cpu/online``.

    Kernels differ in what they show and recordings in what they hold: anything may be missing, and that is never an
    error. A symbolic link is followed only to what lies below the root as well.

    Parameters
    ----------
    root : str
        The folder that holds ``sys`` and ``proc``; it need not exist.
    """

    def __init__(self, root: str) -> None:
        try:
            self.root = os.path.realpath(root)
        except ValueError:
            raise TopologyError(f"{root!r} cannot be the name of a folder.") from None
        self._folders: dict[str, str | None] = {"": self.root}

    def read(self, path: str) -> str | None:
        """Give a file's text without the white space around it, or None where no such file can be read."""
        folder, _, name = path.rpartition("/")
        place = self._enter(self._find(folder), name)
        if place is None:
            return None
        try:
            with open(place, "rb", opener=_open_at_once) as file:
                if not S_ISREG(os.fstat(file.fileno()).st_mode):
                    return None
                return file.read(_MAX_BYTES).decode("ascii", "replace").strip()
        except OSError:
            return None

    def read_cpus(self, *paths: str) -> frozenset[int] | None:
        """Read a set of cpus from the first of several files that names any.

        Returns
        -------
        frozenset of int or None
            Empty if no file names a cpu, None if there are no such files.

        Raises
        ------
        TopologyError
            If a file holds neither of the kernel's notations.
        """
        cpus = None
        for path in paths:
            text = self.read(path)
            if text is not None:
                cpus = self.parse_cpus(path, text)
            if cpus:
                break
        return cpus

    def parse_cpus(self, path: str, text: str) -> frozenset[int]:
        """Read the set of cpus in `text`, which is what stands at `path`: its last part tells mask from list."""
        try:
            return _parse_mask(text) if path.rpartition("/")[2] in _MASKS else _parse_list(text)
        except TopologyError as error:
            raise TopologyError(f"{self.root}/{path}: {str(error)[:_MAX_MESSAGE]}") from None

    def is_folder(self, path: str) -> bool:
        """Tell whether there is such a folder."""
        place = self._find(path)
        return place is not None and os.path.isdir(place)  # noqa: PTH112

    def list_numbers(self, folder: str, stem: str) -> list[int]:
        """Give the numbers of a folder's entries that are named `stem` and a number, in order: ``cpu0`` is 0."""
        place = self._find(folder)
        if place is None:
            return []
        try:
            with os.scandir(place) as entries:
                numbers = [entry.name[len(stem) :] for entry in entries if entry.name.startswith(stem)]
        except OSError:
            return []
        return sorted(int(number) for number in numbers if _NUMBER.fullmatch(number))

    def _find(self, folder: str) -> str | None:
        """Give a folder's real place, if it is there. Any step of the way may be a link; each is looked up once."""
        steps = []
        while folder not in self._folders:
            above, _, name = folder.rpartition("/")
            steps.append((folder, name))
            folder = above
        place = self._folders[folder]
        for step, name in reversed(steps):
            place = self._folders[step] = self._enter(place, name)
        return place

    def _enter(self, folder: str | None, name: str) -> str | None:
        if folder is None or name == "..":
            return None
        # Text, not Path objects: this is most of the time that reading a large machine takes.
        place = os.path.join(folder, name)  # noqa: PTH118
        try:
            mode = os.lstat(place).st_mode
        except (OSError, ValueError):  # a zero byte, or a name too long, in a path that some file gave
            return None
        if S_ISLNK(mode):
            place = os.path.realpath(place)
            if not place.startswith(os.path.join(self.root, "")):  # noqa: PTH118
                return None
        return place


def _open_at_once(path: str, flags: int) -> int:
    """Open a file without waiting, as a pipe would make us do for its other end."""
    return os.open(path, flags | os.O_NONBLOCK)


# The same few sets stand in the files of all cpus.
@lru_cache(maxsize=1024)
def _parse_list(text: str) -> frozenset[int]:
    _check_length(text, _MAX_LIST)
    cpus: set[int] = set()
    left = MAX_CPUS
    for part in text.split(","):
        some = parse_cpu_list(part)
        cpus |= some
        # Counted as we go: "0-8191" a thousand times over is quickly written.
        left -= len(some)
        if left < 0:
            raise TopologyError(f"cpu list {text[:40]!r}...: no Linux has more than {MAX_CPUS} cpus.")
    return frozenset(cpus)


@lru_cache(maxsize=1024)
def _parse_mask(text: str) -> frozenset[int]:
    _check_length(text, _MAX_MASK)
    return parse_cpu_mask(text)


def _check_length(text: str, longest: int) -> None:
    if len(text) > longest:
        raise TopologyError(f"cpu list or mask {text[:40]!r}...: no Linux has more than {MAX_CPUS} cpus.")
