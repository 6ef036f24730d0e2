"""Where the threads of each stream sit: what they share with each other, and with other streams."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from deepsched.planning import StreamPlan
    from deepsched.topology import HardwareThread

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Place:
    """The threads of one stream.

    Attributes
    ----------
    threads : int
        How many there are; one a cpu.
    kinds : tuple of (str or None, int)
        Kind of each thread's core, and the core's number.
    memory : tuple of int
        Socket and NUMA node that most threads sit on: the home, where the stream's data lies. A socket has memory of
        its own even where the topology draws one node over several.
    off_socket, off_node, off_l3 : float
        Shares of the threads on another socket than home, on another NUMA node of its socket, and on another L3 of its
        node. They do not overlap.
    caches : mapping of hashable to float
        Share of the threads on each L3; a core without one is a cache of its own, ``("core", number)``.
    """

    threads: int
    kinds: tuple[tuple[str | None, int], ...]
    memory: tuple[int, int]
    off_socket: float
    off_node: float
    off_l3: float
    caches: Mapping[Hashable, float]


def place_streams(plan: StreamPlan) -> tuple[Place, ...]:
    """Look up where each stream of `plan` sits."""
    thread_of = {thread.cpu: thread for thread in plan.topology.threads}
    return tuple(_place([thread_of[cpu] for cpu in stream.cpus]) for stream in plan.streams)


def count_core_users(places: Iterable[Place]) -> Counter[int]:
    """Count the threads on each core."""
    return Counter(core for place in places for _, core in place.kinds)


def count_cache_users(places: Iterable[Place]) -> dict[Hashable, float]:
    """Count the streams on each cache; one with half its threads there counts half."""
    users: dict[Hashable, float] = defaultdict(float)
    for place in places:
        for cache, share in place.caches.items():
            users[cache] += share
    return users


def _place(threads: list[HardwareThread]) -> Place:
    count = len(threads)
    caches = Counter(_name_cache(thread) for thread in threads)
    # Home is the socket with the most threads, then its node and its L3 with the most; of equals the first.
    socket = _most_common(thread.socket for thread in threads)
    node = _most_common(thread.numa_node for thread in threads if thread.socket == socket)
    at_home = [thread for thread in threads if (thread.socket, thread.numa_node) == (socket, node)]
    l3 = _most_common(_name_cache(thread) for thread in at_home)
    on_socket = sum(thread.socket == socket for thread in threads)
    on_l3 = sum(_name_cache(thread) == l3 for thread in at_home)
    return Place(
        threads=count,
        kinds=tuple((thread.kind, thread.core) for thread in threads),
        memory=(socket, node),
        off_socket=(count - on_socket) / count,
        off_node=(on_socket - len(at_home)) / count,
        off_l3=(len(at_home) - on_l3) / count,
        caches={cache: users / count for cache, users in caches.items()},
    )


def _name_cache(thread: HardwareThread) -> Hashable:
    return ("core", thread.core) if thread.l3 is None else thread.l3


def _most_common(values: Iterable[_T]) -> _T:
    return Counter(values).most_common(1)[0][0]
