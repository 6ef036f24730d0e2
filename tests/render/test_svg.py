"""A plan as a picture: well-formed, complete, safe, and the same each time."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from deepsched import Finding, Topology, plan_streams
from deepsched.render import draw_plan, draw_topology
from deepsched.topology import restrict_topology

if TYPE_CHECKING:
    from deepsched import StreamPlan

SVG = "{http://www.w3.org/2000/svg}"
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


def read_words(svg: str) -> str:
    """Give the text that a person sees, its line breaks undone."""
    return " ".join(" ".join(element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")).split())


def read_titles(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iterfind(f".//{SVG}g/{SVG}title")]


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
    (machine,) = root.iterfind(f"{SVG}g")
    left, top = map(float, re.findall(r"[\d.]+", machine.attrib["transform"]))
    corners = []
    for rect in machine.iterfind(f"{SVG}g/{SVG}rect[1]"):
        x, y, w, h = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        corners.append((x, y, w, h))
        assert x + left >= 0
        assert x + left + w <= width
        assert y + top + h <= height
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
    for text_element in root.iterfind(f"{SVG}text"):
        assert float(text_element.attrib["y"]) < height


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
    assert "L3 0 · shared by S0, S1" in words
    assert "L3 1 · shared by S2, S3" in words


def test_an_aligned_plan_says_that_there_is_nothing() -> None:
    root = ET.fromstring(draw_plan(plan_streams(GOLDEN, 2)))
    assert root.findtext(f"{SVG}title") == "2 streams on 16 cores"
    assert root.findtext(f"{SVG}desc") == "No findings."


def test_the_size_of_an_l3_is_on_it() -> None:
    assert "L3 0 · 32 MiB" in read_words(draw_topology(Topology.from_synthetic("l3:2(size=32MiB) core:2 pu:1")))


@pytest.mark.parametrize(("num_streams", "more"), [(11, "... and 1 finding more"), (19, "... and 4 findings more")])
def test_many_findings_are_counted(num_streams: int, more: str) -> None:
    text = "pack:8 core:5 pu:1" if num_streams == 11 else "pack:16 core:5 pu:1"
    assert more in read_words(draw_plan(plan(text, num_streams)))


def test_cores_that_may_not_be_used_are_grey_and_say_why() -> None:
    topology = restrict_topology(GOLDEN, {0, 1})
    titles = read_titles(draw_plan(plan_streams(topology)))
    assert titles[:2] == ["core 0, cpu 0, stream 0", "core 1, cpu 1, stream 0"]
    assert titles[2] == "core 2, cpu not allowed, no stream"


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


def test_the_picture_needs_nothing_from_elsewhere() -> None:
    svg = draw_plan(plan_streams(GOLDEN, 3))
    used = set(re.findall(r"url\(#([\w-]+)\)", svg))
    assert used <= {element.attrib.get("id") for element in ET.fromstring(svg).iter()}
    assert not re.search(r"href|<image|<style|@import|<script", svg)
    assert re.findall(r"https?://[^'\"]+", svg) == ["http://www.w3.org/2000/svg"]
