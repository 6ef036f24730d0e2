"""A real JupyterLab, as `make lab` starts it, and a real Chromium that looks at it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
TOKEN = "deepsched-tests"


@pytest.fixture(scope="session")
def screenshots() -> Path:
    folder = ROOT / "test-output" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    notebooks = shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    settings = folder / "settings"
    _write_setting(settings, "notification", {"fetchNews": "false"})  # no popup over the page
    port = _free_port()
    log = (folder / "jupyter.log").open("w")
    # Its own settings: the person's theme and workspaces stay out of the tests, and the tests out of theirs.
    private = {"JUPYTER_CONFIG_DIR": str(folder / "config"), "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces")}
    private |= {"JUPYTERLAB_SETTINGS_DIR": str(settings), "IPYTHONDIR": str(folder / "ipython")}
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "deepsched", "lab", "--no-browser", "--folder", str(notebooks)),
            *(f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}"),
        ],
        cwd=ROOT,
        env=os.environ | private,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _await_server(server, f"{url}/api?token={TOKEN}", Path(log.name))
        yield url, settings
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)
        log.close()


# Not for the whole session: playwright keeps an event loop running in this thread.
@pytest.fixture(scope="module")
def chromium():
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    assert executable, "no chromium on the path: run `make system`"
    with sync_playwright() as playwright:
        # Root, as in containers, has no sandbox; the other two keep Chromium from calling home.
        arguments = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    context = chromium.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.console_errors = []
    page.on("console", lambda message: message.type == "error" and page.console_errors.append(message.text))
    page.on("pageerror", lambda error: page.console_errors.append(str(error)))
    yield page
    context.close()


@pytest.fixture
def open_notebook(page, lab_server):
    lab_url, settings = lab_server

    def open_in_lab(name: str, theme: str = "light") -> None:
        _write_setting(settings, "themes", {"theme": f"JupyterLab {theme.title()}"})
        page.goto(f"{lab_url}/lab/tree/{name}?reset&token={TOKEN}")
        page.locator(".jp-Notebook").wait_for()
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()

    return open_in_lab


def _write_setting(folder: Path, plugin: str, values: dict[str, str]) -> None:
    path = folder / "@jupyterlab" / "apputils-extension" / f"{plugin}.jupyterlab-settings"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _await_server(server: subprocess.Popen, url: str, log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert server.poll() is None, f"JupyterLab ended: {log.read_text()}"
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"JupyterLab did not answer: {log.read_text()}")
