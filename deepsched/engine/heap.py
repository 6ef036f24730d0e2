"""Memory that was freed and not given back: opening a model packs its weights into the heap for a moment."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

# malloc_trim gives back what is free below the top of each heap, but of the top itself only the main thread's; a
# thread's own heap may keep 32 MiB there. Blocks that are taken and given back under one that stays are no longer top.
_BLOCK = 1 << 20
_BLOCKS = 48  # of the 64 MiB that glibc allows a thread's heap (HEAP_MAX_SIZE in malloc/arena.c)


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
