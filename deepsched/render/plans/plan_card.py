"""One machine with its streams, and the words around it: title, legend, findings."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from deepsched.render.plans.core_cells import shows_threads
from deepsched.render.plans.facts import gather_facts
from deepsched.render.plans.ink import QUIET, TEXT, measure_words
from deepsched.render.plans.layout import lay_out
from deepsched.render.plans.legend import draw_columns, draw_flow, list_signs, list_streams
from deepsched.render.plans.machine_drawing import draw_machine
from deepsched.render.plans.sentences import draw_sentences
from deepsched.render.plans.words import count, describe_machine, describe_plan, title_plan

if TYPE_CHECKING:
    from deepsched.planning import StreamPlan
    from deepsched.render.plans.ink import Ink
    from deepsched.topology import Topology

_NARROWEST = 488.0
_HEAD = 52.0
_FONT = 13.0


@dataclass(frozen=True, slots=True)
class Card:
    """A picture with its words, from (0, 0) to (`width`, `height`) pixels; `description` is for those who see none."""

    title: str
    description: str
    parts: tuple[str, ...]
    width: float
    height: float


def draw_card(topology: Topology, plan: StreamPlan | None, room: float, ink: Ink) -> Card:
    """Draw a machine, with a plan's streams or bare, at most `room` pixels wide where that is possible."""
    facts = gather_facts(topology, plan)
    layout = lay_out(topology, room, {straddle.level for straddle in facts.straddles})
    title = title_plan(plan) if plan else count(len(topology.cores), "core")
    machine = describe_machine(topology)
    width = max(layout.machine.width, _NARROWEST, measure_words(machine, _FONT))
    detailed = any(box.core is not None and shows_threads(box, facts) for box in layout.machine.walk())
    drawing = list(draw_machine(layout, facts, ink))
    y = _HEAD + layout.machine.height + 14
    streams, height = draw_columns(list_streams(plan) if plan else [], width, y, ink)
    signs, more = draw_flow(list_signs(facts, detailed=detailed), width, y + height, ink)
    legend = [*streams, *signs, *ink.draw_words()]
    y += height + more + 4
    sentences, height = draw_sentences(plan, width, y) if plan else ([], 0.0)
    parts = (
        f"<text y='14' font-size='16' font-weight='600' fill='{TEXT}'>{escape(title)}</text>",
        f"<text y='34' fill='{QUIET}'>{escape(machine)}</text>",
        f"<g transform='translate(0,{_HEAD:g})'>",
        *drawing,
        "</g>",
        *legend,
        *sentences,
    )
    description = describe_plan(plan) if plan else f"{machine}."
    return Card(title, description, parts, width, y + height)
