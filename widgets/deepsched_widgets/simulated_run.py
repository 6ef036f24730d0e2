"""A machine that is not there under load, as a live run shows it: simulated once a setting, shown every period."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from deepsched.planning import Scheduler, plan_streams
from deepsched.simulation import WORKLOADS, simulate
from deepsched_widgets.live_run import Sample

if TYPE_CHECKING:
    from types import TracebackType

    from deepsched.topology import Topology
    from deepsched_widgets.live_run import Wish


class SimulatedRun:
    """What `simulate` says of the setting that is wished for. Nothing in it is measured.

    A simulated setting does not scatter from period to period: its curves are level.

    Parameters
    ----------
    topology : Topology
        The machine.
    wish : Wish
        What to simulate first; without a workload, the first of `WORKLOADS`.
    """

    def __init__(self, topology: Topology, wish: Wish) -> None:
        self._topology = topology
        self._found: dict[Wish, Sample] = {}
        self.adapt(wish)

    def adapt(self, wish: Wish) -> None:
        """Simulate the setting, unless this run has done so before."""
        if wish not in self._found:
            self._found[wish] = _simulate(self._topology, wish)
        self._sample = self._found[wish]

    def sample(self) -> Sample:
        """Give what was simulated, as of now."""
        # The snapshot's own time began with the simulation, the page's with the run.
        return replace(self._sample, snapshot=replace(self._sample.snapshot, at=time.perf_counter()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


def _simulate(topology: Topology, wish: Wish) -> Sample:
    several = wish.scheduler != Scheduler.single_stream
    plan = plan_streams(topology, wish.num_streams if several else None, scheduler=wish.scheduler)
    workload = WORKLOADS[0] if wish.workload is None else wish.workload
    found = simulate(plan, workload, clients=wish.clients)
    return Sample(found.snapshot, plan.scheduler.value, plan.num_streams, clients=wish.clients, workload=workload)
