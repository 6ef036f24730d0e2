"""``deepsched simulate``: what would happen on a machine that need not be there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from deepsched.cli.output import JsonOption, TopologyOption, print_result, warnings_on_stderr
from deepsched.errors import OptionError
from deepsched.simulation import WORKLOADS, Workload, simulate, simulate_all
from deepsched.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from deepsched.simulation import Simulation

_NAMES = ", ".join(f"'{workload.name}'" for workload in WORKLOADS)


def print_simulation(
    workload: Annotated[str | None, typer.Option(metavar="NAME", help=f"What a request asks for: {_NAMES}.")] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Or an ONNX model, which is measured here for a few seconds first."),
    ] = None,
    num_streams: Annotated[str, typer.Option(metavar="N|all", help="How many streams, or all there can be.")] = "all",
    clients: Annotated[
        int | None, typer.Option(help="So many callers send one request after another; by default one a stream.")
    ] = None,
    rate: Annotated[float | None, typer.Option(help="Or so many requests arrive each second, answered or not.")] = None,
    arrivals: Annotated[str, typer.Option(help="poisson or constant gaps between arrivals.")] = "poisson",
    service: Annotated[
        str, typer.Option(help="How service times scatter: deterministic, exponential or lognormal.")
    ] = "deterministic",
    requests: Annotated[int | None, typer.Option(help="How many requests to simulate a plan.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same numbers.")] = 0,
    topology: TopologyOption = "this",
    json: JsonOption = False,
) -> None:
    """Predict throughput and latency on any machine. Nothing of it is measured, but the model given with --model."""
    machine = Topology.load(topology)
    count = _read_count(num_streams)
    chosen = _choose_workload(workload, model)
    options: dict[str, Any] = {
        "clients": clients,
        "rate": rate,
        "arrivals": arrivals,
        "service": service,
        "requests": requests,
        "seed": seed,
    }
    with warnings_on_stderr():
        if count is None:
            found = simulate_all(machine, chosen, **options)
        else:
            found = (simulate(machine, chosen, count, **options),)
    data = {
        "label": "simulated",
        "topology": machine.source,
        "workload": chosen.to_dict(),
        "costs": found[0].costs.to_dict(),
        "simulations": [simulation.to_dict() for simulation in found],
    }
    print_result(data, _show(machine, chosen, found), as_json=json)


def _read_count(text: str) -> int | None:
    if text == "all":
        return None
    try:
        return int(text)
    except ValueError:
        raise OptionError(f"num_streams is {text!r}; expected an integer, or 'all'.") from None


def _choose_workload(name: str | None, model: str | None) -> Workload:
    if model is None:
        return Workload.named(WORKLOADS[0].name if name is None else name)
    if name is not None:
        raise OptionError("--workload and --model both say what a request asks for; give one of them.")
    return Workload.measure(model)


def _show(machine: Topology, workload: Workload, found: Sequence[Simulation]) -> RenderableType:
    title = f"Simulated, not measured: {workload.name} on {machine.source}, {_name_load(found)}"
    table = Table(title=Text(title), title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("num_streams", "requests/s", "p50 ms", "p99 ms", "queued ms"):
        table.add_column(heading, justify="right")
    table.add_column("findings")
    for simulation in found:
        snapshot = simulation.snapshot
        times = (snapshot.latency.p50, snapshot.latency.p99, snapshot.queue_time.p50)
        table.add_row(
            str(simulation.plan.num_streams),
            f"{simulation.throughput.value:.1f}",
            *(f"{1e3 * seconds:.2f}" if simulation.stable else "grows" for seconds in times),
            ", ".join(dict.fromkeys(finding.kind for finding in simulation.plan.findings)),
        )
    if len(found) == 1:
        return Group(table, *([Text(found[0].note)] if found[0].note else []), _show_terms(found[0]))
    growing = sum(not simulation.stable for simulation in found)
    return Group(table, Text(f"{growing} of them cannot keep up: the queue grows without bound.")) if growing else table


def _name_load(found: Sequence[Simulation]) -> str:
    loads = {simulation.load for simulation in found}
    return loads.pop() if len(loads) == 1 else "closed loop, a client a stream"


def _show_terms(simulation: Simulation) -> Table:
    """Show what the service time of each stream is made of, leaving out what is nowhere."""
    times = simulation.service_times
    table = Table(title="Service time in ms, by what it is made of", title_justify="left", box=box.SIMPLE_HEAD)
    terms = [term for term in times[0].explain() if any(time.explain()[term] for time in times)]
    for heading in ("stream", "threads", *(term.replace("_", " ") for term in terms), "service time"):
        table.add_column(heading, justify="right")
    for time in times:
        parts = time.explain()
        numbers = [*(parts[term] for term in terms), time.seconds]
        table.add_row(f"S{time.stream}", str(time.threads), *(f"{1e3 * number:.3f}" for number in numbers))
    return table
