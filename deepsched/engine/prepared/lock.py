"""One builder at a time: a lock that the kernel releases when its holder dies."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from deepsched.engine.prepared.obstacle import NotPreparedError

try:
    import fcntl
except ImportError:  # not on Windows
    CAN_LOCK = False
else:
    CAN_LOCK = True

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_POLL_S = 0.02


@contextmanager
def hold_lock(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock file at `path`, which goes with its last holder.

    Raises
    ------
    NotPreparedError
        If others hold it for more than `patience` seconds.
    OSError
        If it cannot be made.
    """
    deadline = time.monotonic() + patience
    while (file := _try_lock(path)) is None:
        if time.monotonic() > deadline:
            raise NotPreparedError(f"another process has been preparing it for more than {patience:g} s")
        time.sleep(_POLL_S)
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        # Not only closed: a child forked meanwhile has the file open too.
        fcntl.flock(file, fcntl.LOCK_UN)
        os.close(file)


def _try_lock(path: Path) -> int | None:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    held = False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The one who had it may have removed the file that is locked here; others lock the one that is there now.
        held = os.path.samestat(os.fstat(file), path.stat())
    except (BlockingIOError, FileNotFoundError):
        return None
    else:
        return file if held else None
    finally:
        if not held:
            os.close(file)
