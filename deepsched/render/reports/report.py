"""A report of one or several settings: one HTML file that opens offline, in light and in dark."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html import escape
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepsched.errors import OptionError
from deepsched.render.figure import read_plotly_script
from deepsched.render.plans.svg import draw_plan
from deepsched.render.reports.latency_figure import describe_latencies
from deepsched.render.reports.pareto_figure import describe_pareto, find_front
from deepsched.render.reports.report_table import list_alike, list_columns, list_rows
from deepsched.render.reports.run import check_names
from deepsched.render.sweeps.sweep_figure import describe_sweep
from deepsched.render.timelines.timeline_data import Timeline
from deepsched.render.timelines.timeline_figure import describe_timeline

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from deepsched.render.reports.run import Run
    from deepsched.render.sweeps.sweep import SweepPoint

_STATIC = Path(__file__).parent / "static"
_MOST_DISTRIBUTIONS = 6  # more curves than that are told apart by nobody


@dataclass(frozen=True, slots=True)
class Report:
    """What a report tells.

    Parameters
    ----------
    title : str
        The model.
    runs : sequence of Run
        At least one, each with a name of its own; the first is the one to look at first, such as the best.
    machine : mapping of str to str
        What it ran on, as a table shows it.
    verdict : sequence of str
        What there is to say above all numbers, in sentences.
    code : str
        What to paste to have the first run's setting.
    boundaries : mapping of int to str
        What to write at which num_streams; `name_boundaries` gives those of a machine.
    latency_p99_ms : float, optional
        The limit on p99 that was asked for, in ms.

    Raises
    ------
    OptionError
        If there is no run, or two have the same name.
    """

    title: str
    runs: Sequence[Run]
    machine: Mapping[str, str] = field(default_factory=dict)
    verdict: Sequence[str] = ()
    code: str = ""
    boundaries: Mapping[int, str] = field(default_factory=dict)
    latency_p99_ms: float | None = None

    def __post_init__(self) -> None:
        if not self.runs:
            raise OptionError("a report was asked for without any run; expected one at least.")
        check_names(self.runs)


def write_report(path: str | os.PathLike[str], report: Report) -> None:
    """Write a report to an HTML file of about 5 MB, most of which is plotly.

    Parameters
    ----------
    path : path
        The file; it is replaced.
    report : Report
        What to tell.

    Raises
    ------
    MissingPackageError
        If plotly is not installed.
    OptionError
        If the file cannot be written.
    """
    page = compose_report(report)
    try:
        with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - as people write paths
            file.write(page)
    except OSError as error:
        raise OptionError(f"{path} cannot be written ({error.strerror}).") from error


def compose_report(report: Report) -> str:
    """Give a report as the text of an HTML page that loads nothing.

    Raises
    ------
    MissingPackageError
        If plotly is not installed.
    """
    title = escape(report.title)
    script = read_plotly_script("write_report")
    style, drawing = ((_STATIC / name).read_text(encoding="utf-8") for name in ("report.css", "report.js"))
    body = "\n".join([*_write_head(report), *_write_runs(report), *_write_figures(report), *_write_plans(report)])
    return (
        "<!DOCTYPE html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
        "<meta name='color-scheme' content='light dark'>\n"
        f"<title>{title} - deepsched</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n<script>{script}</script>\n<script>\n{drawing}</script>\n</body>\n</html>\n"
    )


def _write_head(report: Report) -> Iterator[str]:
    origins = sorted({run.point.origin for run in report.runs})
    yield f"<header><h1>{escape(report.title)}</h1>"
    labels = "".join(f"<span class='origin {origin}'>{origin}</span>" for origin in origins)
    yield f"<p>{labels}</p></header>"
    if report.verdict:
        yield f"<section><ul class='verdict'>{_list_items(report.verdict)}</ul></section>"
    if report.code:
        yield f"<section><h2>To have it so</h2><pre><code>{escape(report.code)}</code></pre></section>"


def _write_runs(report: Report) -> Iterator[str]:
    columns = list_columns(report.runs)
    heads = "".join(f"<th scope='col'>{escape(column)}</th>" for column in columns)
    yield f"<section><h2>Settings</h2><div class='wide'><table><thead><tr>{heads}</tr></thead><tbody>"
    for row in list_rows(report.runs, columns):
        first, *others = (escape(cell) for cell in row)
        yield f"<tr><th scope='row'>{first}</th>{''.join(f'<td>{cell}</td>' for cell in others)}</tr>"
    yield "</tbody></table></div>"
    alike = ", ".join(f"{name} {value}" for name, value in list_alike(report.runs).items())
    yield "<p>In brackets: the interval that holds the true number with 95 % confidence.</p>"
    yield f"<p>{'Alike in all' if len(report.runs) > 1 else 'With'}: {escape(alike)}.</p>" if alike else ""
    remarks = [
        f"{run.name}: {remark}" if len(report.runs) > 1 else remark for run in report.runs for remark in run.remarks
    ]
    yield f"<ul>{_list_items(remarks)}</ul></section>" if remarks else "</section>"


def _write_figures(report: Report) -> Iterator[str]:
    points = _choose_points(report.runs)
    if len({point.num_streams for point in points}) > 1:
        sweep = describe_sweep(points, boundaries=report.boundaries)
        words = "At each num_streams the setting with the highest throughput." if len(points) < len(report.runs) else ""
        yield _write_figure("Throughput and latency against num_streams", sweep, words)
    if len(report.runs) > 1:
        pareto = describe_pareto(report.runs, latency_p99_ms=report.latency_p99_ms)
        yield _write_figure("Throughput against p99", pareto, "Better is up and to the left.")
    distributions = _order_distributions(report.runs)
    if distributions:
        left_out = len(distributions) - _MOST_DISTRIBUTIONS
        words = (
            f"Of {left_out} more settings, all beaten by others, the latencies are left out." if left_out > 0 else ""
        )
        yield _write_figure("Latency", describe_latencies(distributions[:_MOST_DISTRIBUTIONS]), words)
    recorded = next((run for run in report.runs if run.records), None)
    if recorded is not None:
        lanes = max(recorded.point.num_streams, max(record.stream for record in recorded.records) + 1)
        timeline = Timeline(recorded.name, tuple(recorded.records), lanes, recorded.point.origin)
        words = "Grey: how many requests waited for a stream. Drag along the axis of time to see earlier ones."
        yield _write_figure("Requests on streams over time", describe_timeline(timeline), words)


def _write_plans(report: Report) -> Iterator[str]:
    planned = [run for run in report.runs if run.plan is not None]
    if planned:
        yield "<section><h2>Which cores each stream has</h2>"
        for place, run in enumerate(planned):
            picture = draw_plan(run.plan) if run.plan else ""
            opened = " open" if place == 0 else ""
            yield f"<details{opened}><summary>{escape(run.name)}</summary>{picture}</details>"
        yield "</section>"
    if report.machine:
        rows = "".join(
            f"<tr><th scope='row'>{escape(name)}</th><td>{escape(value)}</td></tr>"
            for name, value in report.machine.items()
        )
        yield f"<section><h2>Machine</h2><table class='machine'><tbody>{rows}</tbody></table></section>"


def _write_figure(heading: str, description: Mapping[str, Any], words: str) -> str:
    given = description["layout_of_figure"]
    # The heading is the title; above the picture there may be a legend.
    margin = {**given["margin"], "t": 48 if "legend" in given else 12}
    layout = {**given, "title": {"text": ""}, "margin": margin}
    # In a script element no character is escaped but the one that could end it.
    data = json.dumps({"data": description["data"], "layout": layout}, allow_nan=False).replace("<", "\\u003c")
    return (
        f"<section><h2>{heading}</h2><div class='figure' role='img' aria-label='{heading}'></div>"
        f"<script type='application/json'>{data}</script>{f'<p>{words}</p>' if words else ''}</section>"
    )


def _choose_points(runs: Iterable[Run]) -> list[SweepPoint]:
    """Give of each num_streams, single_stream and origin the fastest: a curve has one point at each."""
    best: dict[tuple[str, bool, int], SweepPoint] = {}
    for run in runs:
        key = (run.point.origin, run.point.single, run.point.num_streams)
        if key not in best or run.point.throughput > best[key].throughput:
            best[key] = run.point
    return list(best.values())


def _order_distributions(runs: Sequence[Run]) -> list[Run]:
    """Give the runs that have latencies: the first, those of the Pareto front, and then the others."""
    front = find_front(runs)
    ordered = sorted(runs, key=lambda run: (run is not runs[0], all(run is not best for best in front)))
    return [run for run in ordered if any(isfinite(value) for value in run.latencies)]


def _list_items(sentences: Iterable[str]) -> str:
    return "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
