"""How much a lab that is left open grows: ``python -m tests.browser.growth --minutes 30``.

A lab runs a model on this machine for two thirds of the time, started again whenever it stopped by itself, and then
stands open. What its kernel and its page hold is printed each minute; the exit status says whether they grew too much.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser.jupyter import serve_jupyter
from tests.browser.pages import find_lab, open_in_jupyterlab, press_start, run_all_cells
from tests.browser.watching import open_chromium, watch_page

if TYPE_CHECKING:
    import psutil
    from playwright.sync_api import Locator, Page

MOST_GROWTH = 20e6  # bytes, of the kernel and of the page
_WARM_UP = 120.0  # seconds: plotly, the model and a full minute of the chart are there
_RUN_SECONDS = 61.0


@dataclass(frozen=True, slots=True)
class Weight:
    """What a lab holds: its kernel's resident set and its page's JavaScript heap, in bytes; and the page's elements."""

    kernel: float
    page: float
    elements: int

    def __str__(self) -> str:
        return f"kernel {self.kernel / 1e6:6.1f} MB, page {self.page / 1e6:5.1f} MB in {self.elements} elements"


def weigh(page: Page, kernel: psutil.Process) -> Weight:
    """Weigh a page and its kernel, without what the page would free by itself sooner or later."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    metrics = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return Weight(float(kernel.memory_info().rss), metrics["JSHeapUsedSize"], int(metrics["Nodes"]))


def open_lab(page: Page, server, name: str) -> tuple[Locator, psutil.Process]:
    """Open a notebook with one lab in JupyterLab; give the lab and the process of its kernel."""
    open_in_jupyterlab(page, server, name)
    run_all_cells(page)
    lab = find_lab(page).first
    lab.locator("[data-cpu]").first.wait_for()
    return lab, server.find_kernels()[-1]


def run_once(lab: Locator, seconds: float) -> None:
    """Start a run and wait until it stopped by itself, which it does after so many seconds."""
    press_start(lab)
    lab.get_by_role("button", name="Start").wait_for(timeout=1000 * (seconds + 60))


def watch_growth(minutes: float) -> bool:
    """Let a lab run and stand for so long; say whether it grew little."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serve_jupyter(Path(folder)) as server,
        open_chromium() as chromium,
        watch_page(chromium) as page,
    ):
        server.set_up()
        lab, kernel = open_lab(page, server, "live.ipynb")
        until = time.monotonic() + _WARM_UP
        while time.monotonic() < until:
            run_once(lab, _RUN_SECONDS)
        first = last = weigh(page, kernel)
        print(f"after {_WARM_UP / 60:.0f} minutes to warm up: {first}", flush=True)
        begin = time.monotonic()
        while (passed := time.monotonic() - begin) < 60 * minutes:
            if passed < 40 * minutes:
                run_once(lab, _RUN_SECONDS)
            else:
                page.wait_for_timeout(60_000)
            last = weigh(page, kernel)
            print(f"{(time.monotonic() - begin) / 60:5.1f} minutes: {last}", flush=True)
        complaints = page.watch.list_complaints()
    grown = last.kernel - first.kernel, last.page - first.page
    print(f"grown: kernel {grown[0] / 1e6:.1f} MB, page {grown[1] / 1e6:.1f} MB", *complaints, sep="\n")
    return max(grown) <= MOST_GROWTH


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=30.0)
    sys.exit(not watch_growth(options.parse_args().minutes))
