"""Engines in several processes, two notebooks for instance, keep off each other's cores, or at least know of it.

Two engines pinned to the same cores are far slower than two that are not pinned at all, and nothing else tells:
https://github.com/openvinotoolkit/openvino/issues/31186. A process does not rival itself, however many engines it has.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepsched.engine.claim_files import Claim, guard_claims, read_claims, write_claim
from deepsched.errors import CoresHeldError, OptionError, warn_caller
from deepsched.topology import format_cpu_list, restrict_topology

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from deepsched.planning import StreamPlan
    from deepsched.topology import Core, Topology

_SHOWN = 3  # of those who hold the cores


def check_cores(cores: object) -> str | None:
    """Accept None or ``"free"``.

    Raises
    ------
    OptionError
        If it is neither.
    """
    if cores is not None and cores != "free":
        raise OptionError(f"cores is {cores!r}; expected None, or 'free' for those that no other process holds.")
    return None if cores is None else "free"


def plan_and_claim(
    make_plan: Callable[[Topology], StreamPlan],
    topology: Topology,
    *,
    num_cores: Any = None,
    cores: str | None = None,
    claims: bool = True,
) -> tuple[StreamPlan, str | None]:
    """Plan, and claim the cores planned, in one step: two processes that start at once do not get the same free cores.

    Parameters
    ----------
    make_plan : callable
        Plans on the topology that it is given.
    topology : Topology
        This machine.
    num_cores : int, optional
        How many cores the plan will be asked for.
    cores : {"free"}, optional
        Plan without the cores that other processes hold. By default they are planned with, and a warning says so.
    claims : bool
        Whether to claim anything. Threads that are not pinned hold no cores.

    Returns
    -------
    StreamPlan
        The plan, on the topology that was left to it.
    str or None
        The claim, for `deepsched.engine.claim_files.release_claim`.

    Raises
    ------
    CoresHeldError
        If fewer cores are free than were asked for.
    """
    if not claims and cores is None:
        return make_plan(topology), None
    with guard_claims() as folder:
        others = () if folder is None else read_claims(folder)
        plan = make_plan(_leave_held(topology, others, num_cores) if cores == "free" else topology)
        if not claims:
            return plan, None
        cpus = find_core_cpus(plan)
        rivals = _say_rivals(topology, cpus, others)
        if rivals:
            warn_caller(rivals)
        claim = Claim(tuple(sorted(cpus)), plan.num_streams, os.getpid(), name_process(), _write_now())
        return plan, None if folder is None else write_claim(folder, claim)


def describe_rivals(plan: StreamPlan) -> str:
    """Say which engines of other processes are on the plan's cores now; nothing if none is."""
    with guard_claims() as folder:
        others = () if folder is None else read_claims(folder)
    return _say_rivals(plan.topology, find_core_cpus(plan), others)


def find_core_cpus(plan: StreamPlan) -> frozenset[int]:
    """Find all hardware threads of the plan's cores: one that a stream leaves out shares its core all the same."""
    cores = {core for stream in plan.streams for core in stream.cores}
    return frozenset(t.cpu for t in plan.topology.threads if t.core in cores)


def name_process() -> str:
    """Name this process as a person knows it: its notebook or its command, without arguments, which may be secret."""
    notebook = os.environ.get("JPY_SESSION_NAME")  # set by jupyter_server for the kernels that it starts
    if notebook and "ipykernel" in sys.modules:
        return Path(notebook).name
    command = next(iter(getattr(sys, "argv", ())), "")
    if command in {"", "-c", "-m"}:
        return f"python {command}".strip()
    program = Path(command)
    return program.parent.name if program.name == "__main__.py" else program.name


def _leave_held(topology: Topology, others: Sequence[Claim], num_cores: Any) -> Topology:
    usable = topology.usable_cores
    free = _find_free(topology, others)
    wanted = min(int(num_cores), len(usable)) if isinstance(num_cores, Integral) else 1
    if len(free) < max(1, wanted):
        asked = f"num_cores={num_cores}, cores='free'" if num_cores else "cores='free'"
        remedy = f"Ask for at most {len(free)} cores" if free else "Leave cores out to share them"
        raise CoresHeldError(
            f"{asked}: {len(free)} of {len(usable)} cores are free. "
            f"{_describe(others, {cpu for core in usable for cpu in core.cpus})} {remedy}, or close the other engine."
        )
    return restrict_topology(topology, {cpu for core in free for cpu in core.cpus})


def _find_free(topology: Topology, others: Iterable[Claim]) -> list[Core]:
    held = {cpu for claim in others for cpu in claim.cpus}
    busy = {thread.core for thread in topology.threads if thread.cpu in held}
    return [core for core in topology.usable_cores if core.index not in busy]


def _say_rivals(topology: Topology, cpus: AbstractSet[int], others: Sequence[Claim]) -> str:
    rivals = [claim for claim in others if not cpus.isdisjoint(claim.cpus)]
    if not rivals:
        return ""
    free, usable = len(_find_free(topology, others)), len(topology.usable_cores)
    remedy = "No core is free for cores='free'"
    if free:
        remedy = f"cores='free' takes the {free} of {usable} cores that are free"
    return (
        f"another process's engine is on the same cores, and both will be slow. {_describe(rivals, cpus)} "
        f"{remedy}; or compile the other with fewer num_cores, or close it."
    )


def _describe(claims: Iterable[Claim], among: AbstractSet[int]) -> str:
    """Say ``Held: cpus 0-3 by train.ipynb (pid 812, 2 streams, since 14:03).``."""
    parts = [
        f"cpus {format_cpu_list(among & set(claim.cpus))} by {claim.name} (pid {claim.pid}, {claim.num_streams} "
        f"stream{'' if claim.num_streams == 1 else 's'}, since {_read_time(claim.since)})"
        for claim in claims
        if not among.isdisjoint(claim.cpus)
    ]
    more = f"; {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else ""
    return f"Held: {'; '.join(parts[:_SHOWN])}{more}."


def _write_now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _read_time(since: str) -> str:
    then, now = datetime.fromisoformat(since).astimezone(), datetime.now(UTC).astimezone()
    return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%Y-%m-%d %H:%M}"
