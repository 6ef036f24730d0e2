"""At the end of the process, requests that were submitted are answered, also those of engines that nobody closed."""

from __future__ import annotations

import atexit
import os
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from deepsched.engine.dispatch import Dispatcher

_dispatchers: WeakSet[Dispatcher] = WeakSet()
_process = os.getpid()


def finish_at_exit(dispatcher: Dispatcher) -> None:
    """Serve what stands in this dispatcher's queue before the process ends."""
    _dispatchers.add(dispatcher)


def _finish() -> None:
    if os.getpid() != _process:
        return  # a child of fork has its parent's queues, but none of the threads that serve them
    for dispatcher in list(_dispatchers):
        if dispatcher.queue_depth:
            dispatcher.release(dispatcher.acquire())  # behind all that wait
        for stream in dispatcher.streams:
            stream.worker.close()


atexit.register(_finish)
