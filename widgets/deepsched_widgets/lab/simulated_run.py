"""A machine that is not there under load, as a live run shows it: simulated once a setting, shown every period."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from deepsched.simulation import WORKLOADS, simulate
from deepsched_widgets.lab.live_run import Sample, Trace

if TYPE_CHECKING:
    from types import TracebackType

    from deepsched.simulation import Simulation
    from deepsched_widgets.lab.wish import Wish


class SimulatedRun:
    """What `simulate` says of the setting that is wished for. Nothing in it is measured.

    A simulated setting does not scatter from period to period: its curves are level.

    Parameters
    ----------
    wish : Wish
        What to simulate first; without a workload, the first of `WORKLOADS`.
    """

    def __init__(self, wish: Wish) -> None:
        self._found: dict[tuple[object, ...], Simulation] = {}
        self.adapt(wish)

    def adapt(self, wish: Wish) -> None:
        """Simulate the setting, unless this run has done so before."""
        self._wish = wish
        key = (wish.scheduler, wish.num_streams, wish.threads_per_core, wish.load, wish.workload)
        if key not in self._found:
            self._found[key] = simulate_wish(wish)
        self._now = self._found[key]

    def sample(self) -> Sample:
        """Give what was simulated, as of now."""
        found, wish = self._now, self._wish
        return Sample(
            # The snapshot's own time began with the simulation, the page's with the run.
            replace(found.snapshot, at=time.perf_counter()),
            found.plan.scheduler.value,
            found.plan.num_streams,
            clients=wish.clients,
            rate=wish.rate,
            workload=found.workload,
            note=found.note,
        )

    def trace(self) -> Trace:
        """Give the last requests that were simulated and answered while others came, as a run that goes on has them."""
        records = self._now.records
        last = max(record.queued for record in records)
        # Of a queue that grows beyond all bounds none may be left; then all.
        answered = tuple(record for record in records if record.ended <= last) or records
        return Trace(self._wish, self._now.plan.num_streams, answered)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


def simulate_wish(wish: Wish) -> Simulation:
    """Simulate what a wish asks for."""
    workload = WORKLOADS[0] if wish.workload is None else wish.workload
    return simulate(wish.plan(), workload, clients=wish.clients, rate=wish.rate)
