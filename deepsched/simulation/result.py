"""What a simulation found: the same snapshot and records that an engine gives, and where the times come from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from deepsched.planning import StreamPlan
    from deepsched.simulation.costs import Costs
    from deepsched.simulation.estimate import Estimate
    from deepsched.simulation.service import ServiceTime
    from deepsched.simulation.workload import Workload
    from deepsched.telemetry import RequestRecord, Snapshot


@dataclass(frozen=True, slots=True)
class Simulation:
    """One plan under one load. Nothing in it was measured, and `label` says so wherever it is shown.

    Attributes
    ----------
    plan : StreamPlan
        The machine, and the streams on it.
    workload : Workload
        What a request asks for.
    costs : Costs
        The constants of the machine.
    load : str
        Clients or rate, in words.
    service_times : tuple of ServiceTime
        For each stream in use, what its service time is made of.
    capacity : float
        Requests per second with no stream ever idle.
    stable : bool
        Whether the requests can be kept up with.
    note : str
        What there is to say of the load; empty if nothing.
    throughput : Estimate
        Requests per second.
    mean_queue_time, p99_queue_time, p99_latency : Estimate or None
        Seconds. None where the queue grows without bound: they are whatever one waits for.
    snapshot : Snapshot
        The statistics as an engine gives them. Its times are seconds since the simulation began. Where the queue grows
        without bound, its latencies are those of the requests simulated, and would be longer for later ones.
    records : tuple of RequestRecord
        The last requests of one run, oldest first.
    """

    plan: StreamPlan
    workload: Workload
    costs: Costs
    load: str
    service_times: tuple[ServiceTime, ...]
    capacity: float
    stable: bool
    note: str
    throughput: Estimate
    mean_queue_time: Estimate | None
    p99_queue_time: Estimate | None
    p99_latency: Estimate | None
    snapshot: Snapshot
    records: tuple[RequestRecord, ...]

    label: ClassVar[str] = "simulated"

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data, in the shape that ``deepsched simulate --json`` prints; the records are left out."""
        estimates = {name: getattr(self, name) for name in _ESTIMATES}
        return {
            "label": self.label,
            "scheduler": self.plan.scheduler.value,
            "num_streams": self.plan.num_streams,
            "requested_num_streams": self.plan.requested_num_streams,
            "load": self.load,
            "capacity": self.capacity,
            "stable": self.stable,
            "note": self.note,
            **{name: None if value is None else value.to_dict() for name, value in estimates.items()},
            "snapshot": asdict(self.snapshot),
            "streams": [
                {
                    "index": time.stream,
                    "threads": time.threads,
                    "service_seconds": time.seconds,
                    "terms": time.explain(),
                }
                for time in self.service_times
            ],
        }

    def __repr__(self) -> str:
        return (
            f"Simulation({self.label}, {self.workload.name!r}, num_streams={self.plan.num_streams}, {self.load}, "
            f"throughput={self.throughput.value:.4g}/s{'' if self.stable else ', unstable'})"
        )


_ESTIMATES = ("throughput", "mean_queue_time", "p99_queue_time", "p99_latency")
