"""Notebook 01 from top to bottom, as a newcomer would: run it, move the slider, start the model."""

from __future__ import annotations

import pytest

from tests.browser.notebooks import GOLDEN
from tests.browser.pages import (
    find_lab,
    list_cpus,
    read_rate,
    run_all_cells,
    scroll_to,
    set_slider,
    take_picture,
    wait_for_cpus,
    wait_for_sentence,
)

pytestmark = pytest.mark.browser


def test_notebook_runs_and_its_labs_answer(page, open_notebook, screenshots):
    open_notebook("01_streams.ipynb")
    run_all_cells(page)
    assert page.locator(".jp-OutputArea-output[data-mime-type*='error']").count() == 0

    # GIVEN the golden machine with two streams WHEN the slider moves from 2 to 3
    golden = scroll_to(page, find_lab(page, GOLDEN))
    golden.locator('[data-cpu="6"]').wait_for()
    assert list_cpus(golden, 1) == list(range(8, 16))
    slider = golden.get_by_role("slider", name="num_streams")
    slider.focus()
    slider.press("ArrowRight")
    # THEN cores 6 to 10 are stream 1's, and the straddle is told
    golden.locator('[data-finding="socket-straddle"]').first.wait_for()
    wait_for_cpus(page, golden, 1, [6, 7, 8, 9, 10])
    assert golden.get_by_role("button", name="Start").is_enabled()
    wait_for_sentence(golden, "^3 streams planned")

    # GIVEN the real model WHEN it runs with one stream and then with two
    lab = scroll_to(page, find_lab(page, "on this machine"))
    page.set_viewport_size({"width": 1400, "height": 3000})
    set_slider(lab, 1)
    lab.get_by_role("button", name="Start").click()
    wait_for_sentence(lab, r"^1 stream, [1-9][\d.]* items/s")
    one = read_rate(lab)
    set_slider(lab, 2)
    wait_for_sentence(lab, r"^2 streams, [1-9][\d.]* items/s")
    two = read_rate(lab)
    page.wait_for_timeout(2500)
    take_picture(lab, screenshots / "lab-light.png")
    # THEN both rates are real, and they differ
    assert one > 0
    assert two > 0
    assert one != two
    lab.get_by_role("button", name="Stop").click()
    lab.get_by_role("button", name="Start").wait_for()
    assert not page.watch.console_errors
