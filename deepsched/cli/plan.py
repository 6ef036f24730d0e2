"""``deepsched plan``: which stream gets which cores."""

from __future__ import annotations

from typing import Annotated

import typer

from deepsched.cli.output import JsonOption, TopologyOption, print_result, warnings_on_stderr
from deepsched.planning import plan_streams
from deepsched.planning.exports import EXPORT_KINDS
from deepsched.render import show_plan
from deepsched.topology import Topology


def print_plan(
    num_streams: Annotated[int | None, typer.Option(help="How many streams; by default one an L3.")] = None,
    num_cores: Annotated[int | None, typer.Option(help="Use only the first so many cores.")] = None,
    scheduler: Annotated[str, typer.Option(help="multi_stream or single_stream.")] = "multi_stream",
    threads_per_core: Annotated[int, typer.Option(help="Hardware threads of each core to use.")] = 1,
    stream: Annotated[
        list[str] | None,
        typer.Option(metavar="CPUS", help="A layout of your own: the cpus of one stream, such as 0-7; repeat it."),
    ] = None,
    export: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="Print the plan for another tool: " + ", ".join(EXPORT_KINDS) + "."),
    ] = None,
    topology: TopologyOption = "this",
    json: JsonOption = False,
) -> None:
    """Show which stream gets which cores, and what is wrong with that."""
    with warnings_on_stderr():
        plan = plan_streams(
            Topology.load(topology),
            num_streams,
            num_cores=num_cores,
            scheduler=scheduler,
            threads_per_core=threads_per_core,
            streams=stream or None,
        )
    if export is not None:
        text = plan.export(export)
        print_result({"kind": export, "text": text}, text, as_json=json)
        return
    print_result(plan.to_dict(), show_plan(plan), as_json=json)
