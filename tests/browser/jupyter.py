"""JupyterLab as `make lab` starts it, with the project's notebooks and the tests' own."""

from __future__ import annotations

import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser.notebooks import NOTEBOOKS, write_notebook
from tests.browser.servers import TOKEN, find_free_port, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.servers import Server

ROOT = Path(__file__).parents[2]


@contextmanager
def serve_jupyter(folder: Path) -> Iterator[Server]:
    """Start JupyterLab in an empty folder. The same server has Notebook 7 at /notebooks and Voila at /voila."""
    notebooks = shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    for name, cells in NOTEBOOKS.items():
        write_notebook(notebooks / name, *cells)
    # Its own settings: the person's theme and workspaces stay out of the tests, and the tests out of theirs.
    private = {"JUPYTER_CONFIG_DIR": "config", "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython"}
    private |= {"JUPYTERLAB_SETTINGS_DIR": "settings"}
    port = find_free_port()
    command = [
        *(sys.executable, "-m", "deepsched", "lab", "--no-browser", "--folder", str(notebooks)),
        *(f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}"),
    ]
    url = f"http://127.0.0.1:{port}"
    environment = {name: str(folder / place) for name, place in private.items()}
    with serve(command, url, f"/api?token={TOKEN}", folder, environment) as server:
        yield server
