"""What there is to say of a plan, as lines below a picture: what was changed of the request, and the findings."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from deepsched.render.plans.finding_groups import group_findings
from deepsched.render.plans.ink import INFO, TEXT, WARNING, measure_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deepsched.planning import StreamPlan

_LINE = 19.0
_FONT = 13.0
_INDENT = 20.0
_SIGNS = {"warning": ("▲", WARNING), "info": ("●", INFO)}


def draw_sentences(plan: StreamPlan, width: float, top: float) -> tuple[list[str], float]:
    """Draw the sentences in lines that fit, each behind the sign of its severity; give the drawing and its height."""
    parts = []
    y = top
    for severity, words in _list_sentences(plan):
        sign, colour = _SIGNS[severity]
        parts.append(f"<text y='{y + 14:g}' fill='{colour}'>{sign}</text>")
        for line in _wrap(words, width - _INDENT):
            y += _LINE
            parts.append(f"<text x='{_INDENT:g}' y='{y - 5:g}' fill='{TEXT}'>{escape(line)}</text>")
    return parts, y - top


def _list_sentences(plan: StreamPlan) -> Iterator[tuple[str, str]]:
    for change in plan.adjustments:
        yield "info", f"{change.name}: {change.requested} requested, {change.actual} actual ({change.reason})."
    findings = group_findings(plan.findings)
    for finding in findings:
        yield finding.severity, f"{finding.message} {finding.suggestion}"
    if not findings:
        yield "info", "No findings."


def _wrap(words: str, width: float) -> Iterator[str]:
    line = ""
    # A number stays with its name.
    for word in words.strip().replace("num_streams ", "num_streams\u00a0").split(" "):
        if line and measure_words(f"{line} {word}", _FONT) > width:
            yield line
            line = ""
        line = f"{line} {word}".strip()
    yield line
