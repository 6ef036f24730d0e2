"""Notebook 01 from top to bottom, as a newcomer would: run it, move the slider, start the model."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.browser

GOLDEN = "pack:2 l3:1 core:8 pu:1"


def run_all_cells(page) -> None:
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    # The last cell is the active one and has its number when all before it have run.
    active = page.locator(".jp-CodeCell.jp-mod-active")
    active.locator(".jp-InputPrompt", has_text=re.compile(r"\[\d+\]")).wait_for(timeout=120_000)


def scroll_to(page, locator):
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


def find_lab(page, heading: str):
    return page.locator("[data-deepsched=lab]").filter(has_text=heading)


def cpus_of_stream(lab, stream: int) -> list[int]:
    cells = lab.locator(f'[data-cpu][data-stream="{stream}"]')
    return sorted(int(cell.get_attribute("data-cpu")) for cell in cells.all())


def set_slider(lab, value: int) -> None:
    slider = lab.get_by_role("slider", name="num_streams")
    slider.focus()
    slider.evaluate(
        "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', {bubbles: true})); }",
        str(value),
    )


def items_per_second(lab) -> float:
    match = re.search(r"([\d.]+(?:e\+\d+)?) items/s", lab.locator("[aria-live=polite]").inner_text())
    return float(match[1]) if match else 0.0


def wait_for_sentence(page, lab, pattern: str) -> str:
    sentence = lab.locator("[aria-live=polite]").filter(has_text=re.compile(pattern))
    sentence.wait_for(timeout=30_000)
    return sentence.inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_notebook_runs_and_its_labs_answer(page, open_notebook, screenshots, theme):
    open_notebook("01_streams.ipynb", theme)
    page.locator(f'body[data-jp-theme-light="{str(theme == "light").lower()}"]').wait_for(state="attached")
    run_all_cells(page)
    assert page.locator(".jp-OutputArea-output[data-mime-type*='error']").count() == 0

    # GIVEN the golden machine with two streams WHEN the slider moves from 2 to 3
    golden = scroll_to(page, find_lab(page, GOLDEN))
    golden.locator('[data-cpu="6"]').wait_for()
    assert cpus_of_stream(golden, 1) == list(range(8, 16))
    slider = golden.get_by_role("slider", name="num_streams")
    slider.focus()
    slider.press("ArrowRight")
    # THEN cores 6 to 10 are stream 1's, and the straddle is told
    golden.locator('[data-finding="socket-straddle"]').first.wait_for()
    assert cpus_of_stream(golden, 1) == [6, 7, 8, 9, 10]
    assert golden.get_by_role("button", name="Start").is_enabled()
    wait_for_sentence(page, golden, "^3 streams planned")
    golden.screenshot(path=screenshots / f"golden-3-{theme}.png")

    # GIVEN the real model WHEN it runs with one stream and then with two
    lab = scroll_to(page, find_lab(page, "on this machine"))
    set_slider(lab, 1)
    lab.get_by_role("button", name="Start").click()
    wait_for_sentence(page, lab, r"^1 stream, [1-9][\d.]* items/s")
    one = items_per_second(lab)
    set_slider(lab, 2)
    wait_for_sentence(page, lab, r"^2 streams, [1-9][\d.]* items/s")
    two = items_per_second(lab)
    page.wait_for_timeout(2500)
    lab.screenshot(path=screenshots / f"lab-{theme}.png")
    # THEN both rates are real, and they differ
    assert one > 0
    assert two > 0
    assert one != two
    lab.get_by_role("button", name="Stop").click()
    lab.get_by_role("button", name="Start").wait_for()
    assert not page.console_errors, page.console_errors
