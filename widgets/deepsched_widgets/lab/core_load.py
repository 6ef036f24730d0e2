"""How busy each cpu of this machine is, whoever uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from deepsched.topology import Topology


class CoreLoad:
    """Reads the load of each cpu since it was last read.

    psutil's own ``cpu_percent`` remembers one last reading for the whole process, which others may ask for too.

    Parameters
    ----------
    topology : Topology
        This machine.
    """

    def __init__(self, topology: Topology) -> None:
        # psutil lists the online cpus in the order of their numbers.
        self._cpus = sorted(thread.cpu for thread in topology.threads)
        self._last = psutil.cpu_times(percpu=True)

    def read(self) -> dict[int, float]:
        """Give the load of each cpu in per cent; nothing where psutil counts other cpus than the topology."""
        last, self._last = self._last, psutil.cpu_times(percpu=True)
        if not len(last) == len(self._last) == len(self._cpus):
            return {}
        return {cpu: _compare(a, b) for cpu, a, b in zip(self._cpus, last, self._last, strict=True)}


def _compare(before: Any, after: Any) -> float:
    # What guests use is part of user time already.
    spent = {name: getattr(after, name) - getattr(before, name) for name in after._fields if "guest" not in name}
    whole = sum(spent.values())
    idle = spent["idle"] + spent.get("iowait", 0.0)
    return min(100.0, max(0.0, 100.0 * (1 - idle / whole))) if whole > 0 else 0.0
