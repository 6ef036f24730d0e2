"""Whatever the machine and the layout: the picture is sound, and its marks are around the right cores."""

from __future__ import annotations

import re
import warnings
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from deepsched import StreamPlan, plan_streams
from deepsched.render import draw_plan, write_plan
from deepsched.render.plans.ink import WARNING
from deepsched.render.plans.remote import find_straddles
from tests.planning.machines import machines, machines_and_counts
from tests.render.pictures import SVG, find_cells, find_place, read_titles


@st.composite
def plans(draw: st.DrawFn) -> StreamPlan:
    """Draw a plan that is cut evenly, or a layout of somebody's own, in pieces."""
    if draw(st.booleans()):
        machine, count = draw(machines_and_counts(max_cores=48))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return plan_streams(machine.build(), count, threads_per_core=draw(st.integers(1, 2)))
    topology = draw(machines(max_cores=32)).build()
    cpus = draw(st.permutations(topology.limits.allowed_cpus))
    cuts = sorted(draw(st.sets(st.integers(1, len(cpus)), min_size=1, max_size=5)))
    pieces = [cpus[start:end] for start, end in zip([0, *cuts], cuts, strict=False)]
    return plan_streams(topology, streams=[sorted(piece) for piece in pieces])


def find_outlines(svg: str) -> list[tuple[float, float, float, float]]:
    """Give left, top, right and bottom of each outline; the corners are 3 px off."""
    root = ET.fromstring(svg)
    paths = [path for path in root.iter(f"{SVG}path") if (path.get("stroke"), path.get("fill")) == (WARNING, "none")]
    found = []
    for path in paths:
        for outline in path.attrib["d"].split("z")[:-1]:
            left, top = map(float, re.search(r"M([-\d.]+),([-\d.]+)", outline).groups())
            right, bottom = (max(map(float, re.findall(letter + r"([-\d.]+)", outline))) for letter in "HV")
            found.append((left, top, right, bottom))
    return found


@settings(max_examples=80, deadline=None)
@given(plans())
def test_any_picture_is_sound(plan: StreamPlan) -> None:
    svg = draw_plan(plan)
    assert len(read_titles(svg)) == len(plan.topology.cores)
    assert svg == draw_plan(plan)
    used = set(re.findall(r"url\(#([\w-]+)\)", svg))
    assert used <= {element.attrib.get("id") for element in ET.fromstring(svg).iter()}
    assert "nan" not in svg.replace("numa", "")
    assert write_plan(plan)


@settings(max_examples=80, deadline=None)
@given(plans())
def test_outlines_are_around_the_cores_that_straddle_and_no_others(plan: StreamPlan) -> None:
    svg = draw_plan(plan)
    outlines = find_outlines(svg)
    inside = set()
    for core, (x, y, width, height) in zip(
        plan.topology.cores, map(find_place, find_cells(ET.fromstring(svg))), strict=True
    ):
        middle = x + width / 2, y + height / 2
        if any(left < middle[0] < right and top < middle[1] < bottom for left, top, right, bottom in outlines):
            inside.add(core.index)
    assert inside == {core for s in find_straddles(plan) for cores in s.parts.values() for core in cores}
