"""Pinning threads to cpus, and doing a piece of work in a thread that is pinned.

Only Linux can do this; elsewhere threads are left where they are and `CAN_PIN` is False.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

CAN_PIN = hasattr(os, "sched_setaffinity")
_TASKS = Path("/proc/self/task")
# The kernel cuts a thread's name there; see prctl(2), PR_SET_NAME.
_NAME_LENGTH = 15


def call_pinned(cpus: frozenset[int] | None, name: str, work: Callable[[], T]) -> T:
    """Call `work` in a thread of its own, named `name` and pinned to `cpus`, and give back what it returns.

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
                _name_thread(name)
                if cpus is not None:
                    os.sched_setaffinity(0, cpus)
            results.append(work())
            if CAN_PIN:
                _name_thread("ds-builder")  # it lives a little longer, and is none of the workers
        except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run, name=name)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def _name_thread(name: str) -> None:
    (_TASKS / str(threading.get_native_id()) / "comm").write_text(name[:_NAME_LENGTH])


def find_threads(name: str) -> Iterator[tuple[int, frozenset[int]]]:
    """Find this process's threads called `name`: each one's number and the cpus it may really run on."""
    if not CAN_PIN:
        return
    for task in sorted(_TASKS.iterdir(), key=lambda path: int(path.name)):
        try:
            if (task / "comm").read_text().rstrip("\n") == name[:_NAME_LENGTH]:
                yield int(task.name), frozenset(os.sched_getaffinity(int(task.name)))
        except OSError:  # the thread ended between the listing and the look
            continue
