"""Labs on a page of JupyterLab, as people treat them: in haste, by keyboard, two at once, reloaded, restarted."""

from __future__ import annotations

import re

import pytest

from tests.browser.labs import await_labs, open_labs
from tests.browser.pages import (
    RUNS,
    find_slider,
    list_labs,
    press_start,
    press_stop,
    run_all_cells,
    storm_slider,
    wait_for_cpus,
    wait_for_sentence,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def labs_page(chromium, running_jupyter):
    with open_labs(chromium, running_jupyter, "three-labs.ipynb", 3) as page:
        yield page


@pytest.fixture
def labs(labs_page, running_jupyter):
    """The golden machine's lab, and two on one engine."""
    labs_page.watch.begin(running_jupyter)
    yield list_labs(labs_page, 3)
    assert not labs_page.watch.list_complaints()


def test_a_slider_storm_ends_at_the_last_value(labs_page, labs):
    golden, lab, _ = labs
    # WHEN both a simulation and a model run while the slider moves fifty times in two seconds
    press_start(golden)
    wait_for_sentence(golden, RUNS)
    storm_slider(golden, [1 + (7 * number) % 16 for number in range(49)] + [3])
    # THEN the last move counts
    wait_for_cpus(labs_page, golden, 1, [6, 7, 8, 9, 10])
    wait_for_sentence(golden, r"3 streams, .* items/s")
    assert find_slider(golden).input_value() == "3"
    press_stop(golden)

    press_start(lab)
    wait_for_sentence(lab, RUNS)
    storm_slider(lab, [1 + number % 2 for number in range(50)])
    wait_for_sentence(lab, r"2 streams, .* items/s")
    assert find_slider(lab).input_value() == "2"
    press_stop(lab)


def test_the_keyboard_alone_leads_from_the_slider_to_the_map(labs_page, labs):
    golden, _, _ = labs
    find_slider(golden).focus()
    for _ in range(16):
        labs_page.keyboard.press("ArrowLeft")
    assert find_slider(golden).input_value() == "1"
    labs_page.keyboard.press("ArrowRight")
    labs_page.keyboard.press("ArrowRight")
    wait_for_cpus(labs_page, golden, 1, [6, 7, 8, 9, 10])
    # WHEN Shift and Tab are pressed on and on THEN each stop can be seen, and the map, above the slider, is one of them
    for _ in range(40):
        labs_page.keyboard.press("Shift+Tab")
        stop = labs_page.evaluate(
            """() => {
                const stop = document.activeElement;
                const style = getComputedStyle(stop);
                return {
                    ours: stop.closest("[data-deepsched=lab]") !== null,
                    cpu: stop.closest("[data-cpu]")?.dataset.cpu ?? null,
                    seen: stop.matches(":focus-visible"),
                    name: stop.outerHTML.slice(0, 120),
                };
            }"""
        )
        assert stop["ours"], f"left the lab before the map, at {stop['name']}"
        assert stop["seen"], stop["name"]
        if stop["cpu"] is not None:
            break
    assert stop["cpu"] == "0"
    # WHEN an arrow is pressed there THEN the next core has the focus, and Enter chooses its stream
    for _ in range(6):
        labs_page.keyboard.press("ArrowRight")
    focused = golden.locator("[data-cpu]:focus")
    assert focused.get_attribute("data-cpu") == "6"
    labs_page.keyboard.press("Enter")
    golden.locator('[data-cpu="10"][aria-pressed=true], [data-cpu="10"][aria-selected=true]').first.wait_for()


def test_the_second_lab_on_an_engine_takes_over(labs_page, labs):
    _, first, second = labs
    press_start(first)
    wait_for_sentence(first, RUNS)
    # WHEN the second starts THEN the first stops and says why
    press_start(second)
    first.get_by_role("button", name="Start").wait_for()
    first.get_by_text("another lab").first.wait_for()
    wait_for_sentence(second, RUNS)
    # and the same the other way
    press_start(first)
    second.get_by_role("button", name="Start").wait_for()
    wait_for_sentence(first, RUNS)
    press_stop(first)


def test_a_reload_of_the_page_finds_the_labs_as_they_are(labs_page, labs, running_jupyter):
    golden, lab, _ = labs
    find_slider(golden).focus()
    find_slider(golden).press("End")
    wait_for_cpus(labs_page, golden, 15, [15])
    golden.get_by_text("Requests over time", exact=True).click()
    golden.locator("[data-part=timeline]").wait_for(state="hidden")
    press_start(lab)
    wait_for_sentence(lab, RUNS)
    labs_page.get_by_role("menuitem", name="File", exact=True).click()
    labs_page.get_by_role("menuitem", name=re.compile("^Save Notebook(?! As)")).click()
    labs_page.locator(".jp-mod-dirty").first.wait_for(state="detached")
    # WHEN the page is reloaded while a lab runs
    labs_page.reload()
    await_labs(labs_page, 3)
    labs_page.watch.begin(running_jupyter)
    golden, lab, _ = list_labs(labs_page, 3)
    # THEN it still runs, and the slider stands where it stood and moves on
    wait_for_sentence(lab, RUNS)
    press_stop(lab)
    assert find_slider(golden).input_value() == "16"
    find_slider(golden).focus()
    find_slider(golden).press("ArrowLeft")
    wait_for_cpus(labs_page, golden, 0, [0, 1])
    # and what was folded is folded, and can be unfolded
    assert golden.locator("[data-part=sweep]").is_visible()
    assert golden.locator("[data-part=timeline]").is_hidden()
    golden.get_by_text("Requests over time", exact=True).click()
    golden.locator("[data-part=timeline] svg").first.wait_for()


def test_a_restart_of_the_kernel_leaves_a_page_that_can_be_run_again(labs_page, labs):
    golden, lab, _ = labs
    press_start(lab)
    wait_for_sentence(lab, RUNS)
    # WHEN the kernel is restarted while a lab runs
    labs_page.get_by_role("menuitem", name="Kernel", exact=True).click()
    labs_page.get_by_role("menuitem", name=re.compile("^Restart Kernel…")).click()
    labs_page.locator(".jp-Dialog .jp-mod-accept").click()
    labs_page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    labs_page.wait_for_timeout(3000)
    # THEN the labs still stand there and say so; nobody would hear the controls, and touching the map breaks nothing
    lab.get_by_text("kernel is gone").wait_for()
    assert lab.get_by_role("button", name="Start").is_disabled()
    assert find_slider(golden).is_disabled()
    golden.locator("[data-cpu]").first.click()
    labs_page.wait_for_timeout(1000)
    assert not labs_page.watch.list_complaints()
    # and after the cells were run again the labs are new ones that work
    run_all_cells(labs_page)
    await_labs(labs_page, 3)
    golden, lab, _ = list_labs(labs_page, 3)
    wait_for_cpus(labs_page, golden, 1, list(range(8, 16)))
    press_start(lab)
    wait_for_sentence(lab, RUNS)
    press_stop(lab)
