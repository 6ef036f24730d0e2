"""This machine, and what of it this process may use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from deepsched import Topology
from deepsched.errors import TopologyError
from deepsched.topology import restrict_topology

GOLDEN = "pack:2 l3:1 core:8 pu:1"


def test_what_is_allowed_is_the_affinity_mask() -> None:
    topology = Topology.detect()
    allowed = os.sched_getaffinity(0)
    assert {t.cpu for t in topology.threads if t.allowed} == allowed
    assert topology.limits.allowed_cpus == tuple(sorted(allowed))
    assert topology.source == "this machine"
    assert topology.notes == ()


def test_the_whole_machine_stays_in_the_picture_of_a_process_that_is_pinned() -> None:
    # GIVEN a process that may use cpu 0 alone
    online = {t.cpu for t in Topology.from_sysfs("/").threads}
    assert len(online) > 1, "A machine with one cpu cannot show what this test is about."
    first = min(os.sched_getaffinity(0))
    code = "import json, deepsched; print(json.dumps(deepsched.Topology.detect().to_dict()))"
    # WHEN it looks at the machine
    done = subprocess.run(
        ["taskset", "-c", str(first), sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    seen = json.loads(done.stdout)
    # THEN every cpu is there, and one is allowed
    assert {t["cpu"] for t in seen["threads"]} == online
    assert [t["cpu"] for t in seen["threads"] if t["allowed"]] == [first]
    assert seen["limits"]["allowed_cpus"] == [first]


def test_restricting_keeps_the_numbers_of_what_is_left() -> None:
    # WHEN the first socket is left with cores 1 and 2
    topology = restrict_topology(Topology.from_synthetic(GOLDEN), {1, 2, *range(8, 16)})
    # THEN cores are still named as on the whole machine
    assert [core.index for core in topology.usable_cores] == [1, 2, *range(8, 16)]
    assert [core.index for core in topology.cores] == list(range(16))
    assert [core.cpus for core in topology.cores[:4]] == [(), (1,), (2,), ()]


def test_a_core_is_usable_by_the_hardware_threads_that_are_left() -> None:
    topology = restrict_topology(Topology.from_synthetic("core:2 pu:2"), {1})
    assert [core.cpus for core in topology.usable_cores] == [(1,)]


def test_restricting_twice_never_gives_back() -> None:
    once = restrict_topology(Topology.from_synthetic(GOLDEN), {0, 1, 2})
    assert restrict_topology(once, {2, 3}).limits.allowed_cpus == (2,)


def test_restricting_to_nothing_is_a_typed_error() -> None:
    with pytest.raises(TopologyError, match=r"none of its cpus is among those allowed, \[99\]"):
        restrict_topology(Topology.from_synthetic(GOLDEN), {99})


def tell_counts(monkeypatch: pytest.MonkeyPatch, cores: int | None, hardware_threads: int | None) -> None:
    """Let this be a machine whose operating system tells psutil these counts, and nothing else."""
    monkeypatch.setattr("deepsched.topology.detect.sys", SimpleNamespace(platform="darwin"))
    monkeypatch.setattr("deepsched.topology.portable.platform.system", lambda: "Darwin")
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: hardware_threads if logical else cores)


@pytest.mark.parametrize(
    ("cores", "hardware_threads", "expected"),
    [
        pytest.param(8, 8, (8, 8), id="without SMT"),
        pytest.param(8, 16, (8, 16), id="with SMT"),
        pytest.param(14, 20, (14, 20), id="SMT on six of fourteen cores"),
        pytest.param(None, 4, (4, 4), id="cores unknown"),
        pytest.param(None, None, (1, 1), id="nothing known"),
    ],
)
def test_elsewhere_psutils_counts_make_one_socket(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, hardware_threads: int | None, expected: tuple[int, int]
) -> None:
    # GIVEN a system that tells no topology
    tell_counts(monkeypatch, cores, hardware_threads)
    # WHEN the machine is described
    topology = Topology.detect()
    # THEN it is one socket with one memory and one L3, and it has just those counts
    assert (topology.sockets, topology.numa_nodes, topology.l3_caches) == ((0,), (0,), (0,))
    assert (len(topology.cores), len(topology.threads)) == expected
    assert topology.limits.allowed_cpus == tuple(range(expected[1]))


def test_the_portable_description_says_that_it_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    tell_counts(monkeypatch, 4, 8)
    (note,) = Topology.detect().notes
    assert note == (
        "Darwin tells no topology: psutil's counts (4 cores, 8 hardware threads) are taken as one socket with one L3, "
        "and threads are not pinned."
    )
