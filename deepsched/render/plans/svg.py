"""Plans and machines as pictures that need no kernel: SVG text on a white card."""

from __future__ import annotations

from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING

from deepsched.errors import OptionError
from deepsched.render.plans.ink import Ink
from deepsched.render.plans.plan_card import draw_card

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.planning import StreamPlan
    from deepsched.topology import Topology

_ROOM = 736.0
_ROOM_BESIDE = 540.0
_MARGIN = 16.0
_FONT = "font-family='system-ui, -apple-system, Segoe UI, sans-serif'"


def draw_plan(plan: StreamPlan) -> str:
    """Draw the machine with its streams, its caches in the colours of the streams that use them, and the findings.

    Returns
    -------
    str
        A complete ``<svg>`` element.
    """
    return _draw([(plan.topology, plan)], _ROOM)


def draw_plans(plans: Sequence[StreamPlan]) -> str:
    """Draw plans side by side, to compare them; they may be for different machines.

    Returns
    -------
    str
        A complete ``<svg>`` element.

    Raises
    ------
    OptionError
        If there is no plan.
    """
    if not plans:
        raise OptionError("draw_plans got no plan; expected one or more, as plan_streams gives them.")
    return _draw([(plan.topology, plan) for plan in plans], _ROOM if len(plans) == 1 else _ROOM_BESIDE)


def draw_topology(topology: Topology) -> str:
    """Draw the bare machine; returns a complete ``<svg>`` element."""
    return _draw([(topology, None)], _ROOM)


def _draw(shown: Sequence[tuple[Topology, StreamPlan | None]], room: float) -> str:
    prefix = _name_picture(shown)
    ink = Ink(prefix)
    cards = [draw_card(topology, plan, room, ink) for topology, plan in shown]
    width = sum(card.width for card in cards) + 2 * _MARGIN * len(cards)
    height = max(card.height for card in cards) + 2 * _MARGIN
    title = escape("; ".join(card.title for card in cards))
    description = escape(" ".join(card.description for card in cards))
    parts = [
        (
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{width:.0f}' height='{height:.0f}' "
            f"viewBox='0 0 {width:.0f} {height:.0f}' role='img' aria-labelledby='{prefix}-title' "
            f"aria-describedby='{prefix}-desc' {_FONT} font-size='13' style='max-width:100%;height:auto'>"
        ),
        f"<title id='{prefix}-title'>{title}</title><desc id='{prefix}-desc'>{description}</desc>",
        *ink.draw_patterns(),
    ]
    x = 0.0
    for card in cards:
        frame = f"x='{x + 0.5:g}' y='0.5' width='{card.width + 2 * _MARGIN - 1:g}' height='{height - 1:.0f}' rx='8'"
        parts.append(f"<rect {frame} fill='#FFFFFF' stroke='#D3D8DF'/>")
        parts += [f"<g transform='translate({x + _MARGIN:g},{_MARGIN:g})'>", *card.parts, "</g>"]
        x += card.width + 2 * _MARGIN
    return "".join([*parts, "</svg>"])


def _name_picture(shown: Sequence[tuple[Topology, StreamPlan | None]]) -> str:
    """Name a picture by what it shows: on one page only the same picture again has the same ids."""
    facts = [
        (t.threads, t.limits, sorted(t.l3_bytes.items()), plan and (plan.streams, plan.findings, plan.adjustments))
        for t, plan in shown
    ]
    return f"ds-{sha256(repr(facts).encode()).hexdigest()[:8]}"
