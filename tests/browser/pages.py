"""What a person does on a page with widgets of ours, whatever front end shows them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.browser.servers import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.browser.servers import Server

IDLE = "Python 3 (ipykernel) | Idle"
PATIENCE = 60_000
# What the sentence says while requests are answered; at rest it tells the last period, too.
RUNS = r"^(Simulated: )?(single_stream|\d+ streams?), [1-9][\d.]* items/s"


def open_in_jupyterlab(page: Page, server: Server, name: str) -> None:
    """Open a notebook in JupyterLab, in an empty workspace, and wait for its kernel."""
    page.goto(f"{server.url}/lab/tree/{name}?reset&token={TOKEN}")
    page.locator(".jp-Notebook").wait_for()
    page.get_by_text(IDLE).wait_for()


def open_in_notebook(page: Page, server: Server, name: str) -> None:
    """Open a notebook in Notebook 7 and wait for its kernel."""
    page.goto(f"{server.url}/notebooks/{name}?token={TOKEN}")
    page.locator(".jp-Notebook").wait_for()
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(state="attached")
    # It says idle before it has a kernel, and would lose what it is told to run.
    page.watch.traffic.wait_for(lambda message: message.kind == "kernel_info_reply")


def open_in_voila(page: Page, server: Server, name: str) -> None:
    """Open a notebook in Voila, which runs it."""
    page.goto(f"{server.url}/voila/render/{name}?token={TOKEN}")


def run_all_cells(page: Page) -> None:
    """Run the notebook with the menu that JupyterLab and Notebook share, and wait for its last cell."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    # The last cell is the active one and has its number when all before it have run.
    active = page.locator(".jp-CodeCell.jp-mod-active")
    active.locator(".jp-InputPrompt", has_text=re.compile(r"\[\d+\]")).wait_for(timeout=PATIENCE)


def scroll_to(page: Page, locator: Locator) -> Locator:
    """JupyterLab keeps only the cells near the view in the page: go and look, as a person would."""
    panel = page.locator(".jp-WindowedPanel-outer").first
    panel.evaluate("e => e.scrollTo(0, 0)")
    for _ in range(60):
        page.wait_for_timeout(250)
        if locator.count():
            locator.first.scroll_into_view_if_needed()
            return locator.first
        panel.evaluate("e => e.scrollBy(0, 500)")
    raise AssertionError(f"not on the page: {locator}")


def find_lab(page: Page, heading: str = "") -> Locator:
    """Find the labs whose heading has these words."""
    return page.locator("[data-deepsched=lab]").filter(has=page.get_by_role("heading", name=heading))


def list_labs(page: Page, count: int) -> list[Locator]:
    """Give the first labs of a page, in the order of their cells."""
    return [page.locator("[data-deepsched=lab]").nth(number) for number in range(count)]


def list_cpus(lab: Locator, stream: int) -> list[int]:
    """Give the cpus that the map shows as this stream's."""
    # One look at the page, not one for each element: the map may be redrawn in between.
    return lab.locator(f'[data-cpu][data-stream="{stream}"]').evaluate_all(
        "cells => cells.map((cell) => Number(cell.dataset.cpu)).sort((a, b) => a - b)"
    )


def wait_for_cpus(page: Page, lab: Locator, stream: int, cpus: list[int]) -> None:
    """Wait until the map shows these cpus as this stream's."""
    for _ in range(240):
        if list_cpus(lab, stream) == cpus:
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"stream {stream} has {list_cpus(lab, stream)}, expected {cpus}")


def wait_for_cpu_count(page: Page, lab: Locator, count: int) -> None:
    """Wait until the map shows so many cpus, each as often as there are plans."""
    page.wait_for_function(
        "([e, n]) => e.querySelectorAll('[data-cpu]').length === n", arg=[lab.element_handle(), count]
    )


def find_slider(lab: Locator) -> Locator:
    """Find the slider of num_streams."""
    return lab.get_by_role("slider", name="num_streams")


def set_slider(lab: Locator, value: int) -> None:
    """Move the slider as a mouse does."""
    slider = find_slider(lab)
    slider.focus()
    slider.evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('input', {bubbles: true})); }", str(value))


def choose(lab: Locator, name: str, value: str) -> None:
    """Choose an entry of a list."""
    lab.get_by_role("combobox", name=name, exact=True).select_option(value)


def storm_slider(lab: Locator, values: list[int], seconds: float = 2.0) -> None:
    """Move the slider through `values`, evenly over `seconds`."""
    find_slider(lab).focus()
    find_slider(lab).evaluate(
        """async (slider, [values, pause]) => {
            for (const value of values) {
                slider.value = String(value);
                slider.dispatchEvent(new Event("input", { bubbles: true }));
                await new Promise((resolve) => setTimeout(resolve, pause));
            }
            slider.dispatchEvent(new Event("change", { bubbles: true }));
        }""",
        [values, 1000 * seconds / len(values)],
    )


def find_sentence(lab: Locator) -> Locator:
    """Find the sentence that is read aloud."""
    return lab.locator("[aria-live=polite]").first


def wait_for_sentence(lab: Locator, pattern: str) -> str:
    """Wait until the lab's sentence has `pattern`, and give it."""
    sentence = lab.locator("[aria-live=polite]").filter(has_text=re.compile(pattern)).first
    sentence.wait_for(timeout=PATIENCE)
    return sentence.inner_text()


def read_rate(lab: Locator) -> float:
    """Give the items/s that the lab's sentence says, or 0."""
    match = re.search(r"([\d.]+(?:e\+\d+)?) items/s", find_sentence(lab).inner_text())
    return float(match[1]) if match else 0.0


def press_start(lab: Locator) -> None:
    """Press Start and wait until the lab runs; the button says at once what was asked for."""
    lab.get_by_role("button", name="Start").click()
    wait_for_state(lab, "running")


def press_stop(lab: Locator) -> None:
    """Press Stop and wait until the lab rests."""
    lab.get_by_role("button", name="Stop", exact=True).click()
    wait_for_state(lab, "idle")


def wait_for_state(lab: Locator, state: str) -> None:
    """Wait until the kernel says that the lab is idle, running or tuning."""
    lab.page.wait_for_function("([e, s]) => e.dataset.state === s", arg=[lab.element_handle(), state], timeout=PATIENCE)


def switch_theme(page: Page, theme: str) -> None:
    """Choose JupyterLab's light or dark theme in its menu."""
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Theme$")).hover()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^JupyterLab {theme.title()}$")).click()
    page.locator(f'body[data-jp-theme-light="{str(theme == "light").lower()}"]').wait_for(state="attached")


def take_picture(locator: Locator, path: Path) -> None:
    """Take a picture of a part of the page, when what it changes to is drawn."""
    locator.page.wait_for_timeout(500)
    locator.screenshot(path=path)
