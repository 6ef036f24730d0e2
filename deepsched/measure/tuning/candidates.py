"""The settings that are worth a trial, the simplest first."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deepsched.errors import DeepschedWarning
from deepsched.planning import Scheduler, plan_streams
from deepsched.planning.planner import plan_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.measure.setting import Setting
    from deepsched.planning import StreamPlan
    from deepsched.topology import Topology

MOST_CANDIDATES = 12
SIMPLICITY = (
    "streams that straddle nothing before others, even ones before uneven ones, then the fewest streams, then one "
    "hardware thread a core, then the smallest batch"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A setting, and the plan that it leads to."""

    setting: Setting
    plan: StreamPlan

    @property
    def name(self) -> str:
        """What people call it."""
        streams = "" if self.plan.scheduler is Scheduler.single_stream else f" with {self.plan.num_streams} streams"
        batch = f", batch_size {self.setting.batch_size}" if self.setting.batch_size else ""
        threads = f", {self.setting.threads_per_core} threads a core" if self.setting.threads_per_core > 1 else ""
        return f"{self.plan.scheduler.value}{streams}{threads}{batch}"

    @property
    def complexity(self) -> tuple[bool, bool, int, int, int]:
        """What settings of equal worth are chosen by, the smallest first; `SIMPLICITY` says it in words."""
        kinds = {finding.kind for finding in self.plan.findings}
        straddles = any(kind.endswith("-straddle") for kind in kinds)
        threads, batch_size = self.setting.threads_per_core, self.setting.batch_size or 0
        return straddles, "uneven-streams" in kinds, self.plan.num_streams, threads, batch_size


def list_candidates(topology: Topology, base: Setting, batch_sizes: Sequence[int] = ()) -> tuple[Candidate, ...]:
    """List the settings to try on a machine, the simplest first.

    ``elastic`` does what ``multi_stream`` does, and ``multi_stream`` with one stream what ``single_stream`` does, so
    neither is tried. Where cores have several hardware threads, all of them are tried beside one. Where there are more
    num_streams than `MOST_CANDIDATES` allows, the aligned ones go first, and then those spread evenly over the rest.

    Parameters
    ----------
    topology : Topology
        The machine.
    base : Setting
        What all have in common.
    batch_sizes : sequence of int
        Which to try; none leaves the model's.
    """
    most_threads = max(len(core.cpus) for core in topology.usable_cores)
    widths = sorted({1, most_threads})
    each = max(2, MOST_CANDIDATES // max(1, len(batch_sizes)) // len(widths))
    found = [
        Candidate(_set(base, plan, threads, batch_size), plan)
        for threads in widths
        for plan in _thin(_plan_with(topology, base.num_cores, threads), each)
        for batch_size in batch_sizes or [0]
    ]
    return tuple(sorted(found, key=lambda candidate: candidate.complexity))


def _plan_with(topology: Topology, num_cores: int | None, threads: int) -> list[StreamPlan]:
    """Plan single_stream and then multi_stream for all num_streams from 2 up."""
    single = plan_streams(topology, num_cores=num_cores, scheduler=Scheduler.single_stream, threads_per_core=threads)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeepschedWarning)  # the line above has said what is capped
        return [single, *plan_all(topology, num_cores=num_cores, threads_per_core=threads)[1:]]


def _set(base: Setting, plan: StreamPlan, threads: int, batch_size: int) -> Setting:
    single = plan.scheduler is Scheduler.single_stream
    return replace(
        base,
        scheduler=plan.scheduler,
        num_streams=None if single else plan.num_streams,
        batch_size=batch_size or base.batch_size,
        threads_per_core=threads,
    )


def _thin(plans: Sequence[StreamPlan], most: int) -> list[StreamPlan]:
    """Keep at most `most` plans: the first, which is single_stream; aligned and even ones; a choice of the others."""
    first, *rest = plans
    aligned = [plan for plan in rest if not {f.kind for f in plan.findings} & _UNALIGNED]
    kept = [first, *_spread(aligned, most - 1)]
    others = [plan for plan in rest if plan not in aligned]
    return kept + _spread(others, most - len(kept))


_UNALIGNED = {"socket-straddle", "numa-straddle", "l3-straddle", "uneven-streams"}


def _spread(plans: Sequence[StreamPlan], most: int) -> list[StreamPlan]:
    if most <= 1 or len(plans) <= most:
        return list(plans[: max(most, 0)])
    return [plans[round(place * (len(plans) - 1) / (most - 1))] for place in range(most)]
