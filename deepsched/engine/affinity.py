"""Pinning threads to cpus, and doing a piece of work in a thread that is pinned.

Only Linux can do this; elsewhere threads are left where they are and `CAN_PIN` is False.
"""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from collections.abc import Set as AbstractSet

T = TypeVar("T")

CAN_PIN = hasattr(os, "sched_setaffinity")
_TASKS = Path("/proc/self/task")
# The kernel cuts a thread's name there; see prctl(2), PR_SET_NAME.
_NAME_LENGTH = 15
_REFUSALS = {
    errno.EINVAL: "this process's control group (cpuset) allows none of these cpus",
    errno.EPERM: "a sandbox forbids pinning",
}


def call_pinned(cpus: frozenset[int] | None, name: str, work: Callable[[], T]) -> T:
    """Call `work` in a thread of its own, named `name` and pinned to `cpus`, and give back what it returns.

    Where the system refuses the pin, `work` runs all the same: `deepsched.engine.placement` finds out and tells.

    Threads that `work` starts inherit both the mask and the name: so onnxruntime's workers end up on their
    stream's cores, and can be told apart in ``/proc`` and in ``top -H``.

    Parameters
    ----------
    cpus : frozenset of int or None
        OS numbers; None leaves the thread unpinned.
    name : str
        At most 15 characters, or the kernel cuts it.
    work : callable
        What it raises is raised here.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            if CAN_PIN:
                name_thread(name)
                if cpus is not None:
                    pin_thread(0, cpus)
            results.append(work())
            if CAN_PIN:
                name_thread("ds-builder")  # it lives a little longer, and is none of the workers
        except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's thread
            errors.append(error)
        finally:
            ended.release()

    # Interrupted, Python 3.11's Thread.join takes the thread for ended ever after; a lock does not.
    ended = threading.Lock()
    ended.acquire()
    thread = threading.Thread(target=run, name=name)
    thread.start()
    try:
        ended.acquire()
    except BaseException:
        ended.acquire()  # Ctrl-C: the process must not end, nor its next engine begin, under a session half built
        raise
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def pin_thread(thread_id: int, cpus: AbstractSet[int]) -> str | None:
    """Pin a thread, 0 for the calling one; give None, or the reason why the system refused."""
    try:
        os.sched_setaffinity(thread_id, cpus)
    except OSError as error:
        hint = _REFUSALS.get(error.errno or 0)
        return f"{error.strerror}: {hint}" if hint else str(error.strerror)
    return None


def name_thread(name: str) -> None:
    """Name the calling thread for ``/proc`` and ``top -H``."""
    (_TASKS / str(threading.get_native_id()) / "comm").write_text(name[:_NAME_LENGTH])


def find_threads(names: Iterable[str]) -> Iterator[tuple[str, int, frozenset[int]]]:
    """Find this process's threads that bear one of `names`: name, number, and the cpus it may really run on."""
    if not CAN_PIN:
        return
    full_names = {name[:_NAME_LENGTH]: name for name in names}
    for task in sorted(_TASKS.iterdir(), key=lambda path: int(path.name)):
        try:
            name = full_names.get((task / "comm").read_text().rstrip("\n"))
            if name is not None:
                yield name, int(task.name), frozenset(os.sched_getaffinity(int(task.name)))
        except OSError:  # the thread ended between the listing and the look
            continue
