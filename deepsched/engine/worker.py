"""A thread of a stream's own that serves the requests that had to wait for it.

A stream handed from thread to thread stands idle while the next one wakes up, moves to the right core and gets hold of
Python's lock; with a few dozen callers and short requests, half of the time. A worker goes from one request to the
next instead, and wakes each caller when its answer is there.
"""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Protocol
from weakref import finalize

from deepsched.engine.affinity import CAN_PIN, name_thread, pin_thread

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet


class Work(Protocol):
    """What a worker does."""

    def serve(self) -> None:
        """Do it. Raises nothing and waits for nobody."""


class Worker:
    """Does one piece of work after the other, on the cpus given. Its thread starts with the first.

    Parameters
    ----------
    name : str
        The stream's name.
    cpus : set of int or None
        Where it runs; None leaves it unpinned.
    """

    def __init__(self, name: str, cpus: AbstractSet[int] | None) -> None:
        self._name = name
        self._cpus = cpus
        self._inbox: SimpleQueue[Work | None] = SimpleQueue()
        # One, unless Ctrl-C struck while it was started: then the next work starts another, and either does all of it.
        self._threads: list[threading.Thread] = []
        self._started = False

    def put(self, work: Work) -> None:
        """Have `work` done, behind what is there already. Not for two threads at once."""
        self._inbox.put(work)
        if not self._started:
            # A daemon, or an engine that nobody closed would keep the process.
            threading.Thread(
                target=_go_on,
                args=(self._inbox, self._threads, self._name, self._cpus),
                name=f"deepsched-{self._name}",
                daemon=True,
            ).start()
            self._started = True
            # The thread itself knows nothing of the worker. At the end of the process it goes on; see `at_exit`.
            finalize(self, self._inbox.put, None).atexit = False

    def close(self) -> None:
        """Do what is there, and end the thread."""
        self._inbox.put(None)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()


def _go_on(
    inbox: SimpleQueue[Work | None],
    threads: list[threading.Thread],
    name: str,
    cpus: AbstractSet[int] | None,
) -> None:
    threads.append(threading.current_thread())
    if CAN_PIN:
        name_thread(f"{name}.q")
        if cpus is not None:
            pin_thread(0, cpus)
    while (work := inbox.get()) is not None:
        work.serve()
        del work  # or its inputs would stay until the next comes
    inbox.put(None)  # for the other, should there be two
