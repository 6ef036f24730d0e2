"""The states of a lab that the pictures in the documents show: light, dark, narrow, and 128 cores."""

from __future__ import annotations

import pytest

from tests.browser.labs import TALL, open_labs
from tests.browser.pages import (
    find_slider,
    list_labs,
    press_start,
    press_stop,
    set_slider,
    switch_theme,
    take_picture,
    wait_for_cpus,
    wait_for_sentence,
)

pytestmark = pytest.mark.browser

NARROW = 360
SMALL_SCREEN = 550  # px of a notebook that one sees on 768 lines


@pytest.fixture(scope="module")
def states_page(chromium, running_jupyter):
    with open_labs(chromium, running_jupyter, "states.ipynb", 2, viewport=TALL) as page:
        golden, _ = list_labs(page, 2)
        # GIVEN the golden machine that ran with two streams, with single_stream, and with three streams
        press_start(golden)
        wait_for_sentence(golden, "^Simulated: 2 streams, ")
        golden.get_by_role("radio", name="single_stream").check()
        wait_for_sentence(golden, "^Simulated: single_stream, ")
        golden.get_by_role("radio", name="multi_stream").check()
        set_slider(golden, 3)
        wait_for_sentence(golden, "^Simulated: 3 streams, ")
        page.wait_for_timeout(3000)
        press_stop(golden)
        yield page
        assert not page.watch.list_complaints()


def scrolls_sideways(lab) -> bool:
    return lab.evaluate("e => e.scrollWidth > e.clientWidth + 1")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_bad_stream_is_seen_at_once(states_page, screenshots, theme):
    switch_theme(states_page, theme)
    golden, _ = list_labs(states_page, 2)
    wait_for_cpus(states_page, golden, 1, [6, 7, 8, 9, 10])
    assert "stream 1 straddles sockets 0 and 1" in golden.locator(".ds-map svg").first.text_content()
    assert not scrolls_sideways(golden)
    take_picture(golden, screenshots / f"golden-3-{theme}.png")
    take_picture(golden.locator("[data-part=machine_map]"), screenshots / f"three-streams-{theme}.png")


def test_128_cores_in_the_dark(states_page, screenshots):
    switch_theme(states_page, "dark")
    _, large = list_labs(states_page, 2)
    # THEN each hardware thread has its cell, and the streams that straddle an L3 are told in one sentence
    assert large.locator("[data-cpu]").count() == 256
    large.locator('[data-finding="l3-straddle"]', has_text="(11 streams)").wait_for()
    assert not scrolls_sideways(large)
    take_picture(large.locator("[data-part=machine_map]"), screenshots / "cores-128-dark.png")


@pytest.mark.parametrize("width", ["", f"{NARROW}px"])
def test_the_slider_stands_still_between_what_it_changes(states_page, width):
    golden, _ = list_labs(states_page, 2)
    golden.evaluate("(e, width) => (e.style.width = width)", width)
    slider, chart = find_slider(golden), golden.locator("[data-part=chart] .ds-figure")
    places = set()
    for count in (1, 2, 3, 5, 11, 16, 3):
        set_slider(golden, count)
        wait_for_sentence(golden, rf"^{count} streams? planned")
        states_page.wait_for_timeout(300)
        places.add(slider.bounding_box()["y"])
    assert len(places) == 1
    # and on a small laptop's screen there is room for it and the chart
    assert width or chart.bounding_box()["y"] + chart.bounding_box()["height"] - min(places) < SMALL_SCREEN


def test_a_narrow_page_is_one_column(states_page, screenshots):
    switch_theme(states_page, "light")
    golden, large = list_labs(states_page, 2)
    for lab in (golden, large):
        lab.evaluate(f"e => (e.style.width = '{NARROW}px')")
        states_page.wait_for_timeout(1000)
        assert not scrolls_sideways(lab)
        assert lab.locator(".ds-map svg").first.evaluate("e => e.getBoundingClientRect().width") <= NARROW
    take_picture(golden, screenshots / "narrow-light.png")
