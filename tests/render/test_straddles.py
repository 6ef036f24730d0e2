"""A stream that straddles is outlined across the boundary; its cores away from home are marked as remote."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from deepsched import plan_streams
from deepsched.render import draw_plan
from deepsched.render.plans.ink import WARNING
from deepsched.render.plans.remote import find_straddles
from tests.render.pictures import SVG, find_cells, find_place, read_titles, read_words


def test_home_is_where_most_of_a_streams_cores_are() -> None:
    (straddle,) = find_straddles(plan_streams("golden", 3))
    assert (straddle.stream, straddle.level, straddle.home) == (1, "socket", 1)
    assert straddle.remote == (6, 7)
    assert straddle.words == "stream 1 straddles sockets 0 and 1"


def test_on_a_tie_home_is_the_first() -> None:
    (straddle,) = find_straddles(plan_streams("golden", scheduler="single_stream"))
    assert straddle.home == 0
    assert straddle.remote == tuple(range(8, 16))


def test_a_numa_node_is_a_home_too() -> None:
    straddles = list(find_straddles(plan_streams("pack:2 numa:2 l3:1 core:4 pu:1", 3)))
    assert [(s.stream, s.level, s.home, s.remote) for s in straddles] == [
        (0, "numa", 0, (4, 5)),
        (1, "socket", 1, (6, 7)),
        (2, "numa", 3, (11,)),
    ]


def test_many_parts_are_named_in_ranges() -> None:
    (straddle,) = find_straddles(plan_streams("pack:4 core:2 pu:1", 1))
    assert straddle.words == "stream 0 straddles sockets 0-3"


def test_an_l3_boundary_makes_nothing_remote() -> None:
    plan = plan_streams("l3:4 core:4 pu:1", 3)
    assert {finding.kind for finding in plan.findings} >= {"l3-straddle"}
    assert not list(find_straddles(plan))
    assert "remote" not in draw_plan(plan)


def test_remote_cores_are_named_and_explained() -> None:
    svg = draw_plan(plan_streams("golden", 3))
    remote = [title for title in read_titles(svg) if title.endswith("remote")]
    assert [title.split(",")[0] for title in remote] == ["core 6", "core 7"]
    words = read_words(svg)
    assert "▲ stream 1 straddles sockets 0 and 1" in words
    assert "remote core: on another socket than most of its stream" in words


def read_path(path: ET.Element) -> tuple[float, float, float, float]:
    """Give the box around the absolute corners of a path."""
    numbers = re.findall(r"([MHV])([-\d.]+)(?:,([-\d.]+))?", path.attrib["d"])
    xs = [float(first) for letter, first, _ in numbers if letter != "V"]
    ys = [float(first if letter == "V" else second) for letter, first, second in numbers if letter != "H"]
    return min(xs), min(ys), max(xs), max(ys)


def find_outline(root: ET.Element) -> ET.Element:
    return next(
        path for path in root.iter(f"{SVG}path") if path.get("stroke") == WARNING and path.get("fill") == "none"
    )


def test_the_outline_goes_around_the_cores_of_both_sockets_and_no_other() -> None:
    root = ET.fromstring(draw_plan(plan_streams("golden", 3)))
    left, top, right, bottom = read_path(find_outline(root))
    inside = []
    for number, (x, y, width, height) in enumerate(map(find_place, find_cells(root))):
        if left < x + width / 2 < right and top < y + height / 2 < bottom:
            inside.append(number)
    assert inside == [6, 7, 8, 9, 10]


def test_a_stream_in_pieces_is_not_outlined_over_the_cores_of_others() -> None:
    # GIVEN stream 0 on the far ends of both sockets
    root = ET.fromstring(draw_plan(plan_streams("golden", streams=["0-3,12-13", "4-7", "8-11"])))
    # THEN two outlines are tied above the cells between them
    outlines = find_outline(root).attrib["d"].split("z")
    assert len(outlines) == 3
    cells = [find_place(rect) for rect in find_cells(root)]
    tie = re.findall(r"[MV](?:[-\d.]+,)?([-\d.]+)", outlines[2])
    assert all(float(y) < min(cell[1] for cell in cells) for y in tie)


@pytest.mark.parametrize(
    "machine", ["golden", "xeon", "epyc-7763", "pack:4 numa:2 l3:4 core:8 pu:2", "pack:16 core:5 pu:1"]
)
@pytest.mark.parametrize("num_streams", [3, 5, 7, 19])
def test_every_straddle_is_told_of_on_any_machine(machine: str, num_streams: int) -> None:
    plan = plan_streams(machine, min(num_streams, 16))
    svg = draw_plan(plan)
    words = read_words(svg)
    for straddle in find_straddles(plan):
        assert f"▲ {straddle.words}" in words or f"▲ S{straddle.stream}" in words
        assert sum(f"stream {straddle.stream}, straddles" in title for title in read_titles(svg)) == sum(
            map(len, straddle.parts.values())
        )
