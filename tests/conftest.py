"""For every test: no thread of ours and no changed affinity may be left behind."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from deepsched import Topology

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would every process that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def keep_to_temporary_folders(tmp_path_factory):
    """Keep the user's folders out of the tests: the engines that run meanwhile, and the models prepared for them."""
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("XDG_RUNTIME_DIR", "XDG_CACHE_HOME"):
            folder = tmp_path_factory.mktemp(variable.lower())
            folder.chmod(0o700)
            patch.setenv(variable, str(folder))
        yield


@pytest.fixture
def two_cores() -> None:
    """Two streams, or a worker beside a caller, need two cores; CI, where a skip is a failure, has them."""
    if len(Topology.detect().usable_cores) < 2:
        pytest.skip("needs two cores that this process may use")


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
