"""A plan as a picture: well-formed, complete, safe, and the same each time."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from deepsched import Finding, Topology, plan_streams
from deepsched.errors import OptionError
from deepsched.render import draw_plan, draw_plans, draw_topology
from deepsched.topology import restrict_topology
from tests.render.pictures import SVG, find_cells, find_place, read_titles, read_words

if TYPE_CHECKING:
    from deepsched import StreamPlan

GOLDEN = Topology.from_synthetic("pack:2 l3:1 core:8 pu:1")
MACHINES = {
    1: "core:1 pu:1",
    2: "pack:2 core:1 pu:2",
    16: "pack:2 l3:1 core:8 pu:1",
    17: "core:17 pu:1",
    128: "pack:2 numa:4 l3:2(size=32MiB) core:8 pu:2",
    512: "pack:2 [numa] l3:8 core:32 pu:1",
}
PLANS = [(text, num_streams) for cores, text in MACHINES.items() for num_streams in {None, 1, min(3, cores), cores}]


def plan(text: str, num_streams: int | None) -> StreamPlan:
    return plan_streams(Topology.from_synthetic(text), num_streams)


@pytest.mark.parametrize(("text", "num_streams"), PLANS)
def test_every_core_is_in_the_picture_with_its_stream(text: str, num_streams: int | None) -> None:
    # WHEN a plan is drawn
    drawn = plan(text, num_streams)
    svg = draw_plan(drawn)
    # THEN it is one well-formed svg element
    assert ET.fromstring(svg).tag == f"{SVG}svg"
    # THEN each core of each stream has a title that names it, its cpus and its stream
    stream_of = {core: stream.index for stream in drawn.streams for core in stream.cores}
    titles = read_titles(svg)
    assert len(titles) == len(drawn.topology.cores)
    for core, title in zip(drawn.topology.cores, titles, strict=True):
        cpus = ", ".join(map(str, core.cpus))
        assert title.startswith(f"core {core.index}, cpu {cpus}, stream {stream_of[core.index]}")


@pytest.mark.parametrize("text", MACHINES.values())
def test_the_bare_machine_is_in_the_picture(text: str) -> None:
    titles = read_titles(draw_topology(Topology.from_synthetic(text)))
    assert len(titles) == len(Topology.from_synthetic(text).cores)
    assert all(title.endswith("no stream") for title in titles)


@pytest.mark.parametrize(("text", "num_streams"), PLANS)
def test_no_core_lies_on_another_or_outside_the_picture(text: str, num_streams: int | None) -> None:
    root = ET.fromstring(draw_plan(plan(text, num_streams)))
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    corners = []
    for x, y, w, h in (find_place(rect) for rect in find_cells(root)):
        corners.append((x, y, w, h))
        assert x >= 0
        # The machine stands in a card that has a margin, below its title.
        assert x + 16 + w <= width
        assert y + 68 + h <= height
    # All cores are of one size, so those that do not overlap are a core apart along an axis.
    size = corners[0][2]
    rows: dict[float, list[float]] = {}
    for x, y, w, h in corners:
        assert (w, h) == (size, size)
        rows.setdefault(y, []).append(x)
    assert all(b - a >= size for xs in rows.values() for a, b in zip(sorted(xs), sorted(xs)[1:], strict=False))
    for (upper, ups), (lower, lows) in combinations(sorted(rows.items()), 2):
        if lower - upper < size:
            assert all(abs(a - b) >= size for a in ups for b in lows)
    for text_element in root.iterfind(f"{SVG}g/{SVG}text"):
        assert float(text_element.attrib["y"]) + 16 < height


def test_three_streams_say_what_is_wrong() -> None:
    svg = draw_plan(plan_streams(GOLDEN, 3))
    # THEN the finding stands under the picture, in its description, and at the cores that cause it
    straddle = "Stream 1 straddles both sockets (cores 6-7 and 8-10): remote memory accesses."
    assert f"{straddle} Try num_streams 2 or 4." in read_words(svg)
    assert straddle in ET.fromstring(svg).findtext(f"{SVG}desc")
    marked = [title for title in read_titles(svg) if "straddles" in title]
    assert [int(title.split()[1].rstrip(",")) for title in marked] == [6, 7, 8, 9, 10]


def test_four_streams_say_which_share_an_l3() -> None:
    words = read_words(draw_plan(plan_streams(GOLDEN, 4)))
    assert "L3 0 · shared by S0 and S1" in words
    assert "L3 1 · shared by S2 and S3" in words


def test_an_aligned_plan_says_that_there_is_nothing() -> None:
    svg = draw_plan(plan_streams(GOLDEN, 2))
    root = ET.fromstring(svg)
    assert root.findtext(f"{SVG}title") == "2 streams on 16 cores"
    assert root.findtext(f"{SVG}desc").endswith("Stream 1: cores 8-15, socket 1, L3 1. No findings.")
    assert "No findings." in read_words(svg)
    assert "straddles" not in svg


def test_what_was_changed_of_the_request_is_said() -> None:
    with pytest.warns(UserWarning, match="capped"):
        words = read_words(draw_plan(plan_streams(GOLDEN, 99)))
    assert "16 streams (99 requested) on 16 cores" in words
    assert "num_streams: 99 requested, 16 actual (there are 16 cores)." in words


def test_cores_that_may_not_be_used_are_grey_and_say_why() -> None:
    topology = restrict_topology(GOLDEN, {0, 1})
    svg = draw_plan(plan_streams(topology))
    titles = read_titles(svg)
    assert titles[:2] == ["core 0, cpu 0, stream 0", "core 1, cpu 1, stream 0"]
    assert titles[2] == "core 2, cpu not allowed, no stream"
    looks = {(rect.get("fill"), rect.get("stroke-dasharray")) for rect in find_cells(ET.fromstring(svg))[2:]}
    assert looks == {("#C9CED6", "2 2")}
    assert "not allowed to this process" in read_words(svg)


def test_kinds_of_cores_differ_in_size_and_letter() -> None:
    svg = draw_plan(plan_streams("hybrid-laptop", 2))
    sizes = [find_place(rect)[2] for rect in find_cells(ET.fromstring(svg))]
    assert len(set(sizes[:6])) == len(set(sizes[6:])) == 1
    assert sizes[0] > sizes[6]
    words = read_words(svg)
    assert "P: performance core" in words
    assert "E: efficiency core" in words
    assert {"P0", "P5", "E6", "E13"} <= set(words.split())


def test_a_core_of_two_streams_shows_both() -> None:
    shared = plan_streams("desktop", streams=["0-3", "8-11"])
    titles = read_titles(draw_plan(shared))
    assert titles[0] == "core 0, cpu 0, 8, stream 0, stream 1"
    assert "hardware threads of a core" in read_words(draw_plan(shared))


def test_plans_side_by_side_are_both_whole() -> None:
    both = draw_plans([plan_streams(GOLDEN, 3), plan_streams("hybrid-laptop", 2)])
    titles = read_titles(both)
    assert len(titles) == 16 + 14
    assert ET.fromstring(both).findtext(f"{SVG}title") == "3 streams on 16 cores; 2 streams on 14 cores"
    with pytest.raises(OptionError, match="no plan"):
        draw_plans([])


HOSTILE = ["</svg><script>alert(1)</script>", "a'\"b", "&amp; <b>", "]]>", "[bold]x[/bold]"]


@pytest.mark.parametrize("source", HOSTILE)
def test_a_hostile_source_stays_text(source: str) -> None:
    plain, hostile = GOLDEN, replace(GOLDEN, source=source)
    for draw in (draw_topology, lambda topology: draw_plan(plan_streams(topology, 3))):
        tags = [element.tag for element in ET.fromstring(draw(plain)).iter()]
        assert [element.tag for element in ET.fromstring(draw(hostile)).iter()] == tags


@pytest.mark.parametrize("words", HOSTILE)
def test_a_hostile_finding_stays_text(words: str) -> None:
    finding = Finding("idle-cores", "info", (0,), words, "")
    svg = draw_plan(replace(plan_streams(GOLDEN, 2), findings=(finding,)))
    assert words in read_words(svg)
    assert words in ET.fromstring(svg).findtext(f"{SVG}desc")
    assert "script" not in {element.tag.removeprefix(SVG) for element in ET.fromstring(svg).iter()}


@pytest.mark.parametrize(("text", "num_streams"), PLANS)
def test_the_same_plan_is_the_same_picture(text: str, num_streams: int | None) -> None:
    assert draw_plan(plan(text, num_streams)) == draw_plan(plan(text, num_streams))


def test_two_pictures_on_a_page_have_no_id_in_common() -> None:
    pictures = [
        draw_plan(plan_streams(GOLDEN, 3)),
        draw_plan(plan_streams(GOLDEN, 4)),
        draw_plan(plan_streams("golden", 3)),
        draw_plan(plan_streams(restrict_topology(GOLDEN, set(range(15))), 3)),
        draw_topology(GOLDEN),
        draw_plans([plan_streams(GOLDEN, 3), plan_streams(GOLDEN, 4)]),
    ]
    ids = [element.attrib["id"] for svg in pictures for element in ET.fromstring(svg).iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))


def test_the_picture_names_and_describes_itself() -> None:
    root = ET.fromstring(draw_plan(plan_streams(GOLDEN, 3)))
    assert root.attrib["role"] == "img"
    by_id = {element.attrib["id"]: element for element in root.iter() if "id" in element.attrib}
    assert by_id[root.attrib["aria-labelledby"]].text == "3 streams on 16 cores"
    assert by_id[root.attrib["aria-describedby"]].text.startswith("2 sockets · 2 L3 caches · 16 cores.")


@pytest.mark.parametrize("num_streams", [1, 2, 3, 12, 16, 17, 100, 128])
def test_128_cores_are_less_than_60_kb(num_streams: int) -> None:
    assert len(draw_plan(plan_streams("epyc-7763", num_streams, threads_per_core=2)).encode()) < 60_000


def test_the_picture_needs_nothing_from_elsewhere() -> None:
    svg = draw_plan(plan_streams(GOLDEN, 3))
    used = set(re.findall(r"url\(#([\w-]+)\)", svg))
    assert used <= {element.attrib.get("id") for element in ET.fromstring(svg).iter()}
    assert not re.search(r"href|<image|<style|@import|<script", svg)
    assert re.findall(r"https?://[^'\"]+", svg) == ["http://www.w3.org/2000/svg"]
