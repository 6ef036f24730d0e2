"""Labs that the tests of a module share on one page of JupyterLab: opening it takes longer than most of the tests."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.browser.pages import list_labs, open_in_jupyterlab, run_all_cells
from tests.browser.watching import watch_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.browser.servers import Server

TALL = {"width": 1400, "height": 4400}  # px: all of two labs is in view


@contextmanager
def open_labs(chromium: Browser, server: Server, name: str, count: int, **options) -> Iterator[Page]:
    """Run a notebook of so many labs on a page of its own, whole in the page and watched from then on."""
    server.set_up(windowing="none")
    with watch_page(chromium, **options) as page:
        open_in_jupyterlab(page, server, name)
        run_all_cells(page)
        await_labs(page, count)
        page.watch.begin(server)
        yield page
    server.end_kernels()


def await_labs(page: Page, count: int) -> None:
    """Wait until so many labs show their maps."""
    for lab in list_labs(page, count):
        lab.locator("[data-cpu]").first.wait_for()
