"""The best setting of a machine that is not there: every setting worth a look is simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepsched.measure.setting import Setting
from deepsched.measure.tuning.candidates import Candidate, list_candidates
from deepsched.planning import Scheduler, plan_streams
from deepsched.planning.planner import plan_all
from deepsched.render.sweeps.sweep import SweepPoint, make_point
from deepsched.simulation import WORKLOADS, simulate
from deepsched.simulation.estimate import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deepsched.planning import StreamPlan
    from deepsched.simulation import Simulation
    from deepsched_widgets.lab.wish import Wish

    # Takes how many are done, of how many, what is simulated, and what was found; says whether to go on.
    Tell = Callable[[int, int, str, Sequence[SweepPoint]], bool]

_MOST_PLANS = 64  # beyond, only those that `tune` would try
_NEAR = 0.03
_MILLISECONDS = 1000.0


def search_by_simulation(wish: Wish, tell: Tell) -> tuple[StreamPlan, str] | None:
    """Simulate a wish's load on all plans of its machine; give the best plan, and why it is that, in words.

    The best is, of those within 3 % of the most items/s, the simplest, as `tune` has it; at a rate, of those that keep
    up and are within 3 % of the smallest median latency. It may be stopped: then it is the best of those simulated, if
    any were.
    """
    candidates = _list_candidates(wish)
    workload = WORKLOADS[0] if wish.workload is None else wish.workload
    found: list[tuple[Candidate, Simulation]] = []
    points: list[SweepPoint] = []
    for candidate in candidates:
        if not tell(len(found), len(candidates), f"Simulating {candidate.name}", points):
            break
        simulation = simulate(candidate.plan, workload, clients=wish.clients, rate=wish.rate)
        found.append((candidate, simulation))
        points.append(_make_point(simulation))
    if not found:
        return None
    tell(len(found), len(candidates), "done", points)
    best, words = _choose(found, by_latency=wish.rate is not None)
    stopped = len(found) < len(candidates)
    return best, f"Stopped after {len(found)} of {len(candidates)} settings. {words}" if stopped else words


def _list_candidates(wish: Wish) -> list[Candidate]:
    topology, threads = wish.topology, wish.threads_per_core
    base = Setting(topology=topology, threads_per_core=threads)
    if len(topology.usable_cores) > _MOST_PLANS:
        return [c for c in list_candidates(topology, base) if c.setting.threads_per_core == threads]
    single = plan_streams(topology, scheduler=Scheduler.single_stream, threads_per_core=threads)
    return [Candidate(base, plan) for plan in (single, *plan_all(topology, threads_per_core=threads))]


def _choose(found: Sequence[tuple[Candidate, Simulation]], *, by_latency: bool) -> tuple[StreamPlan, str]:
    def rank(simulation: Simulation) -> float:
        if not by_latency:
            return simulation.throughput.value
        return 1 / simulation.snapshot.latency.p50 if simulation.stable else 0.0

    top = max(rank(simulation) for _, simulation in found)
    near = [pair for pair in found if rank(pair[1]) >= (1 - _NEAR) * top]
    best, simulation = min(near, key=lambda pair: pair[0].complexity)
    latency = simulation.snapshot.latency
    words = (
        f"Simulated: {best.name} gives {simulation.throughput.value:.4g} items/s, "
        f"p50 {latency.p50 * _MILLISECONDS:.3g} ms, p99 {latency.p99 * _MILLISECONDS:.3g} ms."
    )
    if not top:
        words = f"Simulated: no setting keeps up with this rate; {best.name} is the simplest."
    elif len(near) > 1:
        words += f" Of the {len(near)} settings within 3 % of the best it is the simplest."
    return best.plan, words


def _make_point(simulation: Simulation) -> SweepPoint:
    latency = simulation.snapshot.latency
    p50, p99 = (Estimate(value, value, value) for value in (latency.p50, latency.p99))
    plan = simulation.plan
    return make_point(plan, plan.num_streams, simulation.throughput, p50, p99, "simulated")
