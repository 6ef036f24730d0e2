"""Real servers of notebooks, and a real Chromium that looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.jupyter import ROOT, serve_jupyter
from tests.browser.pages import list_labs, open_in_jupyterlab
from tests.browser.watching import open_chromium, watch_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.servers import Server


@pytest.fixture(scope="session")
def screenshots() -> Path:
    folder = ROOT / "test-output" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def running_jupyter(tmp_path_factory) -> Iterator[Server]:
    with serve_jupyter(tmp_path_factory.mktemp("jupyter")) as server:
        yield server


@pytest.fixture
def jupyter_server(running_jupyter) -> Iterator[Server]:
    """The server with a person's usual settings and no kernel; a page that opens a notebook starts one."""
    running_jupyter.set_up()
    yield running_jupyter
    running_jupyter.end_kernels()


# Not for the whole session: playwright keeps an event loop running in this thread.
@pytest.fixture(scope="module")
def chromium():
    with open_chromium() as browser:
        yield browser


@pytest.fixture
def labs(labs_page):
    """The two labs of a module's `labs_page`; after each test nothing has complained."""
    yield list_labs(labs_page, 2)
    assert not labs_page.watch.list_complaints()


@pytest.fixture
def page(chromium):
    with watch_page(chromium) as page:
        yield page


@pytest.fixture
def open_notebook(page, jupyter_server):
    def open_in_lab(name: str, theme: str = "light") -> None:
        jupyter_server.set_up(theme)
        open_in_jupyterlab(page, jupyter_server, name)

    return open_in_lab
