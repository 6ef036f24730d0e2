"""A process with a clean heap, which opens a model as often as it is told to and keeps what it opened."""

from __future__ import annotations

import os
import signal
import warnings
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from typing import TYPE_CHECKING

import psutil

from benchmarks.contenders import open_engine, open_with_threads
from benchmarks.workloads import make_one_matmul

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.workloads import Workload

_OPENERS = {"session": open_with_threads, "engine": open_engine}
_held = ExitStack()  # the child's


class Holder:
    """Such a process, as its parent sees it.

    It starts with everything loaded and one request run on a small model, so that only what it opens makes it grow.
    """

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool
        self.process = psutil.Process(pool.submit(os.getpid).result())
        for kind in _OPENERS:
            self.open(kind, 1, make_one_matmul())

    def open(self, kind: str, size: int, workload: Workload) -> None:
        """Open a ``"session"`` of `size` threads or an ``"engine"`` of `size` streams, and run a request on it."""
        self._pool.submit(_open, kind, size, workload).result()

    def read_pss(self) -> int:
        """Read its memory in bytes; what n processes share counts as 1/n of it in each."""
        return int(self.process.memory_full_info().pss)


@contextmanager
def start_holder() -> Iterator[Holder]:
    """Start such a process, and end it with the block."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_prepare) as pool:
        yield Holder(pool)


def _prepare() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    warnings.simplefilter("ignore")  # other holders are on the same cores on purpose


def _open(kind: str, size: int, workload: Workload) -> None:
    connect = _held.enter_context(_OPENERS[kind](workload, size))
    connect(0)()
