"""The verdicts as Markdown, for the README."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.report import format_limit, format_number, format_range, word_reached

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.verdicts import Verdict


def write_markdown(verdicts: Sequence[Verdict], machine: str) -> str:
    """Write the table of bounds, and below it the machine."""
    lines = ["| what | measured | rounds | bound | aim | reaches |", "|---|---|---|---|---|---|"]
    for verdict in verdicts:
        row, spread = verdict.row, verdict.spread
        cells = (
            row.what,
            format_number(spread.value),
            format_range(spread),
            format_limit(row.bound, at_most=row.at_most),
            "" if row.aim is None else f"{row.aim:g}",
            word_reached(verdict),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"*{machine}.*", ""])
