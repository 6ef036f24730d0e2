"""Telling performance cores from efficiency cores, on machines that have both.

Sources, in the order of trust: the sets of cpus that Intel's hybrid parts show beside their performance counters
(sysfs ``devices/cpu_core``), the scheduler's ``cpu_capacity``, the ``highest_perf`` of ACPI's CPPC
(Documentation/admin-guide/acpi/cppc_sysfs.rst), and the highest frequency (admin-guide/pm/cpufreq.rst).
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deepsched.topology.sysfs_files import Files

PERFORMANCE, EFFICIENCY, LOW_POWER = "performance", "efficiency", "low-power"

_COUNTERS = {"cpu_core": PERFORMANCE, "cpu_atom": EFFICIENCY, "cpu_lowpower": LOW_POWER}
# Cores of one kind differ too: favoured ones by a few per cent from the next, and on some parts many times in a row.
# Kinds lie further apart: 1.3 and more.
_CLEAR_GAP = 1.2
# Firmware takes milliseconds a core to answer on some servers, and no hybrid part that shows nothing else is larger.
_RATINGS_OF_FIRMWARE = ("acpi_cppc/highest_perf", "cpufreq/cpuinfo_max_freq")
_MOST_CORES_TO_ASK_FIRMWARE = 32
_POSITIVE = re.compile(r"0*[1-9][0-9]{0,8}")


def read_kinds(files: Files, cpus: Sequence[int], with_l3: frozenset[int]) -> dict[int, str]:
    """Tell of which kind the cores are.

    Parameters
    ----------
    files : Files
        The machine's.
    cpus : sequence of int
        One cpu of each core.
    with_l3 : frozenset of int
        The cpus that an L3 serves.

    Returns
    -------
    dict of int to str
        The kind by cpu: "performance", "efficiency" or "low-power". Empty where all cores are alike.
    """
    kinds = _by_counters(files, cpus) or _by_rating(files, cpus, "cpu_capacity")
    if len(cpus) <= _MOST_CORES_TO_ASK_FIRMWARE:
        for name in _RATINGS_OF_FIRMWARE:
            kinds = kinds or _by_rating(files, cpus, name)
    # Intel's low-power cores are efficiency cores on another die than the L3, and nothing else tells them apart.
    if not with_l3.isdisjoint(kinds):
        kinds |= {cpu: LOW_POWER for cpu, kind in kinds.items() if kind == EFFICIENCY and cpu not in with_l3}
    return kinds


def _by_counters(files: Files, cpus: Sequence[int]) -> dict[int, str]:
    sets = {kind: files.read_cpus(f"sys/devices/{folder}/cpus") or () for folder, kind in _COUNTERS.items()}
    kinds = {cpu: kind for cpu in cpus for kind, members in sets.items() if cpu in members}
    return kinds if len(kinds) == len(cpus) and len(set(kinds.values())) > 1 else {}


def _by_rating(files: Files, cpus: Sequence[int], name: str) -> dict[int, str]:
    ratings: dict[int, int] = {}
    for cpu in cpus:
        text = files.read(f"sys/devices/system/cpu/cpu{cpu}/{name}")
        if text is None or not _POSITIVE.fullmatch(text):
            return {}
        ratings[cpu] = int(text)
    return _classify(ratings)


def _classify(ratings: Mapping[int, int]) -> dict[int, str]:
    """Cut the ratings wherever there is a clear gap: the top class performs, the bottom one of three saves power."""
    steps = sorted(set(ratings.values()), reverse=True)
    last_of_class = [low for high, low in pairwise(steps) if high > _CLEAR_GAP * low]
    if not last_of_class:
        return {}
    kinds = {}
    for cpu, rating in ratings.items():
        if rating > last_of_class[0]:
            kinds[cpu] = PERFORMANCE
        elif len(last_of_class) > 1 and rating <= last_of_class[-1]:
            kinds[cpu] = LOW_POWER
        else:
            kinds[cpu] = EFFICIENCY
    return kinds
