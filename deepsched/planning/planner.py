"""From a topology and a wish to a plan."""

from __future__ import annotations

import operator
import warnings
from typing import TYPE_CHECKING

from deepsched.errors import DeepschedWarning, PlanError, PlanTypeError
from deepsched.planning.findings import find_all
from deepsched.planning.partition import default_num_streams, split_cores
from deepsched.planning.plan import Adjustment, StreamPlan, own_cores
from deepsched.planning.scheduler import Scheduler

if TYPE_CHECKING:
    from deepsched.topology import Topology


def plan_streams(
    topology: Topology,
    num_streams: int | None = None,
    *,
    num_cores: int | None = None,
    scheduler: Scheduler | str = Scheduler.multi_stream,
    threads_per_core: int = 1,
) -> StreamPlan:
    """Cut the cores that this process may use into streams.

    Cores are taken in topological order (socket, NUMA node, L3, core), never in the operating system's;
    ``divmod(cores, streams)`` gives the sizes, and the first streams get the one core more.

    Parameters
    ----------
    topology : Topology
        The machine.
    num_streams : int, optional
        How many streams. None or 0: one an L3 (no L3: one a NUMA node; one node: one a socket). More than there
        are cores is capped, with a warning.
    num_cores : int, optional
        Use only the first so many cores; None uses all. More than there are is capped, with a warning.
    scheduler : Scheduler or str
        With ``"single_stream"`` there is one stream, and more are capped to it with a warning.
    threads_per_core : int
        How many hardware threads of each core a stream uses.

    Returns
    -------
    StreamPlan
        With its findings, and an adjustment for each value that was capped.

    Raises
    ------
    PlanTypeError
        If a count is not an integer.
    PlanError
        If a count is negative, `num_cores` or `threads_per_core` is 0, or there is no such scheduler.
    """
    chosen = Scheduler.choose(scheduler)
    wanted_streams = None if num_streams is None else _check_count("num_streams", num_streams, least=0) or None
    wanted_cores = None if num_cores is None else _check_count("num_cores", num_cores, least=1)
    per_core = _check_count("threads_per_core", threads_per_core, least=1)
    adjustments: list[Adjustment] = []

    usable = topology.usable_cores
    cores = usable[:wanted_cores]
    if wanted_cores is not None and wanted_cores > len(usable):
        reason = f"{len(usable)} of the machine's {len(topology.cores)} cores are usable"
        adjustments.append(Adjustment("num_cores", wanted_cores, len(usable), reason))

    most = 1 if chosen is Scheduler.single_stream else len(cores)
    count = min(wanted_streams or default_num_streams(cores), most)
    if wanted_streams is not None and wanted_streams > most:
        reason = "single_stream has one stream" if most == 1 < len(cores) else f"there are {len(cores)} cores"
        adjustments.append(Adjustment("num_streams", wanted_streams, count, reason))
    for change in adjustments:
        message = f"{change.name} {change.requested} is capped to {change.actual}: {change.reason}."
        warnings.warn(message, DeepschedWarning, stacklevel=2)

    streams = tuple(own_cores(i, group, per_core) for i, group in enumerate(split_cores(cores, count)))
    return StreamPlan(
        topology=topology,
        scheduler=chosen,
        requested_num_streams=wanted_streams,
        streams=streams,
        findings=find_all(streams, cores),
        adjustments=tuple(adjustments),
    )


def _check_count(name: str, value: object, least: int) -> int:
    if isinstance(value, bool):
        raise PlanTypeError(f"{name} is {value!r}; expected an integer from {least} up.")
    try:
        count = operator.index(value)  # type: ignore[arg-type]  # asking is the check
    except TypeError:
        raise PlanTypeError(f"{name} is {value!r}; expected an integer from {least} up.") from None
    if count < least:
        raise PlanError(f"{name} is {count}; expected an integer from {least} up.")
    return count
