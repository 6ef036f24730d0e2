"""A page that is watched: its console, what its kernels say, and what its server logs."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.browser.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Error, Page

    from tests.browser.servers import Server


class Watch:
    """Everything that goes wrong on a page, in its kernels and in its server."""

    def __init__(self, page: Page) -> None:
        self.console_errors: list[str] = []
        self.traffic = Traffic(page)
        self._server: Server | None = None
        self._logged = 0
        page.on("console", self._take_message)
        page.on("pageerror", self._take_error)

    def begin(self, server: Server) -> None:
        """Forget what was until now, such as what a front end says of itself while it loads."""
        self._server = server
        self._logged = len(server.log.read_text())
        self.console_errors.clear()
        self.traffic.messages.clear()

    def list_complaints(self) -> list[str]:
        """Give what went wrong since the beginning."""
        found = [*self.console_errors, *self.traffic.list_complaints()]
        logged = self._server.log.read_text()[self._logged :] if self._server else ""
        return [*found, logged] if "Traceback" in logged else found

    def _take_message(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.console_errors.append(message.text)

    def _take_error(self, error: Error) -> None:
        self.console_errors.append(f"{error}\n{error.stack}")


@contextmanager
def open_chromium() -> Iterator[Browser]:
    """Start the Chromium that is installed, without a window."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    assert executable, "no chromium on the path: run `make system`"
    with sync_playwright() as playwright:
        # Root, as in containers, has no sandbox; the other two keep Chromium from calling home.
        arguments = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()


@contextmanager
def watch_page(browser: Browser, **options) -> Iterator[Page]:
    """Open an empty page, with its `Watch` as `page.watch`."""
    context = browser.new_context(**{"viewport": {"width": 1400, "height": 1000}, **options})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.watch = Watch(page)
    try:
        yield page
    finally:
        context.close()
