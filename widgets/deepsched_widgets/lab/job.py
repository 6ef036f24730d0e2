"""What a run and a search have in common: a thread that works for a wish until it is done or somebody stops it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from deepsched_widgets.lab.wish import Wish


class Job:
    """A thread for a wish.

    Parameters
    ----------
    wish : Wish
        What it works for.
    work : callable
        What it does. It ends soon after `stopping`.
    name : str
        The thread's name.
    patience : float
        How long `stop` waits for its end at most, in seconds.
    """

    def __init__(self, wish: Wish, work: Callable[[], None], name: str, patience: float) -> None:
        self.wish = wish
        self._patience = patience
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=work, name=name, daemon=True)

    def start(self, after: Callable[[], None]) -> None:
        """Start the thread, in which `after` is called first: it may wait for cores to be free."""
        self._after = after
        self._thread.start()

    @property
    def stopping(self) -> bool:
        """Whether somebody asked for its end."""
        return self._stopping.is_set()

    @property
    def is_here(self) -> bool:
        """Whether this is asked in its own thread."""
        return self._thread is threading.current_thread()

    def stop(self, *, wait: bool = True) -> None:
        """End it; with `wait`, return when its threads and streams are gone."""
        self._stopping.set()
        if wait and self._thread.ident is not None and not self.is_here:
            self._thread.join(self._patience)
