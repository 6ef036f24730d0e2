"""``make bench``: measure, print the tables, write the figures and a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from benchmarks.bounds import ROWS
from benchmarks.jobs import Effort
from benchmarks.machine import describe_machine, is_busy, word_machine
from benchmarks.markdown import write_markdown
from benchmarks.measurements import MEASUREMENTS
from benchmarks.openvino_queue import has_openvino
from benchmarks.page import write_page
from benchmarks.report import show_report
from benchmarks.run import run_jobs, use_own_folder, write_result
from benchmarks.verdicts import judge

_INTERRUPTED = 130  # what a shell says of a program that Ctrl-C ended


def measure_and_report(
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="ROW", help="Measure this alone; repeat it. One of: " + ", ".join(MEASUREMENTS) + "."),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each contender is measured.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.05, help="How long one measurement takes.")] = 2.0,
    quick: Annotated[bool, typer.Option("--quick", help="One round of a third of a second: to see it work.")] = False,
    json: Annotated[Path, typer.Option(help="Where the figures go; a page and a table go beside them.")] = Path(
        "test-output/bench.json"
    ),
) -> None:
    """Compare deepsched with onnxruntime, and with OpenVINO where it is installed, on this machine.

    Ctrl-C ends it and reports what was measured until then.
    """
    console = Console()
    chosen = [check_row(name) for name in only] if only else list(MEASUREMENTS)
    json.parent.mkdir(parents=True, exist_ok=True)
    machine = describe_machine()
    console.print(word_machine(machine))
    if is_busy(machine):
        console.print(f"[yellow]The load average is {machine['load_average']:.1f}: others are using this machine.[/]")
    if not has_openvino():
        console.print("OpenVINO is not installed (pip install 'deepsched\\[bench]'): its rows are left out.")
    with use_own_folder() as folder, _draw_progress(console) as progress:
        effort = Effort(1, 0.3, 0.1, folder) if quick else Effort(rounds, seconds, folder=folder)
        outcome = run_jobs([job for name in chosen for job in MEASUREMENTS[name](effort)], progress)
    verdicts = judge(ROWS, outcome.samples)
    page, table = json.with_suffix(".html"), json.with_suffix(".md")
    console.print(show_report(verdicts, outcome.samples))
    write_result(json, machine, verdicts, outcome)
    write_page(page, verdicts, word_machine(machine))
    table.write_text(write_markdown(verdicts, word_machine(machine)), encoding="utf-8")
    console.print(f"Figures: {json}\nPage: {page}\nTable: {table}")
    for failure in outcome.failures:
        console.print(Text(f"Failed: {failure}", "red"))
    if not outcome.complete:
        console.print("Interrupted: the tables show what was measured until then.")
        raise typer.Exit(_INTERRUPTED)
    if outcome.failures:
        raise typer.Exit(1)


def check_row(name: str) -> str:
    """Accept one of the names of `MEASUREMENTS`.

    Raises
    ------
    typer.BadParameter
        If it is none of them.
    """
    if name not in MEASUREMENTS:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(MEASUREMENTS)}.", param_hint="--only")
    return name


def _draw_progress(console: Console) -> Progress:
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    return Progress(*columns, TextColumn("{task.description}"), console=console, transient=True)


if __name__ == "__main__":
    typer.run(measure_and_report)
