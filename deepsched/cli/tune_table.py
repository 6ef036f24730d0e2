"""A tuning as people watch it, and its answer as they read it."""

from __future__ import annotations

import math
from contextlib import contextmanager
from pathlib import PurePath
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from deepsched.planning.exports import EXPORT_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import RenderableType

    from deepsched.measure.tuning import Prediction, Standing, Trial, TuneResult


@contextmanager
def watch_in_terminal(budget: float) -> Iterator[Callable[[Standing], None]]:
    """Show the settings and how they stand on stderr, if that is a terminal; gone afterwards.

    It is drawn when there is news, and never in between: a thread that draws takes the GIL from the clients.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _standing: None
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:

        def draw(standing: Standing) -> None:
            words = Text(f"{standing.words}   {standing.elapsed:.0f} of at most {budget:.0f} s, Ctrl-C ends it")
            live.update(Group(_list_trials(standing.trials), words), refresh=True)

        yield draw


def show_tuning(result: TuneResult) -> RenderableType:
    """Give the settings and the answer: what to use, why, and how sure."""
    label = PurePath(result.label).name
    best = result.verdict.best
    table = _list_trials(result.trials, best, result.verdict.equals)
    front = ", ".join(trial.candidate.name for trial in result.pareto)
    return Group(
        table,
        Text.assemble((f"Use {best.candidate.name} for {label}.", "bold")),
        Text(f"Why: {result.reason}"),
        Text(f"How sure: {result.confidence}"),
        Text(f"Best in throughput and p99 at once: {front}."),
        Text(f"It took {result.cost:.0f} s of at most {result.budget:.0f} s."),
    )


def show_predictions(predictions: Sequence[Prediction]) -> Table:
    """Give what the simulation says of each setting beside what was measured."""
    table = Table("setting", "simulated, items/s", "measured, items/s", "error", box=box.SIMPLE_HEAD)
    for one in predictions:
        table.add_row(one.name, f"{one.predicted:.4g}", f"{one.measured:.4g}", f"{one.error:+.0%}")
    return table


def write_pastes(result: TuneResult, export: str | None) -> str:
    """Give what there is to paste, and where the plan's exports are."""
    where = f"under 'exports' in {export}" if export else "in the JSON of --export, or `deepsched plan --export`"
    return f"{result.code}\n# The same plan for {', '.join(EXPORT_KINDS)}: {where}."


def _list_trials(trials: Sequence[Trial], best: Trial | None = None, equals: Sequence[Trial] = ()) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    by_rate = any(trial.bounds is not None for trial in trials)
    headings = ("rounds", "items/s (95 %)", "mean ms", "p99 ms", *(("keeps/s",) if by_rate else ()))
    table.add_column("setting", no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    for trial in trials:
        remark = "best" if trial is best else "equal" if trial in equals else trial.dropped and "dropped"
        style = "bold" if trial is best else "dim" if trial.dropped else ""
        name = trial.candidate.name.removeprefix("multi_stream with ")
        table.add_row(name, *_write_numbers(trial, by_rate=by_rate), remark, style=style)
    return table


def _write_numbers(trial: Trial, *, by_rate: bool) -> list[str]:
    rate = [] if not by_rate else [f"{trial.bounds.kept:.4g}" if trial.bounds else ""]
    found = trial.analyse()
    if found is None:
        return ["0", "", "", "", *rate]
    low, high = found.throughput.low, found.throughput.high
    interval = f" ({low:.3g} to {high:.3g})" if math.isfinite(low) and math.isfinite(high) else ""
    times = [f"{seconds * 1e3:.3g}" if math.isfinite(seconds) else "?" for seconds in (trial.mean, trial.p99)]
    return [str(len(trial.rounds)), f"{trial.throughput:.4g}{interval}", *times, *rate]
