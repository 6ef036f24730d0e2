"""How long a request takes on each stream of a plan: a sum of terms, each of which can be read and argued with.

What the model cannot know: clock speeds that sink as more cores work, other tenants of the machine, how much of its
memory traffic a kernel hides behind arithmetic, on which node the operating system really put a page, and a quota that
stops all threads when it is spent.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from deepsched.simulation.caching import find_missed_bytes
from deepsched.simulation.costs import Costs
from deepsched.simulation.placing import count_cache_users, count_core_users, place_streams

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deepsched.planning import StreamPlan
    from deepsched.simulation.placing import Place
    from deepsched.simulation.workload import Workload

_HALVINGS = 60  # a double has no more to give


@dataclass(frozen=True, slots=True)
class ServiceTime:
    """Seconds that a request runs on one stream, without its wait in the queue: the sum of the terms.

    Parameters
    ----------
    stream, threads : int
        The stream's index, and its number of threads.
    serial : float
        What one thread must do alone.
    parallel : float
        The rest, spread evenly over all threads at full speed (Amdahl).
    split_limit : float
        Added where there are more threads than parts of an operator.
    slower_cores : float
        Added by cores of slower kinds: an operator waits for its slowest part.
    smt_sharing : float
        Added where several threads share a core.
    fork_join : float
        Starting and joining each operator.
    l3_transfer : float
        Fetching from another L3 of the same NUMA node what threads there have written.
    remote_memory : float
        The same from another NUMA node or socket, and missing the cache there.
    cache_misses : float
        Fetching from memory what does not fit the L3 even for this stream alone.
    l3_sharing : float
        Fetching from memory what other streams on the same L3 have displaced.
    bandwidth : float
        Waiting for memory whose bandwidth the streams of its NUMA node use up together.
    """

    stream: int
    threads: int
    serial: float
    parallel: float
    split_limit: float = 0.0
    slower_cores: float = 0.0
    smt_sharing: float = 0.0
    fork_join: float = 0.0
    l3_transfer: float = 0.0
    remote_memory: float = 0.0
    cache_misses: float = 0.0
    l3_sharing: float = 0.0
    bandwidth: float = 0.0

    @property
    def seconds(self) -> float:
        """The service time."""
        return sum(self.explain().values())

    def explain(self) -> dict[str, float]:
        """Give the terms by name, in seconds, in the order above; they add up to `seconds`."""
        return {item.name: getattr(self, item.name) for item in fields(self)[2:]}


def predict_service_times(
    plan: StreamPlan, workload: Workload, costs: Costs | None = None, *, busy: int | None = None
) -> tuple[ServiceTime, ...]:
    """Predict the service time on each stream while the first `busy` streams, by default all, serve without a break.

    With fewer callers than streams only the first ones are ever used, and the others' caches and memory are free.

    Returns
    -------
    tuple of ServiceTime
        One for each busy stream.
    """
    costs = Costs() if costs is None else costs
    places = place_streams(plan)[:busy]
    core_users, cache_users = count_core_users(places), count_cache_users(places)
    l3_bytes = plan.topology.l3_bytes
    times = []
    for index, place in enumerate(places):
        alone = find_missed_bytes(place, place.caches, workload, costs, l3_bytes)
        together = find_missed_bytes(place, cache_users, workload, costs, l3_bytes)
        computed = _compute(index, place, workload, costs, core_users)
        times.append(_add_memory(computed, place, workload, costs, alone, together))
    return _add_bandwidth(times, places, costs)


def _compute(index: int, place: Place, workload: Workload, costs: Costs, users: Mapping[int, int]) -> ServiceTime:
    """Spread the work over the threads."""
    serial = workload.one_thread_seconds * (1 - workload.parallel_fraction)
    spread = workload.one_thread_seconds * workload.parallel_fraction
    parts = min(place.threads, costs.split_limit)
    fork_join = costs.fork_join_seconds if workload.fork_join_seconds is None else workload.fork_join_seconds
    kinds = [costs.kind_speed.get(kind or "", 1.0) for kind, _ in place.kinds]
    speeds = [speed * _share_core(users[core], costs) for speed, (_, core) in zip(kinds, place.kinds, strict=True)]
    # The serial part runs where it runs fastest, a parallel one waits for its slowest.
    by_kind = serial / max(kinds) + spread / parts / min(kinds)
    by_core = serial / max(speeds) + spread / parts / min(speeds)
    return ServiceTime(
        stream=index,
        threads=place.threads,
        serial=serial,
        parallel=spread / place.threads,
        split_limit=spread / parts - spread / place.threads,
        slower_cores=by_kind - (serial + spread / parts),
        smt_sharing=by_core - by_kind,
        fork_join=workload.operators * fork_join * (parts - 1),
    )


def _share_core(threads: int, costs: Costs) -> float:
    """Give the speed of each of so many threads of a core, 1 being a thread's that has it alone."""
    return (1 + (costs.smt_yield - 1) * (threads - 1)) / threads


def _add_memory(
    computed: ServiceTime, place: Place, workload: Workload, costs: Costs, alone: float, together: float
) -> ServiceTime:
    """Add what is fetched from elsewhere; `alone` and `together` are the bytes that miss the L3."""
    rate = _find_rate(place, costs)
    results = workload.activation_bytes / rate
    near, far = costs.near_slowdown, costs.remote_slowdown
    detour = place.off_node * (near - 1) + place.off_socket * (far - 1)
    return replace(
        computed,
        l3_transfer=place.off_l3 * results,
        remote_memory=(place.off_node * near + place.off_socket * far) * results + detour * together / rate,
        cache_misses=alone / rate,
        l3_sharing=(together - alone) / rate,
    )


def _find_rate(place: Place, costs: Costs) -> float:
    """Give the bytes a second that a stream draws from memory at most."""
    # Hardware threads of one core share what it can have in flight.
    return costs.thread_bandwidth * len({core for _, core in place.kinds})


def _add_bandwidth(times: Sequence[ServiceTime], places: Sequence[Place], costs: Costs) -> tuple[ServiceTime, ...]:
    """Stretch the time at memory until no NUMA node gives more than it can."""
    at_node: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, place in enumerate(places):
        at_node[place.memory].append(index)
    stretched = list(times)
    for indices in at_node.values():
        rates = [_find_rate(places[i], costs) for i in indices]
        stalls = [times[i].cache_misses + times[i].l3_sharing for i in indices]
        stretch = _find_stretch([times[i].seconds for i in indices], stalls, rates, costs.node_bandwidth)
        for i, stall in zip(indices, stalls, strict=True):
            stretched[i] = replace(times[i], bandwidth=(stretch - 1) * stall)
    return tuple(stretched)


def _find_stretch(seconds: Sequence[float], stalls: Sequence[float], rates: Sequence[float], bandwidth: float) -> float:
    """Find the smallest factor from 1 up on all stalls with which the streams draw no more than `bandwidth`."""

    def draw(stretch: float) -> float:
        requests = zip(seconds, stalls, rates, strict=True)
        return sum(stall * rate / (second + (stretch - 1) * stall) for second, stall, rate in requests)

    low, high = 1.0, max(1.0, sum(rates) / bandwidth)
    if draw(low) <= bandwidth:
        return low
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if draw(middle) > bandwidth else (low, middle)
    return high
