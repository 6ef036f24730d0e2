"""From data to pictures: SVG, terminal tables and plain text. Knows data classes only."""

from __future__ import annotations

from deepsched.render.svg import draw_plan, draw_topology
from deepsched.render.sweep import SweepPoint, draw_sweep, name_boundaries, read_alignment
from deepsched.render.sweep_svg import draw_sweep_svg
from deepsched.render.text import show_catalogue, show_plan, show_topology, write_plan, write_topology
from deepsched.render.timeline import draw_timelines
from deepsched.render.timeline_data import Timeline

__all__ = [
    "SweepPoint",
    "Timeline",
    "draw_plan",
    "draw_sweep",
    "draw_sweep_svg",
    "draw_timelines",
    "draw_topology",
    "name_boundaries",
    "read_alignment",
    "show_catalogue",
    "show_plan",
    "show_topology",
    "write_plan",
    "write_topology",
]
