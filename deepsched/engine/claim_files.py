"""Lock files that say which cpus each process holds.

One file an engine, in a folder of the user's own. A file counts while its `flock(2)` stands: the kernel ends that with
the process, however it dies, and whoever finds a file without it removes it. The lock of one more file, the guard,
makes reading the others' files and writing one's own a single step.

Other users' engines are not seen: a folder that everybody may write is a folder in which anybody may lie. Nor are those
of containers with a file system of their own.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import tempfile
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

try:
    import fcntl
except ImportError:  # Windows: no claims, as there is no pinning
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUFFIX = ".claim"
_GUARD_SECONDS = 5.0
_MOST_BYTES = 1 << 20
_LONGEST_NAME = 80
# O_NOFOLLOW: a link leads elsewhere. O_NONBLOCK: opening a pipe would wait for its other end.
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)

# The files of this process, each with the descriptor that bears its lock.
_own: dict[str, int] = {}
logger = logging.getLogger("deepsched")


@dataclass(frozen=True, slots=True)
class Claim:
    """Which cpus a process holds, and who it is: its number, its command or notebook, and since when (ISO 8601)."""

    cpus: tuple[int, ...]
    num_streams: int
    pid: int
    name: str
    since: str


@contextmanager
def guard_claims() -> Iterator[Path | None]:
    """Keep other processes, and other threads of this one, from reading or writing claims meanwhile.

    Gives the folder of the claims, or None, with a line in the log, where there is none that can be written.
    """
    try:
        folder = find_folder()
        guard = os.open(folder / "guard.lock", os.O_RDWR | os.O_CREAT | _FLAGS, 0o600)
    except OSError as error:
        logger.warning("engines of other processes are not seen, nor do they see this one: %s", error)
        yield None
        return
    try:
        _await_lock(guard)
        yield folder
    finally:
        # A child forked meanwhile has a copy of the descriptor: closing ours would leave the lock with the child.
        with suppress(OSError):
            fcntl.flock(guard, fcntl.LOCK_UN)
        os.close(guard)


def read_claims(folder: Path) -> tuple[Claim, ...]:
    """Read what other processes claim, and remove what dead ones left behind. The guard is held."""
    paths = [path for path in sorted(folder.glob(f"*{_SUFFIX}")) if str(path) not in _own]
    return tuple(claim for claim in map(_read_claim, paths) if claim is not None)


def write_claim(folder: Path, claim: Claim) -> str | None:
    """Write a claim; give what `release_claim` takes, or None, with a line in the log, if it cannot be written.

    The guard is held.
    """
    path = folder / f"{claim.pid}-{uuid.uuid4().hex}{_SUFFIX}"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _FLAGS, 0o600)
        _own[str(path)] = descriptor
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(descriptor, json.dumps(asdict(claim)).encode())
    except OSError as error:
        logger.warning("other processes are not told which cpus this one holds: %s", error)
        release_claim(str(path))
        return None
    return str(path)


def release_claim(path: str | None) -> None:
    """Take a claim back, if there is one. In a child of fork there is none: it is the parent's.

    Takes no lock of ours: the garbage collector may call it at any moment.
    """
    descriptor = None if path is None else _own.get(path)
    if path is None or descriptor is None:
        return
    with suppress(OSError):
        Path(path).unlink()
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)
    # Last: until here another thread would take the file for somebody else's.
    _own.pop(path, None)


def find_folder() -> Path:
    """Find the folder of the claims, and make it if need be.

    It lies in the user's runtime folder (``XDG_RUNTIME_DIR`` or ``/run/user/<uid>``), else in the temporary one.
    platformdirs knows these as well, but warns everybody who has no runtime folder, as is usual in containers.

    Raises
    ------
    OSError
        If none can be written, or the system has no `flock`.
    """
    if fcntl is None:
        raise OSError("this system has no flock")
    user = os.getuid()
    folders = [Path(tempfile.gettempdir()) / f"deepsched-{user}"]
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{user}")
    # Under sudo the variable may be another user's: a folder of root's in there would lock its owner out.
    if runtime.is_absolute() and _is_private(runtime, user):
        folders.insert(0, runtime / "deepsched")
    for folder in folders:
        with suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
        if _is_private(folder, user) and os.access(folder, os.W_OK | os.X_OK):
            return folder
    raise OSError(f"none of {', '.join(map(str, folders))} is a folder that only this user may write")


def _is_private(folder: Path, user: int) -> bool:
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == user and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _await_lock(guard: int) -> None:
    """Wait for the guard, but not for ever: its holder may have been stopped by a debugger."""
    deadline = time.monotonic() + _GUARD_SECONDS
    while True:
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                logger.warning("another process keeps the claims on cpus locked; going on without the lock.")
                return
            time.sleep(0.005)
        except OSError as error:  # a file system without locks
            logger.warning("claims on cpus cannot be locked: %s", error)
            return
        else:
            return


def _read_claim(path: Path) -> Claim | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | _FLAGS)
    except OSError:  # gone meanwhile, a link, or not ours to read
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _parse_claim(os.read(descriptor, _MOST_BYTES))
        path.unlink(missing_ok=True)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return None


def _parse_claim(text: bytes) -> Claim | None:
    """Read a file's text, or None if it is no claim: whatever stands there, nothing else happens."""
    try:
        claim = Claim(**json.loads(text))
        datetime.fromisoformat(claim.since).astimezone()
        cpus = tuple(map(_check_number, claim.cpus))
        name = "".join(c if c.isprintable() else "?" for c in str(claim.name)[:_LONGEST_NAME])
        return Claim(cpus, _check_number(claim.num_streams), _check_number(claim.pid), name, claim.since)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None


def _check_number(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(value)
    return value


def _disown() -> None:
    """Leave the parent's claims to the parent: closing these copies neither ends its locks nor outlives them."""
    while _own:
        with suppress(OSError):
            os.close(_own.popitem()[1])


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disown)
