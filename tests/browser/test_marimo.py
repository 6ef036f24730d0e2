"""The single widgets in marimo, which shows each in a shadow root."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.browser.servers import find_free_port, serve
from tests.browser.watching import watch_page

pytestmark = pytest.mark.browser

APP = Path(__file__).with_name("marimo_app.py")


@pytest.fixture(scope="module")
def marimo_server(tmp_path_factory):
    port = find_free_port()
    command = [sys.executable, "-m", "marimo", "run", str(APP), "--headless", "--no-token", f"--port={port}"]
    folder = tmp_path_factory.mktemp("marimo")
    private = {"XDG_CONFIG_HOME": str(folder / "config"), "XDG_STATE_HOME": str(folder / "state")}
    with serve(command, f"http://127.0.0.1:{port}", "/health", folder, private) as server:
        yield server.url


@pytest.fixture(scope="module")
def marimo_page(chromium, marimo_server):
    with watch_page(chromium) as page:
        page.goto(marimo_server)
        page.locator("[data-deepsched]").nth(3).wait_for()
        yield page


def test_each_widget_is_drawn(marimo_page):
    widgets = marimo_page.locator("[data-deepsched]")
    kinds = widgets.evaluate_all("all => all.map((e) => e.dataset.deepsched)")
    assert kinds == ["machine-map", "request-timeline", "chart", "chart"]
    for number in range(4):
        box = widgets.nth(number).bounding_box()
        assert box["width"] > 300
        assert box["height"] > 100
    assert marimo_page.locator('[data-cpu="6"]').get_attribute("data-stream") == "1"
    assert not marimo_page.watch.console_errors


def test_a_chosen_stream_reaches_python(marimo_page):
    # WHEN a core of stream 1 is clicked THEN the cell that reads the map's value runs again
    marimo_page.locator('[data-cpu="6"]').click()
    marimo_page.get_by_text("chosen: 1").wait_for()
    assert not marimo_page.watch.console_errors
