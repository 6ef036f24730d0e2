"""Finding the NUMA node that is a cpu's home, among all the memory that hwloc attaches near it."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from deepsched.topology.cpulist import format_cpu_list
from deepsched.topology.hwloc_bitmap import list_bits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.topology.hwloc_objects import Place, Thread


def find_homes(places: Sequence[Place], threads: Sequence[Thread]) -> tuple[dict[int, int], tuple[str, ...]]:
    """Give each cpu's home, and what had to be assumed.

    Home is the nearest node of plain memory, the first where several are equally near. High-bandwidth memory, and
    that behind CXL or of a GPU, is home to none but the cpus that have no other.

    Parameters
    ----------
    places : sequence of Place
        Each behind the place around it.
    threads : sequence of Thread
        Those to find a home for.
    """
    homes = _find_nearest(places, ordinary=False) | _find_nearest(places, ordinary=True)
    for thread in threads:
        # lstopo leaves nodes out that were not allowed, and still tells which of them a cpu belongs to.
        if thread.cpu not in homes and thread.complete_nodes:
            homes[thread.cpu] = list_bits(thread.complete_nodes)[0]
    homeless = [thread.cpu for thread in threads if thread.cpu not in homes]
    if not homeless:
        return homes, ()
    taken = set(homes.values())
    homes |= dict.fromkeys(homeless, next(number for number in count() if number not in taken))
    return homes, (f"No NUMA node is known for the cpus {format_cpu_list(homeless)}: they are taken as one.",)


def _find_nearest(places: Sequence[Place], *, ordinary: bool) -> dict[int, int]:
    """Walk from the innermost places outwards, and give each cpu the first node that serves it."""
    homes: dict[int, int] = {}
    # The cpus below each place that are still without a home.
    lacking: dict[int, int] = {}
    for number in reversed(range(len(places))):
        place = places[number]
        left = lacking.pop(number, 0)
        for cpu in place.cpus:
            left |= 1 << cpu
        for node in place.nodes:
            if node.ordinary or not ordinary:
                homes |= dict.fromkeys(list_bits(left & node.cpus), node.number)
                left &= ~node.cpus
        lacking[place.parent] = lacking.get(place.parent, 0) | left
    return homes
