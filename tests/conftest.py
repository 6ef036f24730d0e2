"""For every test: no thread of ours and no changed affinity may be left behind."""

from __future__ import annotations

import os
import threading
import time

import pytest


@pytest.fixture(autouse=True)
def leave_nothing_behind():
    affinity = os.sched_getaffinity(0)
    yield
    deadline = time.monotonic() + 5
    while (left := _our_threads()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left, f"threads left behind: {left}"
    assert os.sched_getaffinity(0) == affinity


def _our_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("deepsched")]
