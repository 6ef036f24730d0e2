"""From a machine, a workload and a load to what would happen."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.checks import check_count, check_number
from deepsched.errors import OptionError
from deepsched.planning import StreamPlan, plan_all, plan_streams
from deepsched.simulation.costs import Costs
from deepsched.simulation.draws import choose_factors
from deepsched.simulation.estimate import estimate_mean, estimate_quantile
from deepsched.simulation.load import ClosedLoop, OpenLoop
from deepsched.simulation.observe import estimate_arrivals, estimate_capacity, list_records, take_snapshot
from deepsched.simulation.result import Simulation
from deepsched.simulation.service import predict_service_times
from deepsched.simulation.workload import Workload

if TYPE_CHECKING:
    from deepsched.topology import Topology

DEFAULT_REQUESTS = 32_000

# Enough chains for an honest interval, each long enough to forget that it began with an empty queue.
_FEWEST_CHAINS, _MOST_CHAINS, _CHAIN_LENGTH = 32, 512, 65_536
_LEAST_A_STREAM = 8
_MOST_REQUESTS = 50_000_000


def simulate(
    plan_or_topology: StreamPlan | Topology | str,
    workload: Workload | str,
    num_streams: int | None = None,
    *,
    clients: int | None = None,
    rate: float | None = None,
    arrivals: str = "poisson",
    service: str = "deterministic",
    cv: float = 0.1,
    requests: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    costs: Costs | None = None,
) -> Simulation:
    """Predict throughput and latency of a workload on a machine that need not be there.

    Service times come from `predict_service_times` for streams that never rest, and requests queue for them first come,
    first served. At rates far below capacity neighbours often rest, and a real machine serves requests faster.

    Parameters
    ----------
    plan_or_topology : StreamPlan, Topology or str
        A plan; or a machine, as `Topology.load` takes it, to plan multi_stream for.
    workload : Workload or str
        What a request asks for; a string names one of `WORKLOADS`.
    num_streams : int, optional
        As for `plan_streams`; not beside a plan.
    clients : int, optional
        Closed loop: so many callers send their next request when the last one is answered. As many as there are streams
        by default.
    rate : float, optional
        Open loop instead: so many requests arrive each second, answered or not.
    arrivals : {"poisson", "constant"}
        Gaps between arrivals: exponentially distributed, or all alike.
    service : {"deterministic", "exponential", "lognormal"}
        How service times scatter about the predicted one.
    cv : float
        For lognormal ones, the standard deviation over the mean.
    requests : int, optional
        How many requests to simulate, at least; 32,000 by default. A fifth as many come before those.
    seconds : float, optional
        Instead: as many as are answered in so many seconds.
    seed : int
        The same seed gives the same simulation.
    costs : Costs, optional
        The constants of the machine.

    Raises
    ------
    OptionError
        If a value is outside what it can be, or two contradict each other.
    PlanError, TopologyError
        If there is no such plan or machine.
    """
    plan = _make_plan(plan_or_topology, num_streams)
    workload = workload if isinstance(workload, Workload) else Workload.named(workload)
    costs = Costs() if costs is None else costs
    load = _choose_load(clients, rate, arrivals, plan.num_streams)
    random = np.random.default_rng(seed)
    factors = choose_factors(service, cv, random)

    times = predict_service_times(plan, workload, costs, busy=load.count_busy(plan.num_streams))
    service_seconds = [time.seconds for time in times]
    capacity = sum(1 / second for second in service_seconds)
    unstable = load.explain_instability(capacity)

    count = _count_requests(requests, seconds, load.expect_throughput(capacity))
    length, chains = _choose_shape(count, len(times))
    # A queue of clients is in its usual order once each of them has been served.
    warm_up = length // 5 + (load.clients if isinstance(load, ClosedLoop) else 0)
    done = load.run(service_seconds, factors, (warm_up + length, chains), random).drop_first(warm_up)

    never_idle = unstable or isinstance(load, ClosedLoop)
    throughput = estimate_capacity(done, service_seconds) if never_idle else estimate_arrivals(done)
    waits = done.started - done.queued
    return Simulation(
        plan=plan,
        workload=workload,
        costs=costs,
        load=str(load),
        service_times=times,
        capacity=capacity,
        stable=not unstable,
        note=unstable,
        throughput=throughput,
        mean_queue_time=None if unstable else estimate_mean(waits.mean(axis=0)),
        p99_queue_time=None if unstable else estimate_quantile(waits, 0.99),
        p99_latency=None if unstable else estimate_quantile(done.ended - done.queued, 0.99),
        snapshot=take_snapshot(done, plan.num_streams, throughput.value),
        records=list_records(done),
    )


def simulate_all(
    topology: Topology | str, workload: Workload | str, *, num_cores: int | None = None, **options: Any
) -> tuple[Simulation, ...]:
    """Simulate multi_stream for every num_streams, from 1 to the number of cores; see `simulate`."""
    return tuple(simulate(plan, workload, **options) for plan in plan_all(topology, num_cores=num_cores))


def _make_plan(given: StreamPlan | Topology | str, num_streams: int | None) -> StreamPlan:
    if not isinstance(given, StreamPlan):
        return plan_streams(given, num_streams)
    if num_streams is not None:
        raise OptionError(f"num_streams is {num_streams!r}, but the plan given has {given.num_streams}; leave it out.")
    return given


def _choose_load(clients: int | None, rate: float | None, arrivals: str, num_streams: int) -> ClosedLoop | OpenLoop:
    if rate is None:
        return ClosedLoop(num_streams if clients is None else clients)
    if clients is not None:
        raise OptionError("clients and rate are two kinds of load; give one of them.")
    return OpenLoop(rate, arrivals)


def _count_requests(requests: int | None, seconds: float | None, throughput: float) -> int:
    if seconds is not None:
        if requests is not None:
            raise OptionError("requests and seconds both say how long to simulate; give one of them.")
        requests = ceil(check_number("seconds", seconds, above=0) * throughput)
    elif requests is None:
        return DEFAULT_REQUESTS
    return check_count("requests", requests, most=_MOST_REQUESTS)


def _choose_shape(requests: int, streams: int) -> tuple[int, int]:
    """Choose the length and the number of chains."""
    chains = min(max(requests // _CHAIN_LENGTH, _FEWEST_CHAINS), _MOST_CHAINS)
    return max(ceil(requests / chains), _LEAST_A_STREAM * streams), chains
