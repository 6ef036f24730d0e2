"""Machines with cores of several kinds, and those that only seem to have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deepsched import Topology
from tests.topology.sysfs_machines import MACHINES, change, stack
from tests.topology.sysfs_tree import Cpu, write_machine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

P, E, LOW = "performance", "efficiency", "low-power"


def kinds(root: Path, cpus: Sequence[Cpu]) -> list[str | None]:
    topology = Topology.from_sysfs(write_machine(root, cpus))
    return [kind for _, kind in sorted((t.cpu, t.kind) for t in topology.threads)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Raptor Lake", [P] * 12 + [E] * 8),
        ("Meteor Lake", [P] * 12 + [E] * 8 + [LOW] * 2),
        ("DGX GB10", ([E] * 5 + [P] * 5) * 2),
        ("phone", [E] * 4 + [P] * 4),
        ("desktop", [None] * 16),
    ],
)
def test_known_machines(tmp_path: Path, name: str, expected: list[str | None]) -> None:
    assert kinds(tmp_path, MACHINES[name][0]) == expected


def test_low_power_cores_that_have_counters_of_their_own(tmp_path: Path) -> None:
    folders = ("cpu_core", "cpu_atom", "cpu_lowpower")
    machine = [Cpu(n, core=n, counters=folders[n // 2]) for n in range(6)]
    assert kinds(tmp_path, machine) == [P, P, E, E, LOW, LOW]


def test_where_no_core_has_an_l3_none_is_low_power_for_that(tmp_path: Path) -> None:
    machine = [Cpu(n, core=n, l3=None, counters="cpu_atom" if n else "cpu_core") for n in range(5)]
    assert kinds(tmp_path, machine) == [P, E, E, E, E]


def test_counters_are_trusted_more_than_ratings(tmp_path: Path) -> None:
    machine = [
        Cpu(n, core=n, counters=("cpu_core", "cpu_atom")[n % 2], capacity=1024 - 512 * (n // 2)) for n in range(4)
    ]
    assert kinds(tmp_path, machine) == [P, E, P, E]


def test_counters_that_leave_a_core_out_are_not_trusted(tmp_path: Path) -> None:
    machine = [Cpu(n, core=n, counters=(None, "cpu_core", "cpu_atom")[n]) for n in range(3)]
    assert kinds(tmp_path, machine) == [None] * 3


def test_efficiency_cores_alone_are_all_alike(tmp_path: Path) -> None:
    assert kinds(tmp_path, [Cpu(n, core=n, counters="cpu_atom") for n in range(4)]) == [None] * 4


@pytest.mark.parametrize("rating", ["capacity", "highest_perf", "max_freq"])
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([1024] * 4, [None] * 4, id="all alike"),
        pytest.param([1024, 1024, 446, 446], [P, P, E, E], id="two kinds"),
        pytest.param([160, 160, 498, 498, 1024], [LOW, LOW, E, E, P], id="three kinds"),
        pytest.param([100, 200, 400, 800], [LOW, E, E, P], id="four classes"),
        pytest.param([1024, 1009, 690, 671], [P, P, E, E], id="favoured cores within a kind"),
        pytest.param([231, 226, 221, 216, 211, 206, 201, 196, 191, 186, 181, 176, 171, 166], [None] * 14, id="ranked"),
        pytest.param([236, 231, 226, 206, 201, 196], [None] * 6, id="one die clocks higher"),
        pytest.param([1024, 446, 0, 446], [None] * 4, id="one unknown"),
        pytest.param([4_800_000, 3_800_000, 2_500_000], [P, E, LOW], id="frequencies"),
        pytest.param([7], [None], id="one core"),
    ],
)
def test_only_clear_classes_of_ratings_are_kinds(
    tmp_path: Path, rating: str, values: list[int], expected: list[str | None]
) -> None:
    machine = [Cpu(n, core=n, **{rating: value}) for n, value in enumerate(values)]
    assert kinds(tmp_path, machine) == expected


def test_both_hardware_threads_of_a_core_are_of_its_kind(tmp_path: Path) -> None:
    # GIVEN a desktop of two kinds whose ratings come from firmware, and are wrong for one hardware thread
    machine = change(
        stack(cores=4, smt=2), lambda cpu: {"highest_perf": 208 if cpu.core < 2 or cpu.number == 6 else 132}
    )
    assert kinds(tmp_path, machine) == [P, P, E, E] * 2


def test_large_servers_are_not_asked_for_firmware_ratings(tmp_path: Path) -> None:
    # Each answer takes milliseconds there, and all their cores are alike.
    machine = change(stack(cores=64), lambda cpu: {"highest_perf": 255 if cpu.number else 100})
    assert kinds(tmp_path, machine) == [None] * 64
