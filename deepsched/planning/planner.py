"""From a topology and a wish to a plan."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from deepsched.errors import PlanError, PlanTypeError, warn_caller
from deepsched.planning.cores import choose_cores
from deepsched.planning.findings import Advice, find_all
from deepsched.planning.layout import read_layout
from deepsched.planning.partition import default_num_streams, nearest_aligned, split_cores
from deepsched.planning.plan import Adjustment, StreamPlan, own_cores
from deepsched.planning.scheduler import Scheduler
from deepsched.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deepsched.topology import Core


def plan_streams(
    topology: Topology | str,
    num_streams: int | None = None,
    *,
    num_cores: int | None = None,
    scheduler: Scheduler | str = Scheduler.multi_stream,
    threads_per_core: int = 1,
    streams: Sequence[str | Iterable[int]] | None = None,
) -> StreamPlan:
    """Cut the cores that this process may use into streams.

    Cores are taken in topological order (socket, NUMA node, L3, core), never in the operating system's, and
    performance cores before others; ``divmod(cores, streams)`` gives the sizes, and the first streams get the one core
    more. Where there are kinds of cores, each is cut for itself if there are streams enough.

    Parameters
    ----------
    topology : Topology, or str or path
        The machine, as `Topology.load` takes it.
    num_streams : int, optional
        How many streams. None or 0: one an L3 (no L3: one a NUMA node; one node: one a socket). More than there
        are cores is capped, with a warning.
    num_cores : int, optional
        Use only the first so many cores. None uses all, or as many as a CPU quota keeps busy. More than there are is
        capped, with a warning.
    scheduler : Scheduler or str
        With ``"single_stream"`` there is one stream, and more are capped to it with a warning.
    threads_per_core : int
        How many hardware threads of each core a stream uses. More than the cores have is capped, with a warning.
    streams : sequence of str or of iterables of int, optional
        A layout of your own instead: the cpus of each stream, such as ``["0-7", "8-11", "12-15"]``.

    Returns
    -------
    StreamPlan
        With its findings, and an adjustment for each value that was capped.

    Raises
    ------
    PlanTypeError
        If a count is not an integer.
    PlanError
        If a count is negative, `num_cores` or `threads_per_core` is 0, there is no such scheduler, or a layout
        overlaps, names cpus that do not exist or may not be used, or comes with another wish.
    """
    topology = Topology.load(topology)
    chosen = Scheduler.choose(scheduler)
    if streams is not None:
        if num_streams or num_cores is not None or threads_per_core != 1 or chosen is Scheduler.single_stream:
            raise PlanError(
                "streams gives the whole layout: leave out num_streams, num_cores and threads_per_core, and plan "
                "multi_stream."
            )
        planned, taken = read_layout(topology, streams)
        return StreamPlan(topology, chosen, None, planned, find_all(topology, planned, taken, Advice()))
    plan = _cut_evenly(
        topology,
        None if num_streams is None else _check_count("num_streams", num_streams, least=0) or None,
        None if num_cores is None else _check_count("num_cores", num_cores, least=1),
        chosen,
        _check_count("threads_per_core", threads_per_core, least=1),
    )
    for change in plan.adjustments:
        warn_caller(f"{change.name} {change.requested} is capped to {change.actual}: {change.reason}.")
    return plan


def plan_all(
    topology: Topology | str, *, num_cores: int | None = None, threads_per_core: int = 1
) -> tuple[StreamPlan, ...]:
    """Plan multi_stream for every num_streams, from 1 to the number of cores; see `plan_streams`."""
    topology = Topology.load(topology)
    cores, _ = choose_cores(topology, num_cores)
    return tuple(
        plan_streams(topology, n, num_cores=num_cores, threads_per_core=threads_per_core)
        for n in range(1, len(cores) + 1)
    )


def _cut_evenly(
    topology: Topology, num_streams: int | None, num_cores: int | None, scheduler: Scheduler, threads_per_core: int
) -> StreamPlan:
    cores, adjustments = choose_cores(topology, num_cores)
    most = 1 if scheduler is Scheduler.single_stream else len(cores)
    count = min(num_streams or default_num_streams(cores), most)
    if num_streams is not None and num_streams > most:
        reason = _why_capped(topology, cores, scheduler)
        adjustments.append(Adjustment("num_streams", num_streams, count, reason))
    widest = max(len(core.cpus) for core in cores)
    if threads_per_core > widest:
        reason = f"no core has more than {widest} usable hardware thread{'s' if widest > 1 else ''}"
        adjustments.append(Adjustment("threads_per_core", threads_per_core, widest, reason))
    planned = tuple(own_cores(i, group, threads_per_core) for i, group in enumerate(split_cores(cores, count)))
    aligned = tuple(nearest_aligned(cores, count))
    other = "multi_stream with " if scheduler is Scheduler.single_stream else ""
    words = f"Try {other}num_streams {' or '.join(map(str, aligned))}." if aligned else ""
    advice = Advice(words, aligned, (default_num_streams(cores),))
    findings = find_all(topology, planned, cores, advice)
    return StreamPlan(topology, scheduler, num_streams, planned, findings, tuple(adjustments))


def _why_capped(topology: Topology, cores: Sequence[Core], scheduler: Scheduler) -> str:
    if scheduler is Scheduler.single_stream:
        return "single_stream has one stream"
    visible = len(topology.usable_cores)
    if topology.limits.cap_cores(visible) == len(cores) < visible:
        return topology.limits.describe_quota(visible)
    return f"there are {len(cores)} cores"


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
