"""The map in a real Chromium, without Jupyter: a stand-in for anywidget's model holds the traits."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from deepsched import Topology, plan_streams
from deepsched_widgets import MachineMap
from tests.browser.watching import open_chromium

TRAITS = ("machine", "plan", "findings", "compared", "load", "selected_stream")
PAGE = """<!doctype html><meta charset="utf-8"><style>%(css)s</style><body><div id="place"></div><script type="module">
const handlers = {};
const state = %(state)s;
globalThis.model = {
  get: (name) => state[name],
  set: (name, value) => {
    if (state[name] === value) return;
    state[name] = value;
    for (const act of handlers[name] ?? []) act();
  },
  save_changes: () => {},
  on: (event, act) => (handlers[event.slice(7)] ??= []).push(act),
  off: (event, act) => (handlers[event.slice(7)] = handlers[event.slice(7)].filter((other) => other !== act)),
};
globalThis.handlers = handlers;
globalThis.view = new AbortController();
const { default: widget } = await import(URL.createObjectURL(new Blob([%(script)s], { type: "text/javascript" })));
widget.render({ model, el: document.getElementById("place"), signal: view.signal });
</script>"""


@pytest.fixture(scope="module")
def chromium():
    with open_chromium() as browser:
        yield browser


@pytest.fixture
def open_map(chromium, tmp_path):
    """Open a map on a page of some width; its script must not fail while the test runs."""
    pages, errors = [], []

    def open_map(shown: MachineMap, width: int = 900):
        state = json.dumps({name: getattr(shown, name) for name in TRAITS})
        file = tmp_path / f"map-{len(pages)}.html"
        file.write_text(PAGE % {"css": shown._css, "state": state, "script": json.dumps(shown._esm)}, encoding="utf-8")
        shown.close()
        page = chromium.new_page(viewport={"width": width, "height": 700})
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(file.as_uri())
        page.locator("[data-cpu]").first.wait_for()
        pages.append(page)
        return page

    yield open_map
    for page in pages:
        page.close()
    assert errors == []


def read_levels(page) -> list[float]:
    lines = page.locator("[data-cpu] path:nth-of-type(2)").all()
    return [line.evaluate("node => node.getTotalLength()") for line in lines]


def test_pointing_and_selecting_tell_of_a_stream(open_map, golden_plan):
    page = open_map(MachineMap(golden_plan))
    detail = page.locator(".ds-detail")
    height = detail.bounding_box()["height"]
    # WHEN a core of the bad stream is pointed at
    page.hover('[data-cpu="6"]')
    # THEN what it is, what its stream is and what was found show, and the others are quiet
    expect(detail).to_contain_text("cpu 6, core 6, socket 0, L3 0, stream 1, remote: stream 1's home is socket 1")
    expect(detail).to_contain_text("sockets: 0-1")
    expect(detail).to_contain_text("Stream 1 straddles both sockets")
    assert detail.bounding_box()["height"] == height
    expect(page.locator('[data-cpu="0"]')).to_have_class("ds-tile ds-quiet")
    expect(page.locator('[data-cpu="8"]')).to_have_class("ds-tile")
    # A click in the legend selects, another one lets go, and so does Escape.
    page.click("[role=option] >> nth=2")
    assert page.evaluate('model.get("selected_stream")') == 2
    expect(page.locator('[data-cpu="15"]')).to_have_attribute("aria-selected", "true")
    page.click("[role=option] >> nth=2")
    assert page.evaluate('model.get("selected_stream")') == -1
    page.click('[data-cpu="0"]')
    page.keyboard.press("Escape")
    assert page.evaluate('model.get("selected_stream")') == -1


def test_one_tab_stop_and_arrows_lead_everywhere(open_map, golden_plan):
    page = open_map(MachineMap(golden_plan))
    focused = "document.activeElement.dataset.cpu ?? document.activeElement.dataset.streams"
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    assert page.evaluate(focused) == "15"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    assert page.evaluate('model.get("selected_stream")') == 2
    # The next stop is the legend; coming back leads to where one was.
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.role") == "option"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == "1"
    expect(page.locator(".ds-detail")).to_contain_text("stream 1")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(focused) == "14"


def test_the_load_changes_levels_and_the_table_and_moves_nothing(open_map, golden_plan):
    page = open_map(MachineMap(golden_plan))
    page.click("summary")
    boxes = "[...document.querySelectorAll('[data-cpu] rect')].map((r) => r.outerHTML).join()"
    before = page.evaluate(boxes)
    cells = page.locator("[data-cpu]").first.element_handle()
    page.evaluate('model.set("load", [100, 50, 0, -1, ...Array(12).fill(80)])')
    full, half, idle, unknown, *_ = read_levels(page)
    assert full == pytest.approx(2 * half)
    assert idle == unknown == 0
    assert page.evaluate(boxes) == before
    assert cells.evaluate("node => node.isConnected")
    expect(page.locator("tbody tr").nth(2)).to_contain_text("80")
    expect(page.locator("figure").first).to_contain_text("load: full at 100 %")
    page.evaluate('model.set("load", [])')
    assert set(read_levels(page)) == {0}


def test_two_plans_stand_side_by_side_or_below_each_other(open_map, golden_plan):
    def compare():
        return MachineMap(golden_plan, compared=plan_streams(golden_plan.topology, 4))

    left, right = (figure.bounding_box() for figure in open_map(compare(), 800).locator("figure").all())
    assert left["y"] == right["y"]
    assert left["width"] == right["width"]
    page = open_map(compare(), 400)
    first, second = page.locator("figure").all()
    assert second.bounding_box()["y"] > first.bounding_box()["y"]
    # Pointing in one emphasises there only, and its selection is its own.
    second.locator('[data-cpu="0"]').hover()
    expect(second.locator('[data-cpu="15"]')).to_have_class("ds-tile ds-quiet")
    expect(first.locator('[data-cpu="15"]')).to_have_class("ds-tile")
    second.locator('[data-cpu="0"]').click()
    assert page.evaluate('model.get("selected_stream")') == -1
    page.evaluate('model.set("compared", {})')
    expect(second).to_be_hidden()


@pytest.mark.parametrize("width", [360, 1000])
@pytest.mark.parametrize("source", ["golden", "hybrid-laptop", "pack:4 numa:2 l3:4 core:8 pu:2"])
def test_no_page_scrolls_sideways(open_map, source, width):
    page = open_map(MachineMap(plan_streams(Topology.load(source), 3)), width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_findings_can_be_left_to_others(open_map, golden_plan):
    page = open_map(MachineMap(golden_plan, findings=False))
    expect(page.locator("[data-finding]")).to_have_count(0)
    page.evaluate('model.set("findings", true)')
    expect(page.locator("[data-finding]")).to_have_count(2)


def test_a_view_that_is_gone_hears_nothing(open_map, golden_plan):
    page = open_map(MachineMap(golden_plan))
    page.evaluate("view.abort()")
    assert page.evaluate("Object.values(handlers).flat().length") == 0
    page.click('[data-cpu="0"]')
