"""How many of the bytes that a request touches are not in the L3 when it comes for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from deepsched.simulation.costs import Costs
    from deepsched.simulation.placing import Place
    from deepsched.simulation.workload import Workload


def find_missed_bytes(
    place: Place,
    users: Mapping[Hashable, float],
    workload: Workload,
    costs: Costs,
    l3_bytes: Mapping[int, int],
) -> float:
    """Predict how many bytes of a request come from memory.

    What is used again soonest stays (Mattson et al., "Evaluation techniques for storage hierarchies", 1970): first the
    results that are alive, then weights, to which a request comes back only in the next one. Of what does not fit,
    a share of ``1 - room / size`` is missed, as in a cache that protects itself against thrashing (Qureshi et al.,
    "Adaptive insertion policies", ISCA 2007). A plain LRU cache would lose all of it at once.

    Parameters
    ----------
    place : Place
        The stream.
    users : mapping of hashable to float
        How many streams use each cache at the time, this one among them; one with half its threads there counts half.
    workload : Workload
        What each of them runs.
    costs : Costs
        Sizes where the topology gives none, and whether weights are shared.
    l3_bytes : mapping of int to int
        Size of each L3 in bytes, as far as known.
    """
    missed = 0.0
    for cache, share in place.caches.items():
        room = _find_size(cache, costs, l3_bytes)
        results = users[cache] * workload.buffer_bytes
        weights = (min(1.0, users[cache]) if costs.shared_weights else users[cache]) * workload.weights_bytes
        missed += share * 2 * workload.activation_bytes * _miss(results, room)
        missed += share * workload.weights_bytes * _miss(weights, max(0.0, room - results))
    return missed


def _miss(size: float, room: float) -> float:
    return 1 - room / size if size > room else 0.0


def _find_size(cache: Hashable, costs: Costs, l3_bytes: Mapping[int, int]) -> float:
    return float(l3_bytes.get(cache, costs.l3_bytes)) if isinstance(cache, int) else costs.l2_bytes
