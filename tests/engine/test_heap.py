"""Memory that was freed goes back to the operating system, also that of threads which are no more."""

from __future__ import annotations

import ctypes
import threading

import psutil

from deepsched.engine.heap import trim_heaps_of_ended_threads

MIB = 1 << 20


def fill_a_heap(sizes: int) -> None:
    """Take and free memory in small pieces, which a thread's heap keeps."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    pieces = [libc.malloc(64 << 10) for _ in range(sizes * MIB // (64 << 10))]
    for piece in pieces:
        ctypes.memset(piece, 1, 64 << 10)
    for piece in pieces:
        libc.free(piece)


def run_threads(number: int) -> None:
    threads = [threading.Thread(target=fill_a_heap, args=(8,)) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_what_ended_threads_freed_is_given_back():
    # GIVEN that a large block was freed: from then on glibc keeps more in heaps
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    libc.free(libc.malloc(24 * MIB))
    process = psutil.Process()
    trim_heaps_of_ended_threads()
    before = process.memory_info().rss
    for _ in range(4):
        run_threads(4)
        trim_heaps_of_ended_threads()
    assert process.memory_info().rss - before < 8 * MIB


def test_it_leaves_no_thread_also_where_none_can_be_started(monkeypatch):
    trim_heaps_of_ended_threads()
    started = []
    start = threading.Thread.start

    def refuse(thread):
        if len(started) == 3:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    trim_heaps_of_ended_threads()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("deepsched-trim")]
