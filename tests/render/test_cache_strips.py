"""L3 caches are drawn as long as they are large, in the colours of the streams that use them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from deepsched import Topology, plan_streams
from deepsched.render import draw_plan, draw_topology
from tests.render.pictures import SVG, find_cells, find_place, read_words

if TYPE_CHECKING:
    from deepsched import StreamPlan

MIB = 1 << 20


def draw_sized(sizes: dict[int, int], num_streams: int = 2) -> ET.Element:
    topology = replace(Topology.from_synthetic("pack:2 l3:1 core:8 pu:1"), l3_bytes=sizes)
    return ET.fromstring(draw_plan(plan_streams(topology, num_streams)))


def find_strips(root: ET.Element, caches: int) -> list[list[tuple[float, str]]]:
    """Give the width and fill of each segment of each L3: they are the groups of rectangles before the cores'."""
    groups = [group for group in root.iter(f"{SVG}g") if group.get("stroke")][:caches]
    return [[(find_place(rect)[2], rect.attrib["fill"]) for rect in group] for group in groups]


def fills_of(root: ET.Element) -> list[str]:
    return [rect.attrib["fill"] for rect in find_cells(root)]


def length(strip: list[tuple[float, str]]) -> float:
    return sum(width for width, _ in strip)


def test_lengths_are_to_scale() -> None:
    one, other = find_strips(draw_sized({0: 32 * MIB, 1: 8 * MIB}), 2)
    assert length(other) / length(one) == pytest.approx(1 / 4, rel=1e-3)


def test_a_cache_of_unknown_size_is_whole_and_without_a_number() -> None:
    root = draw_sized({0: 32 * MIB})
    one, other = find_strips(root, 2)
    assert length(other) == pytest.approx(length(one))
    words = read_words(ET.tostring(root, encoding="unicode"))
    assert "L3 0 · 32 MiB" in words
    assert "L3 1 ·" not in words


def test_nothing_is_invented_where_no_size_is_known() -> None:
    words = read_words(draw_plan(plan_streams("pack:2 l3:1 core:8 pu:1", 2)))
    assert "MiB" not in words
    assert "size unknown" in words


def test_caches_of_boxes_of_different_width_keep_one_scale() -> None:
    # GIVEN two caches of one size, under 8 cores and under 2
    machine = Topology.from_synthetic("l3:2(size=32MiB) core:8 pu:1")
    threads = tuple(t for t in machine.threads if t.l3 == 0 or t.core < 10)
    root = ET.fromstring(draw_topology(replace(machine, threads=threads)))
    # THEN they are drawn alike
    one, other = find_strips(root, 2)
    assert length(one) == pytest.approx(length(other))


@pytest.mark.parametrize(
    ("plan", "users"),
    [
        (plan_streams("golden", 2), [[0], [1]]),
        (plan_streams("golden", 3), [[0, 1], [1, 2]]),
        (plan_streams("golden", 4), [[0, 1], [2, 3]]),
        (plan_streams("golden", 16), [[*range(8)], [*range(8, 16)]]),
    ],
)
def test_a_strip_has_equal_parts_for_the_streams_that_use_it(plan: StreamPlan, users: list[list[int]]) -> None:
    root = ET.fromstring(draw_plan(plan))
    colour_of = dict(zip([s.index for s in plan.streams for _ in s.cores], fills_of(root), strict=True))
    for strip, streams in zip(find_strips(root, 2), users, strict=True):
        assert [fill for _, fill in strip] == [colour_of[stream] for stream in streams]
        assert len({round(width, 3) for width, _ in strip}) == 1


def test_a_machine_without_l3_has_no_strip() -> None:
    svg = draw_plan(plan_streams("pack:2 core:4 pu:1", 2))
    assert "L3" not in read_words(svg)


def test_an_l3_of_two_numa_nodes_is_drawn_once() -> None:
    words = read_words(draw_topology(Topology.from_synthetic("pack:1 l3:1(size=32MiB) numa:2 core:4 pu:1")))
    assert words.count("L3 0") == 1
    assert "NUMA node 0" in words
    assert "NUMA node 1" in words


def test_the_size_of_an_l3_is_on_it() -> None:
    assert "L3 0 · 32 MiB" in read_words(draw_topology(Topology.from_synthetic("l3:2(size=32MiB) core:2 pu:1")))
    assert "512 KiB" in read_words(draw_topology(Topology.from_synthetic("l3:1(size=512KiB) core:8 pu:1")))
