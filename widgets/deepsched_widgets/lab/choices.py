"""What a lab offers: the models, machines, workloads and texts to choose from, and how far its controls reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deepsched.planning import Scheduler, choose_cores
from deepsched.render.plans.finding_groups import group_findings
from deepsched.render.plans.words import count
from deepsched_widgets.lab.arrivals import LEAST_RATE, MOST_RATE
from deepsched_widgets.lab.code import list_code_kinds
from deepsched_widgets.lab.machine_choice import list_machines
from deepsched_widgets.lab.model_choice import list_models
from deepsched_widgets.misplaced import find_misplaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from deepsched.planning import StreamPlan
    from deepsched_widgets.lab.model_choice import ModelChoice
    from deepsched_widgets.lab.wish import Wish

MOST_CLIENTS = 256
# An engine that the person made stays as it was made, but for its streams.
_FIXED = ["model", "machine", "scheduler", "threads_per_core", "predict", "tuning"]


def list_choices(own: ModelChoice, workloads: Iterable[str]) -> dict[str, Any]:
    """List what can be chosen, a lab's own model too; all but the workloads as pairs of value and label."""
    return {
        "models": [*list_models(), *([["", "from Python"]] if not own.value else [])],
        "machines": list_machines(),
        "workloads": list(workloads),
        "code_kinds": list_code_kinds(),
    }


def describe_limits(wish: Wish) -> dict[str, Any]:
    """Say how far the controls reach with a wish's model and machine."""
    cores, _ = choose_cores(wish.topology, None)
    engine = wish.model.engine
    return {
        "max_streams": len(cores) if engine is None else engine.num_cores if wish.several else 1,
        "max_threads_per_core": max(len(core.cpus) for core in cores),
        "max_clients": MOST_CLIENTS,
        "min_rate": LEAST_RATE,
        "max_rate": MOST_RATE,
        "measurable": wish.workload is None,
        "fixed": [] if engine is None else _FIXED,
    }


def list_findings(plan: StreamPlan, misplaced: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """List a plan's findings as the page shows them: each with the num_streams that its suggestion means."""
    several = plan.scheduler != Scheduler.single_stream
    shown = []
    for finding in group_findings([*find_misplaced(misplaced), *plan.findings]):
        others = [number for number in finding.options if not (several and number == plan.num_streams)]
        options = [[number, count(number, "stream")] for number in others]
        shown.append({**finding.to_dict(), "options": options})
    return shown
