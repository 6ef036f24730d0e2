"""A caller who waits while the worker of a stream runs the request."""

from __future__ import annotations

import threading
from typing import Any


class WaitingAnswer:
    """The answer to one waiting caller; see `deepsched.engine.queued_request.Answer`."""

    __slots__ = ("_error", "_outputs", "_ready")

    def __init__(self) -> None:
        self._outputs: list[Any] | None = None
        self._error: BaseException | None = None
        self._ready = threading.Lock()
        self._ready.acquire()

    def begin(self) -> None:
        """Do nothing: the caller is told only of the end."""

    def settle(self, outputs: list[Any] | None, error: BaseException | None) -> None:
        """Wake the caller."""
        self._outputs, self._error = outputs, error
        self._ready.release()

    def wait(self, timeout: float | None) -> bool:
        """Wait at most `timeout` seconds; give whether the answer is there."""
        return self._ready.acquire(timeout=-1 if timeout is None else timeout)

    def give(self) -> list[Any]:
        """Give the outputs, or raise what was raised instead."""
        error, self._error = self._error, None
        try:
            if error is not None:
                raise error
            return self._outputs or []
        finally:
            del error  # an error that knows the frame that knows it would have to wait for the garbage collector
