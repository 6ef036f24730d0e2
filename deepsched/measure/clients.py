"""Threads that each call again as soon as their last call returned."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

from deepsched.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType


class Clients:
    """One thread for each of `calls`, which repeats it from `start` to `stop`.

    Parameters
    ----------
    calls : sequence of callable
        What each client does again and again. An exception ends its client, and `stop` raises it.
    """

    def __init__(self, calls: Sequence[Callable[[], object]]) -> None:
        self._started = False
        self._stopping = threading.Event()
        self._ready = threading.Barrier(len(calls) + 1)
        self._threads = [
            threading.Thread(target=self._repeat, args=(call,), name=f"deepsched-client-{i}", daemon=True)
            for i, call in enumerate(calls)
        ]
        self._error: Exception | None = None

    def start(self) -> None:
        """Start all clients at the same moment.

        Raises
        ------
        OptionError
            If they were started before, or the operating system has no more threads.
        """
        if self._started:
            raise OptionError("a load is started once; make another one.")
        self._started = True
        try:
            for thread in self._threads:
                thread.start()
            self._ready.wait()
        except BaseException as error:
            self._ready.abort()
            self.stop()
            if isinstance(error, RuntimeError):
                raise OptionError(f"this system does not start {len(self._threads)} clients ({error}).") from error
            raise

    def stop(self) -> None:
        """Let each client finish its call, and end. Safe to call twice.

        Raises
        ------
        DeepschedError
            If a client's request failed.
        """
        self._stopping.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        if self._error is not None:
            raise self._error

    @property
    def error(self) -> Exception | None:
        """What ended a client before its time, if anything did."""
        return self._error

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _repeat(self, call: Callable[[], object]) -> None:
        try:
            self._ready.wait()
            while not self._stopping.is_set():
                call()
        except threading.BrokenBarrierError:
            return  # another client could not be started
        except Exception as error:  # noqa: BLE001 - it is raised again in the thread that stops the load
            self._error = error
