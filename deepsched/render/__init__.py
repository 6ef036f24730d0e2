"""From data to pictures: SVG, terminal tables and plain text. Knows data classes only."""

from __future__ import annotations

from deepsched.render.plans.svg import draw_plan, draw_plans, draw_topology
from deepsched.render.plans.text import show_catalogue, show_plan, show_topology, write_plan, write_topology
from deepsched.render.reports.latency_figure import draw_latencies
from deepsched.render.reports.pareto_figure import draw_pareto, find_front
from deepsched.render.reports.report import Report, write_report
from deepsched.render.reports.run import Run
from deepsched.render.sweeps.sweep import SweepPoint, draw_sweep, name_boundaries, read_alignment
from deepsched.render.sweeps.sweep_svg import draw_sweep_svg
from deepsched.render.timelines.chrome_trace import write_chrome_trace
from deepsched.render.timelines.timeline import draw_timelines
from deepsched.render.timelines.timeline_data import Timeline
from deepsched.render.timelines.timeline_figure import draw_timeline_figure

__all__ = [
    "Report",
    "Run",
    "SweepPoint",
    "Timeline",
    "draw_latencies",
    "draw_pareto",
    "draw_plan",
    "draw_plans",
    "draw_sweep",
    "draw_sweep_svg",
    "draw_timeline_figure",
    "draw_timelines",
    "draw_topology",
    "find_front",
    "name_boundaries",
    "read_alignment",
    "show_catalogue",
    "show_plan",
    "show_topology",
    "write_chrome_trace",
    "write_plan",
    "write_report",
    "write_topology",
]
