"""Processes that serve notebooks: started on a free port, awaited, and ended with all that they started."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

TOKEN = "deepsched-tests"
_START_SECONDS = 120
_END_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers: its address, its files, its settings and its log."""

    url: str
    folder: Path
    settings: Path
    log: Path
    process: subprocess.Popen

    def set_up(
        self, theme: str = "light", comms_over_subshells: str = "perCommTarget", windowing: str = "full"
    ) -> None:
        """Choose what the next page reads when it opens; these are JupyterLab's and Notebook's own settings."""
        common = "apputils-extension"
        write_setting(self.settings, common, "notification", {"fetchNews": "false"})  # no popup over the page
        write_setting(self.settings, common, "themes", {"theme": f"JupyterLab {theme.title()}"})
        write_setting(self.settings, common, "kernels-settings", {"commsOverSubshells": comms_over_subshells})
        write_setting(self.settings, "notebook-extension", "tracker", {"windowingMode": windowing})

    def find_kernels(self) -> list[psutil.Process]:
        """Give the kernels that run now, the newest last."""
        found = psutil.Process(self.process.pid).children(recursive=True)
        kernels = [process for process in found if "ipykernel_launcher" in " ".join(process.cmdline())]
        return sorted(kernels, key=lambda process: process.create_time())

    def end_kernels(self) -> None:
        """Shut down every kernel, as a person does in the list of running ones; the next page starts its own."""
        for kernel in json.loads(self._ask("GET", "kernels")):
            self._ask("DELETE", f"kernels/{kernel['id']}")

    def _ask(self, method: str, what: str) -> bytes:
        request = urllib.request.Request(f"{self.url}/api/{what}?token={TOKEN}", method=method)
        with urllib.request.urlopen(request, timeout=_END_SECONDS) as answer:
            return answer.read()


@contextmanager
def serve(command: list[str], url: str, health: str, folder: Path, environment: dict[str, str]) -> Iterator[Server]:
    """Start `command` and wait until `url` answers at `health`; at the end stop it and its kernels."""
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_quieten(os.environ) | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _await_answer(process, url + health, log)
            yield Server(url, folder, folder / "settings", log, process)
        finally:
            _end(process)


def find_free_port() -> int:
    """Give a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_setting(folder: Path, extension: str, plugin: str, values: dict[str, str]) -> None:
    """Write the settings of one of JupyterLab's plugins, as its settings editor does."""
    path = folder / "@jupyterlab" / extension / f"{plugin}.jupyterlab-settings"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values))


def _quieten(environment: Mapping[str, str]) -> dict[str, str]:
    # pytest's own mark would have kernels leave what is written below Python where nobody sees it. A kernel's debugger
    # warns of Python's frozen modules while it starts, at times so late that it comes as an output of the kernel.
    kept = {name: value for name, value in environment.items() if name != "PYTEST_CURRENT_TEST"}
    return kept | {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def _await_answer(process: subprocess.Popen, url: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server ended: {log.read_text()}"
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"the server did not answer: {log.read_text()}")


def _end(process: subprocess.Popen) -> None:
    # Kernels are sessions of their own: a signal to the server's group does not reach them.
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_END_SECONDS)
    finally:
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
