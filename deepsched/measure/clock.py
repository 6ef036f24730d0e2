"""What time it is, and waiting: the one seam at which a measurement meets real time. Tests bring a clock of their own.

It is also the one place where Ctrl-C strikes a measurement. Everywhere else the signal is kept until the next wait,
so that no client, stream or count is ever left half done.
"""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterator


class Clock(Protocol):
    """Seconds from an arbitrary zero."""

    def now(self) -> float:
        """Give the time."""
        ...

    def sleep_until(self, moment: float) -> None:
        """Return when it is `moment`, at once if that is past; Ctrl-C may strike here."""
        ...


class InterruptGate:
    """Keeps Ctrl-C out of the block that it guards, but for the parts under `opened`.

    A signal that strikes elsewhere is raised at the next `opened`, or is left in `pending` where none follows. Outside
    the main thread, and where the program handles the signal its own way, nothing is changed.
    """

    def __init__(self) -> None:
        self.pending = False
        self._open = False
        self._guards = False

    def __enter__(self) -> Self:
        own = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if own and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._strike)
            self._guards = True
        return self

    def __exit__(self, *_error: object) -> None:
        if self._guards:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Let Ctrl-C through.

        Raises
        ------
        KeyboardInterrupt
            If it strikes, or has struck before.
        """
        try:
            self._open = True
            if self.pending:
                self.pending = False
                raise KeyboardInterrupt
            yield
        finally:
            self._open = False

    def _strike(self, _signal: int, _frame: Any) -> None:
        if not self._open:
            self.pending = True
            return
        self._open = False  # what follows is the tidying up: a second Ctrl-C must not break it off
        raise KeyboardInterrupt


class MonotonicClock:
    """The clock of the engine's records, `time.perf_counter`.

    Parameters
    ----------
    gate : InterruptGate
        Opened while it sleeps.
    """

    def __init__(self, gate: InterruptGate) -> None:
        self._gate = gate

    def now(self) -> float:
        """Give the time."""
        return time.perf_counter()

    def sleep_until(self, moment: float) -> None:
        """Sleep; a moment that is past lets Ctrl-C through all the same."""
        with self._gate.opened():
            remaining = moment - time.perf_counter()
            if remaining > 0:
                time.sleep(remaining)
