"""Telling performance cores from efficiency cores by the cpukinds of hwloc's XML.

hwloc's chapter "CPU kinds" names the attributes. Its own ranks are not enough: some releases wrote an efficiency of 0
for every kind, and it ranks favoured cores of one kind apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from deepsched.topology.core_kinds import EFFICIENCY, LOW_POWER, PERFORMANCE

if TYPE_CHECKING:
    from collections.abc import Sequence

_CORE_TYPES = {
    "IntelCore": PERFORMANCE,
    "IntelAtom": EFFICIENCY,
    "IntelLowPower": LOW_POWER,
    "AMDPerformance": PERFORMANCE,
    "AMDEfficiency": EFFICIENCY,
}
# What rates a kind, and how many times apart two ratings must lie for the cores to be of different kinds.
# An efficiency that was forced is a rank; the others are measures, and favoured cores differ by a few per cent.
_RATINGS = (("LinuxCapacity", 1.2), ("forced_efficiency", 1.0), ("FrequencyMaxMHz", 1.2), ("FrequencyBaseMHz", 1.2))
_LONGEST_NUMBER = 9


@dataclass(frozen=True, slots=True)
class CpuKind:
    """One cpukind: its cpus, as a set of bits, and what is said of it."""

    cpus: int
    said: dict[str, str] = field(default_factory=dict)


def name_kinds(kinds: Sequence[CpuKind]) -> dict[str, int]:
    """Give the cpus of each kind, "performance", "efficiency" or "low-power"; nothing where all cores are alike."""
    types = [_CORE_TYPES.get(kind.said.get("CoreType", "")) for kind in kinds]
    names = [name for name in types if name]
    if len(names) < len(kinds):
        names = next(filter(None, (_rate(kinds, rating, gap) for rating, gap in _RATINGS)), [])
    named = dict.fromkeys(names, 0)
    if len(named) < 2:  # noqa: PLR2004 - one kind is none
        return {}
    for kind, name in zip(kinds, names, strict=True):
        named[name] |= kind.cpus
    return named


def _rate(kinds: Sequence[CpuKind], rating: str, gap: float) -> list[str]:
    """Class the kinds by a rating: the top class performs, and the bottom one of three or more saves power."""
    texts = [kind.said.get(rating, "") for kind in kinds]
    if not all(text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER for text in texts):
        return []
    ratings = [int(text) for text in texts]
    steps = sorted(set(ratings))
    tops = [low for low, high in pairwise(steps) if high > gap * low]
    if not tops:
        return []
    several = len(tops) > 1
    return [
        PERFORMANCE if rate > tops[-1] else LOW_POWER if several and rate <= tops[0] else EFFICIENCY for rate in ratings
    ]
