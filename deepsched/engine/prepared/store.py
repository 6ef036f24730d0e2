"""The folder of prepared models: private, under a size bound, the model used longest ago out first."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import platformdirs

from deepsched.engine.prepared.obstacle import NotPreparedError
from deepsched.errors import OptionError

FOLDER_VARIABLE = "DEEPSCHED_CACHE_DIR"
SIZE_VARIABLE = "DEEPSCHED_CACHE_SIZE"
_DEFAULT_SIZE = 8 << 30
# So many folders are looked through in a few milliseconds.
_MOST_ENTRIES = 1000
# A folder that is half made, or half taken away, after so long is what a killed process left.
_ABANDONED_S = 24 * 3600
_UNFINISHED = ".part"
_ENTRY_NAME = re.compile(r"[0-9a-f]{64}(-node\d+)?")
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def open_store() -> Path:
    """Give the folder of prepared models, made where it is missing: ``models`` in the user's cache folder.

    The environment variable ``DEEPSCHED_CACHE_DIR`` names another place for the cache folder.

    Raises
    ------
    NotPreparedError
        If it belongs to somebody else, or the user has no home.
    OSError
        If it cannot be made.
    """
    chosen = os.environ.get(FOLDER_VARIABLE)
    root = Path(chosen or platformdirs.user_cache_path("deepsched", appauthor=False)).absolute() / "models"
    if "~" in root.parts:
        raise NotPreparedError(f"this user has no home folder for a cache; {FOLDER_VARIABLE} can name a place")
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = root.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise NotPreparedError(f"{root} belongs to another user; {FOLDER_VARIABLE} can name another place")
    if stat.S_IMODE(status.st_mode) & 0o077:
        root.chmod(0o700)
    return root


def read_size_bound() -> int:
    """Read how many bytes prepared models may take: ``DEEPSCHED_CACHE_SIZE``, such as ``500M`` or ``20G``, or 8 GiB.

    Raises
    ------
    OptionError
        If it is no size.
    """
    given = os.environ.get(SIZE_VARIABLE, "")
    if not given:
        return _DEFAULT_SIZE
    match = re.fullmatch(r"(\d+)([KMGT]?)", given.strip().upper())
    if match is None:
        raise OptionError(f"{SIZE_VARIABLE} is {given!r}; expected a number of bytes, such as 500M, 20G or 0.")
    return int(match[1]) * _UNITS[match[2]]


def make_unfinished(store: Path, name: str) -> Path:
    """Make a new folder that nobody reads, beside the entries: it becomes the entry `name` by one rename."""
    return Path(tempfile.mkdtemp(prefix=f"{name}.", suffix=_UNFINISHED, dir=store))


def clear_unfinished(store: Path, name: str) -> None:
    """Remove what builders of `name` left that were killed. The entry's lock is held."""
    for path in store.glob(f"{name}.*{_UNFINISHED}"):
        remove(path)


def throw_away(path: Path) -> None:
    """Remove an entry so that nobody ever sees a part of it; whoever has mapped its files keeps them."""
    if os.path.lexists(path):
        trash = make_unfinished(path.parent, path.name)
        path.rename(trash / "entry")
        remove(trash)


def remove(path: Path) -> None:
    """Remove a folder as far as possible."""
    shutil.rmtree(path, ignore_errors=True)


def measure_folder(folder: Path) -> int:
    """Count the bytes of the files in a folder."""
    return sum(path.lstat().st_size for path in folder.iterdir())


def evict(store: Path, keep: Path, bound: int) -> None:
    """Remove the entries used longest ago until the rest, `keep` among it, is within `bound` bytes."""
    entries = []
    for folder in store.iterdir():
        with suppress(OSError):  # another process removes it at this moment
            used = folder.lstat().st_mtime
            if folder.name.endswith(_UNFINISHED):
                if time.time() - used > _ABANDONED_S:
                    remove(folder)
            elif folder != keep and _ENTRY_NAME.fullmatch(folder.name):
                entries.append((used, folder, measure_folder(folder)))
    total = measure_folder(keep) + sum(size for _, _, size in entries)
    left = 1 + len(entries)
    for _, folder, size in sorted(entries):
        if total <= bound and left <= _MOST_ENTRIES:
            break
        with suppress(OSError):
            throw_away(folder)
        total -= size
        left -= 1
