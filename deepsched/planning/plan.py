"""What a plan is: streams, the cores that each owns, and what there is to say of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deepsched.planning.scheduler import Scheduler
    from deepsched.topology import Core, HardwareThread, Topology


@dataclass(frozen=True, slots=True)
class PlannedStream:
    """One stream and the cores that it owns, in topological order.

    `cores`, `sockets` and `l3_caches` are the topology's logical numbers; `cpus` and `numa_nodes` are the
    operating system's.
    """

    index: int
    cores: tuple[int, ...]
    cpus: tuple[int, ...]
    sockets: tuple[int, ...]
    numa_nodes: tuple[int, ...]
    l3_caches: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a person should know about a plan.

    `kind` is one of the names in `deepsched.planning.findings`. `severity` is ``"warning"`` where the cost is
    sure and ``"info"`` where it depends on the model. `streams` are the indices of the streams concerned, `cpus` the
    cpus that cause it. `options` are the values of num_streams that `suggestion` names or means, if it does.
    """

    kind: str
    severity: str
    streams: tuple[int, ...]
    message: str
    suggestion: str
    cpus: tuple[int, ...] = ()
    options: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give the finding as plain data, in the shape that ``deepsched plan --json`` prints."""
        return {name: _plain(getattr(self, name)) for name in _FINDING_KEYS}


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A value that could not be had as asked: what was requested, what it became, and why."""

    name: str
    requested: int
    actual: int
    reason: str


@dataclass(frozen=True)
class StreamPlan:
    """The cores of a machine, cut into streams.

    Parameters
    ----------
    topology : Topology
        The machine planned for.
    scheduler : Scheduler
        With `single_stream` there is one stream.
    requested_num_streams : int or None
        What was asked for; None stands for the default.
    streams : tuple of PlannedStream
        Disjoint, contiguous in topological order, their sizes at most one core apart.
    findings : tuple of Finding
        The gravest first.
    adjustments : tuple of Adjustment
        Where less was planned than asked for, and why.
    """

    topology: Topology
    scheduler: Scheduler
    requested_num_streams: int | None
    streams: tuple[PlannedStream, ...]
    findings: tuple[Finding, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()

    @property
    def num_streams(self) -> int:
        """How many streams there are."""
        return len(self.streams)

    @property
    def num_cores(self) -> int:
        """How many cores the streams own together."""
        return len({core for stream in self.streams for core in stream.cores})

    def stream_of_cpus(self) -> dict[int, int]:
        """Map each planned cpu to its stream's index."""
        return {cpu: stream.index for stream in self.streams for cpu in stream.cpus}

    def to_dict(self) -> dict[str, Any]:
        """Give the plan as plain data, in the shape that ``deepsched plan --json`` prints."""
        return {
            "scheduler": self.scheduler.value,
            "num_streams": self.num_streams,
            "requested_num_streams": self.requested_num_streams,
            "streams": [{name: _plain(getattr(stream, name)) for name in _STREAM_KEYS} for stream in self.streams],
            "findings": [finding.to_dict() for finding in self.findings],
        }

    def export(self, kind: str) -> str:
        """Write the plan for the program that will run it: one text, to paste.

        Parameters
        ----------
        kind : str
            ``"taskset"`` or ``"numactl"``: a command line a stream. ``"onnxruntime"``: Python code that opens a pinned
            session a stream. ``"openvino"``: the properties to compile a model with. ``"triton"``: a config.pbtxt,
            with the server's flags. ``"kubernetes"``: a Pod a stream, for the static CPU manager.

        Raises
        ------
        PlanError
            If there is no such kind.
        """
        from deepsched.planning.exports import export_plan  # noqa: PLC0415 - only those who export load the writers

        return export_plan(self, kind)

    def __repr__(self) -> str:
        sizes = ", ".join(str(len(stream.cores)) for stream in self.streams[:8])
        more = ", ..." if self.num_streams > 8 else ""  # noqa: PLR2004 - a line's worth
        return f"StreamPlan({self.scheduler.value}, num_streams={self.num_streams}, cores=[{sizes}{more}])"

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, str]:
        # Only a notebook that shows a plan pays for its picture; see tests/test_architecture.py.
        from deepsched.render import draw_plan, write_plan  # noqa: PLC0415

        return {"image/svg+xml": draw_plan(self), "text/plain": write_plan(self)}


_STREAM_KEYS = ("index", "cpus", "sockets", "numa_nodes", "l3_caches")
_FINDING_KEYS = ("kind", "severity", "streams", "message", "suggestion")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def own_cores(index: int, cores: tuple[Core, ...], threads_per_core: int) -> PlannedStream:
    """Give stream `index` the `cores`, with up to `threads_per_core` hardware threads of each."""
    cpus = [cpu for core in cores for cpu in core.cpus[:threads_per_core]]
    return gather_stream(index, [core.index for core in cores], cpus, cores)


def gather_stream(
    index: int, cores: Iterable[int], cpus: Iterable[int], parts: Sequence[Core | HardwareThread]
) -> PlannedStream:
    """Make stream `index` of `cores` and `cpus`; `parts` tell on which sockets, NUMA nodes and L3 caches these lie."""
    return PlannedStream(
        index=index,
        cores=tuple(cores),
        cpus=tuple(cpus),
        sockets=tuple(dict.fromkeys([part.socket for part in parts])),
        numa_nodes=tuple(dict.fromkeys([part.numa_node for part in parts])),
        l3_caches=tuple(dict.fromkeys([part.l3 for part in parts if part.l3 is not None])),
    )
