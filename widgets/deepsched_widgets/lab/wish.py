"""What a person wants to see run: all that the lab's controls say at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepsched.planning import Scheduler, StreamPlan, plan_streams

if TYPE_CHECKING:
    from deepsched.simulation import Workload
    from deepsched.topology import Topology
    from deepsched_widgets.lab.model_choice import ModelChoice


@dataclass(frozen=True, slots=True)
class Wish:
    """One setting under one load.

    Attributes
    ----------
    model : ModelChoice
        What to run.
    topology : Topology
        The machine.
    scheduler : str
        The scheduler.
    num_streams : int
        Its streams; `single_stream` has one, whatever this says.
    threads_per_core : int
        Hardware threads of each core that a stream takes.
    clients : int, optional
        Closed loop: how many clients send requests. 0 only watches what others send to an engine.
    rate : float, optional
        Open loop instead: requests a second.
    workload : Workload, optional
        What a simulated request asks for. None where the machine is this one: a real one asks for what its model does.
    predict : bool
        Whether to show beside what is measured what a simulation predicts.
    """

    model: ModelChoice
    topology: Topology
    scheduler: str
    num_streams: int
    threads_per_core: int = 1
    clients: int | None = 1
    rate: float | None = None
    workload: Workload | None = None
    predict: bool = False

    @property
    def origin(self) -> str:
        """Whether what runs is measured or simulated."""
        return "measured" if self.workload is None else "simulated"

    @property
    def load(self) -> tuple[int | None, float | None]:
        """Clients and rate, one of which is None."""
        return self.clients, self.rate

    @property
    def several(self) -> bool:
        """Whether it asks for several streams, though that may be one."""
        return self.scheduler != Scheduler.single_stream

    def plan(self) -> StreamPlan:
        """Plan the streams, on the cores of the engine where the person made one."""
        engine = self.model.engine
        return plan_streams(
            self.topology,
            self.num_streams if self.several else None,
            num_cores=None if engine is None else engine.num_cores,
            scheduler=self.scheduler,
            threads_per_core=self.threads_per_core,
        )

    def shares_ground_with(self, other: Wish) -> bool:
        """Tell whether a source for the other can follow this wish, or another source must be opened."""
        # A simulation runs no model.
        same_work = self.origin == "simulated" or self.model is other.model
        return same_work and self.topology is other.topology and self.origin == other.origin

    def compares_with(self, other: Wish) -> bool:
        """Tell whether requests under the two say something of each other: the same work, under the same load."""
        own = (self.load, self.workload, self.threads_per_core)
        return self.shares_ground_with(other) and own == (other.load, other.workload, other.threads_per_core)
