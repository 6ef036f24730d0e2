"""Memory that was freed and not given back: opening a model packs its weights into the heap for a moment."""

from __future__ import annotations

import ctypes
import os
import threading
from contextlib import suppress
from functools import cache
from typing import Any

# malloc_trim gives back what is free below the top of each heap, but of the top itself only the main thread's; a
# thread's own heap may keep 32 MiB there. Blocks that are taken and given back under one that stays are no longer top.
_BLOCK = 1 << 20
_BLOCKS = 48  # of the 64 MiB that glibc allows a thread's heap (HEAP_MAX_SIZE in malloc/arena.c)
_MOST_HEAPS = 64  # glibc has eight for each cpu
_PATIENCE = 5.0  # seconds


def trim_heap() -> None:
    """Give memory that this thread freed back to the operating system, where the C library is glibc."""
    libc = _find_glibc()
    if libc is None:
        return
    *below, top = [libc.malloc(_BLOCK) for _ in range(_BLOCKS)]
    for block in below:
        libc.free(block)
    libc.malloc_trim(0)
    libc.free(top)


def trim_heaps_of_ended_threads() -> None:
    """Give back what threads that have ended left free in their heaps, to which nobody else has a way.

    New threads take such heaps over, so some of these do the trimming. All at once: a heap is taken over again as soon
    as its thread has ended.
    """
    threads = min(_MOST_HEAPS, 8 * (os.cpu_count() or 1))
    together = threading.Barrier(threads)

    def trim() -> None:
        with suppress(threading.BrokenBarrierError):
            together.wait(_PATIENCE)
            trim_heap()
            together.wait(_PATIENCE)

    trimmers = [threading.Thread(target=trim, name=f"deepsched-trim-{i}", daemon=True) for i in range(threads)]
    try:
        for thread in trimmers:
            thread.start()
    except RuntimeError:  # the system has no more threads: this was for tidiness only
        together.abort()
    for thread in trimmers:
        if thread.ident is not None:
            thread.join()


@cache
def _find_glibc() -> Any:
    try:
        libc = ctypes.CDLL(None)
        libc.malloc_trim.argtypes = [ctypes.c_size_t]
        libc.malloc.argtypes, libc.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
        libc.free.argtypes, libc.free.restype = [ctypes.c_void_p], None
    except (AttributeError, OSError, TypeError):  # another C library
        return None
    return libc
