"""``deepsched lab``: JupyterLab on the notebooks."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from deepsched.errors import OptionError

_FIRST = "01_streams.ipynb"


def open_lab(
    arguments: typer.Context,
    folder: Annotated[Path | None, typer.Option(help="What to open; by default notebooks/, else this folder.")] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser, or only print the URL.")] = True,
) -> None:
    """Start JupyterLab on the notebooks and print its URL. Further options go to JupyterLab."""
    if find_spec("jupyterlab") is None or find_spec("deepsched_widgets") is None:
        raise OptionError("the lab needs JupyterLab and the widgets: pip install 'deepsched[lab]'.")
    root = folder or next((path for path in (Path("notebooks"),) if path.is_dir()), Path())
    if not root.is_dir():
        raise OptionError(f"{root} is not a folder; expected one with notebooks.")
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={root.resolve()}"]
    if (root / _FIRST).is_file():
        command.append(f"--LabApp.default_url=/lab/tree/{_FIRST}")
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # containers, where root is all there is
    sys.stdout.flush()
    os.execv(command[0], [*command, *arguments.args])  # noqa: S606 - no shell is wanted
