"""The verdicts as tables in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from benchmarks.bounds import NOTE
from benchmarks.samples import summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from benchmarks.samples import Sample, Spread
    from benchmarks.verdicts import Verdict

_STYLES = {None: "dim", True: "green", False: "bold red"}


def show_report(verdicts: Sequence[Verdict], samples: Sequence[Sample]) -> RenderableType:
    """Draw every row with its bound and aim, and below it the models of the rows that have several."""
    if not verdicts:
        return Text("Nothing was measured.")
    parts: list[RenderableType] = [_show_verdicts(verdicts), Text(NOTE, "dim")]
    if throughput := [verdict for verdict in verdicts if verdict.row.measurement == "throughput"]:
        parts += ["", _show_throughput(samples, throughput)]
    return Group(*parts)


def word_reached(verdict: Verdict) -> str:
    """Say what is reached: the ``"aim"``, the ``"bound"`` or ``"neither"``; nothing where there is no telling."""
    if verdict.holds is None:
        return "partial" if verdict.left_out else ""
    if not verdict.holds:
        return "neither"
    return "aim" if verdict.reaches_aim else "bound"


def format_number(value: float) -> str:
    """Write a ratio with two decimals, below a tenth with three, and nothing at all as a bare 0."""
    if value == 0:
        return "0"
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.3f}"  # noqa: PLR2004 - two digits that matter


def format_limit(limit: float | None, *, at_most: bool) -> str:
    """Write a bound as it is read aloud: ``≤ 1.6``."""
    return "" if limit is None else f"{'≤' if at_most else '≥'} {limit:g}"


def format_range(spread: Spread) -> str:
    """Write the lowest and highest round."""
    if spread.low == spread.high:
        return ""
    return f"{format_number(spread.low)}..{format_number(spread.high)}"


def _show_verdicts(verdicts: Sequence[Verdict]) -> Table:
    table = _start_table("Bounds", "what", ("measured", "rounds", "bound", "aim"))
    table.add_column("reaches")
    for verdict in verdicts:
        row, spread = verdict.row, verdict.spread
        table.add_row(
            row.what,
            Text(format_number(spread.value), "bold"),
            format_range(spread),
            format_limit(row.bound, at_most=row.at_most),
            "" if row.aim is None else f"{row.aim:g}",
            Text(word_reached(verdict), _STYLES[verdict.holds]),
        )
    return table


def _start_table(title: str, first: str, others: Sequence[str]) -> Table:
    """Begin a table of numbers, drawn as `deepsched plan` draws its own."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", collapse_padding=True)
    table.add_column(first)
    for heading in others:
        table.add_column(heading, justify="right")
    return table


def _show_throughput(samples: Sequence[Sample], verdicts: Sequence[Verdict]) -> Table:
    """Show each model's requests a second, and their ratios to the other contenders'."""
    ours = [sample for sample in samples if (sample.measurement, sample.contender) == ("throughput", "deepsched")]
    headings = ["requests/s", *(f"/ {verdict.row.against}" for verdict in verdicts)]
    table = _start_table("Throughput by model", "model", headings)
    for model in dict.fromkeys(sample.model for sample in ours):
        rate = summarise(sample for sample in ours if sample.model == model)
        ratios = [verdict.models.get(model) for verdict in verdicts]
        table.add_row(
            model,
            f"{rate.value:,.1f}" if rate else "",
            *(format_number(ratio.value) if ratio else "" for ratio in ratios),
        )
    return table
