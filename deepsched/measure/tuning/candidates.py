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
    "streams that straddle nothing before others, even ones before uneven ones, then the fewest streams, then the "
    "smallest batch"
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
        return f"{self.plan.scheduler.value}{streams}{batch}"

    @property
    def complexity(self) -> tuple[bool, bool, int, int]:
        """What settings of equal worth are chosen by, the smallest first; `SIMPLICITY` says it in words."""
        kinds = {finding.kind for finding in self.plan.findings}
        straddles = any(kind.endswith("-straddle") for kind in kinds)
        return straddles, "uneven-streams" in kinds, self.plan.num_streams, self.setting.batch_size or 0


def list_candidates(topology: Topology, base: Setting, batch_sizes: Sequence[int] = ()) -> tuple[Candidate, ...]:
    """List the settings to try on a machine, the simplest first.

    ``elastic`` does what ``multi_stream`` does, and ``multi_stream`` with one stream what ``single_stream`` does, so
    neither is tried. Where there are more num_streams than `MOST_CANDIDATES`, the aligned ones go first, and then
    those spread evenly over the rest.

    Parameters
    ----------
    topology : Topology
        The machine.
    base : Setting
        What all have in common.
    batch_sizes : sequence of int
        Which to try; none leaves the model's.
    """
    single = plan_streams(topology, num_cores=base.num_cores, scheduler=Scheduler.single_stream)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeepschedWarning)  # the line above has said what is capped
        plans = [single, *plan_all(topology, num_cores=base.num_cores)[1:]]
    each = max(2, MOST_CANDIDATES // max(1, len(batch_sizes)))
    found = [
        Candidate(_set(base, plan, batch_size), plan)
        for plan in _thin(plans, each)
        for batch_size in batch_sizes or [0]
    ]
    return tuple(sorted(found, key=lambda candidate: candidate.complexity))


def _set(base: Setting, plan: StreamPlan, batch_size: int) -> Setting:
    single = plan.scheduler is Scheduler.single_stream
    return replace(
        base,
        scheduler=plan.scheduler,
        num_streams=None if single else plan.num_streams,
        batch_size=batch_size or base.batch_size,
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
