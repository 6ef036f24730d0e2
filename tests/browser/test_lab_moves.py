"""What a person does with the pictures of a lab: points beside things, moves the timeline, folds, reads tables."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.labs import TALL, open_labs
from tests.browser.pages import (
    RUNS,
    list_labs,
    press_start,
    press_stop,
    set_slider,
    wait_for_cpus,
    wait_for_sentence,
)

pytestmark = pytest.mark.browser

SECTIONS = {"Requests over time": "timeline", "Throughput against num_streams": "sweep"}
WIDE = 700  # px


@pytest.fixture(scope="module")
def labs_page(chromium, running_jupyter):
    with open_labs(chromium, running_jupyter, "two-labs.ipynb", 2, viewport=TALL) as page:
        run_with(list_labs(page, 2)[0], 3)
        yield page


@pytest.fixture
def golden(labs_page, labs):
    """The golden machine with three streams, which ran."""
    set_slider(labs[0], 3)
    wait_for_cpus(labs_page, labs[0], 1, [6, 7, 8, 9, 10])
    return labs[0]


def run_with(lab, streams: int) -> None:
    """Let so many streams run until the timeline has their requests."""
    set_slider(lab, streams)
    press_start(lab)
    wait_for_sentence(lab, RUNS)
    lab.get_by_role("button", name="Download trace").and_(lab.locator(":enabled")).wait_for()
    press_stop(lab)


def find_timeline(lab):
    return lab.locator("[data-deepsched=request-timeline]")


def wait_for_change(picture, before: str) -> str:
    """Wait until a picture says something else than before, and give that."""
    arguments = [picture.element_handle(), before]
    picture.page.wait_for_function("([e, t]) => e.textContent !== t", arg=arguments)
    return picture.text_content()


def find_blank(part) -> list[float]:
    """Give a place, in px, that is the part's own and of nothing inside it."""
    place = part.evaluate(
        """(part) => {
            const { left, top, width, height } = part.getBoundingClientRect();
            for (let x = left + 1; x < left + width; x += 3)
                for (let y = top + 1; y < top + height; y += 3)
                    if (document.elementFromPoint(x, y) === part) return [x, y];
            return null;
        }"""
    )
    assert place, f"nothing of it is blank: {part}"
    return place


@pytest.mark.parametrize(
    "part",
    [
        pytest.param("figcaption", id="title"),
        pytest.param("svg >> nth=0", id="background"),
        pytest.param(".ds-boxes .ds-l3 rect >> nth=0", id="L3"),
        pytest.param(".ds-detail", id="words"),
        pytest.param("[role=listbox]", id="legend"),
    ],
)
def test_what_is_blank_is_of_no_stream(labs_page, golden, part):
    tiles, quiet = golden.locator("[data-cpu]"), golden.locator(".ds-map .ds-quiet")
    x, y = find_blank(golden.locator(".ds-map figure").first.locator(part))
    # GIVEN that the others step back from a stream that is pointed at
    tiles.nth(8).hover()
    expect(quiet).not_to_have_count(0)
    expect(tiles.nth(0)).to_have_class("ds-tile ds-quiet")
    # WHEN the pointer goes on to a blank part THEN all are there again
    labs_page.mouse.move(x, y)
    expect(quiet).to_have_count(0)
    # and WHEN it is clicked THEN nothing is chosen, and the kernel, which would have complained by now, does not
    labs_page.mouse.click(x, y)
    expect(quiet).to_have_count(0)
    expect(golden.locator('.ds-map [aria-selected="true"]')).to_have_count(0)
    set_slider(golden, 4)
    wait_for_cpus(labs_page, golden, 3, [12, 13, 14, 15])


def test_sections_are_folded_and_unfolded(golden):
    # Before the timeline is moved: then it would keep what it shows until the newest are asked for.
    headings = [golden.get_by_text(words, exact=True) for words in SECTIONS]
    pictures = [golden.locator(f"[data-part={part}] svg").first for part in SECTIONS.values()]
    before = [picture.text_content() for picture in pictures]
    # GIVEN that both are folded while other streams run
    for heading, picture in zip(headings, pictures, strict=True):
        heading.click()
        expect(picture).to_be_hidden()
    run_with(golden, 2)
    # WHEN they are unfolded THEN they show what ran meanwhile, over their whole width
    for heading, picture, words in zip(headings, pictures, before, strict=True):
        heading.click()
        wait_for_change(picture, words)
        assert picture.bounding_box()["width"] > WIDE


def read_scale(timeline) -> tuple[float, float]:
    """Give the first and the last time that are written below a timeline, in ms."""
    texts = timeline.locator(".ds-ticks").first.locator("text").all_text_contents()
    times = [float(text.removesuffix("ms")) for text in texts]
    return min(times), max(times)


def test_the_timeline_is_moved(golden):
    timeline = find_timeline(golden)
    picture = timeline.locator("svg").first
    seen, scales = [picture.text_content()], [read_scale(timeline)]
    # WHEN it is moved to and fro
    for move in ("Earlier", "Closer", "Wider", "Later"):
        timeline.get_by_role("button", name=move).click()
        seen.append(wait_for_change(picture, seen[-1]))
        scales.append(read_scale(timeline))
    # THEN each move shows other requests, and its opposite those before
    newest, earlier, closer, wider, later = seen
    assert wider == earlier
    assert later == newest
    assert closer not in (earlier, newest)
    (_, end), (before, wide), (from_, to), *_ = scales
    assert wide < end
    assert to - from_ < wide - before


def test_newer_requests_wait_until_they_are_asked_for(labs):
    here = labs[1]
    timeline = find_timeline(here)
    picture, held = timeline.locator("svg").first, timeline.get_by_text("Newer requests have come.")
    press_start(here)
    # GIVEN a person who looks at earlier requests while a run goes on
    timeline.get_by_role("button", name="Earlier").click()
    held.wait_for()
    looked_at = picture.text_content()
    # WHEN the newest are asked for THEN they come, and by themselves those that come after them
    timeline.get_by_role("button", name="Newest").click()
    shown = wait_for_change(picture, looked_at)
    wait_for_change(picture, shown)
    assert held.count() == 0
    press_stop(here)


def test_pictures_are_read_as_tables(golden):
    # Both charts call theirs the same.
    for part, name in [("machine_map", "map"), ("chart", "chart"), ("timeline", "requests shown"), ("sweep", "chart")]:
        place = golden.locator(f"[data-part={part}]")
        place.get_by_text(f"Table of the {name}").click()
        place.get_by_role("region", name=f"table of the {name}").get_by_role("cell").first.wait_for()
    row = golden.locator("[data-part=sweep] tbody tr").filter(has=golden.page.get_by_role("cell", name="3", exact=True))
    expect(row).to_contain_text("simulated")
    expect(row).to_contain_text("straddles: ")
