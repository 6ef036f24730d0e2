"""One prepared model on disk: its folder, and whether what lies there may be trusted.

A folder is trusted only if it and all in it belong to this user, nobody else may write there, nothing is missing or
added, and every file has the size and the sha256 that its manifest says.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MODEL_FILE = "model.onnx"
_MANIFEST = "manifest.json"
_LONGEST_MANIFEST = 1 << 16
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH

# What this process has read whole: while the stamps of all files stay the same, it need not be read again.
_verified: dict[Path, tuple[tuple[int, ...], ...]] = {}


class UntrustedError(Exception):
    """What lies in the folder is not what was put there."""


def seal_entry(folder: Path, name: str) -> None:
    """Write the manifest of a folder whose files are complete and which is to be the entry `name`; allow no changes."""
    files = {path.name: _measure(path) for path in sorted(folder.iterdir())}
    (folder / _MANIFEST).write_text(json.dumps({"name": name, "files": files}, indent=1))
    for path in folder.iterdir():
        path.chmod(0o400)
    # This process need not read what it has just written.
    _verified[folder.with_name(name)] = _stamp_all(folder)


def find_model(folder: Path) -> Path | None:
    """Check the entry in `folder` and give its model; None if there is no entry.

    Raises
    ------
    UntrustedError
        If it is damaged, incomplete, or open to others.
    """
    try:
        status = folder.lstat()
    except FileNotFoundError:
        return None
    try:
        _check_ours(folder, status, stat.S_ISDIR)
        stamps = _stamp_all(folder)
        if _verified.get(folder) != stamps:
            _check_files(folder, _read_manifest(folder))
            _verified[folder] = stamps
            with suppress(OSError):
                os.utime(folder)  # its last use, for `store.evict`
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UntrustedError(str(error)) from error
    return folder / MODEL_FILE


def _read_manifest(folder: Path) -> Any:
    with (folder / _MANIFEST).open("rb") as file:
        manifest: dict[str, Any] = json.loads(file.read(_LONGEST_MANIFEST))
    if manifest["name"] != folder.name:
        raise ValueError(f"{folder.name} holds the files of {manifest['name']}")
    return manifest["files"]


def _check_files(folder: Path, expected: object) -> None:
    found = {path.name: _measure(path) for path in sorted(folder.iterdir()) if path.name != _MANIFEST}
    if found != expected:
        raise ValueError(f"{folder.name} is damaged: the files are not those of the manifest")


def _measure(path: Path) -> dict[str, object]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def _stamp_all(folder: Path) -> tuple[tuple[int, ...], ...]:
    return tuple(_stamp(path) for path in sorted(folder.iterdir()))


def _stamp(path: Path) -> tuple[int, ...]:
    status = path.lstat()
    _check_ours(path, status, stat.S_ISREG)
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _check_ours(path: Path, status: os.stat_result, is_kind: Callable[[int], bool]) -> None:
    if not is_kind(status.st_mode):
        raise ValueError(f"{path} is of another kind")
    if status.st_uid != os.geteuid() or status.st_mode & _OTHERS_WRITE:
        raise ValueError(f"{path} can be written by others")
