"""From data to pictures: SVG, terminal tables and plain text. Knows data classes only."""

from __future__ import annotations

from deepsched.render.svg import draw_plan, draw_topology
from deepsched.render.text import show_catalogue, show_plan, show_topology, write_plan, write_topology

__all__ = ["draw_plan", "draw_topology", "show_catalogue", "show_plan", "show_topology", "write_plan", "write_topology"]
