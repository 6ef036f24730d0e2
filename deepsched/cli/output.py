"""What the verbs have in common: their shared options, JSON on stdout, warnings on stderr."""

from __future__ import annotations

import json
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

TopologyOption = Annotated[
    str,
    typer.Option(
        "--topology",
        metavar="SOURCE",
        help="The machine: 'this', a name that `deepsched topology --list` shows, an .xml file of lstopo's, a folder "
        "that holds another Linux machine's sys/, or hwloc's synthetic notation such as 'pack:2 l3:1 core:8 pu:1'.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else on stdout.")]


def print_result(data: dict[str, Any], shown: RenderableType, *, as_json: bool) -> None:
    """Print `data` as one JSON object, or what people see of it; a string is printed as it is, to be pasted."""
    if as_json:
        typer.echo(json.dumps(data))
    elif isinstance(shown, str):
        typer.echo(shown, nl=not shown.endswith("\n"))
    else:
        Console().print(shown)


@contextmanager
def warnings_on_stderr() -> Iterator[None]:
    """Print each warning as a sentence on stderr, without Python's file and line."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        print_on_stderr("warning:", "bold yellow", str(warning.message))


def print_on_stderr(label: str, style: str, words: str) -> None:
    """Print a sentence as it is: people's own brackets are no markup."""
    Console(stderr=True).print(Text.assemble((label, style), " ", words), soft_wrap=True)
