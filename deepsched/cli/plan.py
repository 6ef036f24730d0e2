"""``deepsched plan``: which stream gets which cores."""

from __future__ import annotations

from typing import Annotated

import typer

from deepsched.cli.output import JsonOption, TopologyOption, print_result, warnings_on_stderr
from deepsched.planning import plan_streams
from deepsched.render import show_plan
from deepsched.topology import Topology


def print_plan(
    num_streams: Annotated[int | None, typer.Option(help="How many streams; by default one an L3.")] = None,
    num_cores: Annotated[int | None, typer.Option(help="Use only the first so many cores.")] = None,
    scheduler: Annotated[str, typer.Option(help="multi_stream or single_stream.")] = "multi_stream",
    threads_per_core: Annotated[int, typer.Option(help="Hardware threads of each core to use.")] = 1,
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
        )
    print_result(plan.to_dict(), show_plan(plan), as_json=json)
