"""The verdicts as a page that needs no network: plotly, with its JavaScript inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from benchmarks.report import format_limit, format_number, format_range, word_reached

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.verdicts import Verdict

# Okabe and Ito's colours, as everywhere in deepsched.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")
_HOLDS = {None: "#ffffff", True: "#e3f3ec", False: "#fbe3d6"}
_LINE = 27  # height of a table's row, in pixels
_BAR = 420


def write_page(path: Path, verdicts: Sequence[Verdict], machine: str) -> None:
    """Write the table of bounds, and each model's throughput as ratios, to the HTML file `path`."""
    several = [verdict for verdict in verdicts if verdict.row.measurement == "throughput"]
    table = _LINE * (len(verdicts) + 2)
    heights = [table, _BAR] if several else [table]
    figure = make_subplots(
        rows=len(heights),
        row_heights=heights,
        specs=[[{"type": "table"}], [{"type": "xy"}]][: len(heights)],
        vertical_spacing=60 / (sum(heights) + 200) if several else 0,
    )
    figure.add_trace(_draw_table(verdicts), row=1, col=1)
    for verdict, colour in zip(several, _COLOURS, strict=False):
        figure.add_trace(_draw_bars(verdict, colour), row=2, col=1)
    if several:
        figure.add_hline(y=1, line={"color": "#333333", "width": 1}, row=2, col=1, exclude_empty_subplots=False)
        figure.update_yaxes(title="deepsched / contender, throughput", rangemode="tozero", row=2, col=1)
    figure.update_layout(
        title={"text": "deepsched: benchmarks", "subtitle": {"text": machine}},
        height=sum(heights) + 200,
        template="plotly_white",
        font={"family": "system-ui, sans-serif", "color": "#222222"},
        barmode="group",
        legend={"orientation": "h", "yanchor": "top", "y": -0.06},
    )
    figure.write_html(path, include_plotlyjs=True, config={"displaylogo": False})


def _draw_table(verdicts: Sequence[Verdict]) -> go.Table:
    rows = [verdict.row for verdict in verdicts]
    columns = [
        [row.what for row in rows],
        [format_number(verdict.spread.value) for verdict in verdicts],
        [format_range(verdict.spread) for verdict in verdicts],
        [format_limit(row.bound, at_most=row.at_most) for row in rows],
        [format_limit(row.aim, at_most=row.at_most) for row in rows],
        [word_reached(verdict) for verdict in verdicts],
    ]
    return go.Table(
        columnwidth=[44, 10, 14, 10, 10, 14],
        header={
            "values": ["what", "measured", "rounds", "bound", "aim", "reaches"],
            "align": "left",
            "fill_color": "#eeeeee",
        },
        cells={
            "values": columns,
            "align": ["left", "right", "right", "right", "right", "left"],
            "height": _LINE,
            "fill_color": [[_HOLDS[verdict.holds] for verdict in verdicts]],
        },
    )


def _draw_bars(verdict: Verdict, colour: str) -> go.Bar:
    spreads = verdict.models.values()
    return go.Bar(
        name=f"/ {verdict.row.against}",
        x=list(verdict.models),
        y=[spread.value for spread in spreads],
        error_y={
            "type": "data",
            "array": [spread.high - spread.value for spread in spreads],
            "arrayminus": [spread.value - spread.low for spread in spreads],
            "thickness": 1,
        },
        marker_color=colour,
    )
