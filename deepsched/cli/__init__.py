"""The command line: one module a verb."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from deepsched import __version__
from deepsched.cli.benchmark import print_benchmark
from deepsched.cli.lab import open_lab
from deepsched.cli.output import print_on_stderr
from deepsched.cli.plan import print_plan
from deepsched.cli.simulate import print_simulation
from deepsched.cli.topology import print_topology
from deepsched.cli.tune import print_tuning
from deepsched.errors import DeepschedError

app = typer.Typer(
    name="deepsched",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("topology")(print_topology)
app.command("plan")(print_plan)
# DeepSparse writes its options with underscores.
app.command("benchmark", context_settings={"token_normalize_func": lambda name: name.replace("_", "-")})(
    print_benchmark
)
app.command("tune")(print_tuning)
app.command("simulate")(print_simulation)
app.command("lab", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(open_lab)

_USER_ERROR = 2


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"deepsched {__version__}")
        raise typer.Exit


@app.callback()
def _take_options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """See, choose and run the schedule with which a many-core CPU serves an ONNX model."""


def main() -> None:
    """Run the command line; a mistake of the user's is one sentence on stderr and exit status 2."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without ▲ shows ?, and the rest
    try:
        app()
    except DeepschedError as error:
        print_on_stderr("error:", "bold red", str(error))
        sys.exit(_USER_ERROR)
