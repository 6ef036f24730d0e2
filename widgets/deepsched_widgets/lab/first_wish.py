"""Where a lab's controls stand at first, and where they go when another machine is chosen."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING, Any

from deepsched.checks import check_count, check_number
from deepsched.errors import OptionError
from deepsched.planning import Scheduler, choose_cores, plan_streams
from deepsched.topology import Topology
from deepsched_widgets.lab.arrivals import LEAST_RATE, MOST_RATE
from deepsched_widgets.lab.choices import MOST_CLIENTS
from deepsched_widgets.lab.model_choice import choose_model
from deepsched_widgets.lab.wish import Wish

if TYPE_CHECKING:
    from deepsched.planning import StreamPlan
    from deepsched.simulation import Workload

_DEFAULT_CLIENTS = 64  # at most: more queue up without showing more


def make_first_wish(
    model: Any,
    topology: Topology | str | None,
    workload: Workload,
    here: Topology,
    *,
    inputs: Any = None,
    num_streams: int | None,
    scheduler: Scheduler | str | None,
    threads_per_core: int,
    clients: int | None,
    rate: float | None,
    predict: bool,
) -> Wish:
    """Make a wish of what a person gave to `StreamLab`, whose parameters and errors these are."""
    choice = choose_model(model, inputs)
    engine = choice.engine
    if engine is not None:
        given = {"topology": topology, "num_streams": num_streams, "scheduler": scheduler, "predict": predict or None}
        given["threads_per_core"] = None if threads_per_core == 1 else threads_per_core
        extra = [name for name, value in given.items() if value is not None]
        if extra:
            raise OptionError(f"{' and '.join(extra)} cannot be given with an engine: it was compiled. Leave it out.")
        machine, scheduler, num_streams = engine.plan.topology, engine.scheduler, engine.num_streams
        threads_per_core = count_threads_per_core(engine.plan)
    else:
        machine = here if topology is None else Topology.load(topology)
        scheduler = Scheduler.multi_stream if scheduler is None else Scheduler.choose(scheduler)
    if clients is not None and rate is not None:
        raise OptionError("clients and rate are two kinds of load; give one of them.")
    if rate is not None:
        check_number("rate", rate, least=LEAST_RATE, most=MOST_RATE)
    elif clients is not None:
        clients = check_count("clients", clients, least=0 if engine else 1, most=MOST_CLIENTS)
    plan = plan_streams(machine, num_streams, scheduler=scheduler, threads_per_core=threads_per_core)
    # An engine runs here, though it may have been left but some of the cores.
    measurable = engine is not None or machine.threads == here.threads
    if predict and not measurable:
        raise OptionError(
            "predict stands beside what is measured, and nothing is measured on another machine. Leave it out: there, "
            "all that runs is simulated."
        )
    default = _default_clients(machine) if rate is None else None
    single = scheduler == Scheduler.single_stream
    return Wish(
        model=choice,
        topology=machine,
        scheduler=Scheduler.single_stream.value if single else Scheduler.multi_stream.value,
        num_streams=plan.num_streams,
        threads_per_core=min(threads_per_core, _find_widest(machine)),
        clients=default if clients is None else clients,
        rate=rate,
        workload=None if measurable else workload,
        predict=predict,
    )


def move_wish(wish: Wish, topology: Topology, workload: Workload | None) -> Wish:
    """Wish for another machine: with one stream an L3 there, and a client for each core."""
    return replace(
        wish,
        topology=topology,
        num_streams=plan_streams(topology).num_streams,
        threads_per_core=min(wish.threads_per_core, _find_widest(topology)),
        clients=None if wish.clients is None else _default_clients(topology),
        workload=workload,
        predict=False,
    )


def count_threads_per_core(plan: StreamPlan) -> int:
    """Say with how many hardware threads of a core a plan was made."""
    return max(ceil(len(stream.cpus) / len(stream.cores)) for stream in plan.streams)


def _find_widest(topology: Topology) -> int:
    return max(len(core.cpus) for core in topology.usable_cores)


def _default_clients(topology: Topology) -> int:
    cores, _ = choose_cores(topology, None)
    return min(len(cores), _DEFAULT_CLIENTS)
