"""How the latencies of runs are distributed: how often each comes, and how long the slowest take."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.render.figure import LINES, make_figure
from deepsched.render.reports.run import check_names
from deepsched.render.sweeps.sweep_figure import AXIS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deepsched.render.reports.run import Run

    Floats = np.ndarray[tuple[int], np.dtype[np.float64]]

_BINS = 60
# The few requests beyond would squeeze all others into one bin; the percentiles below show them.
_SHOWN = 99.5
_MOST_RANKS = 300
_TICKS = (0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999)
_MILLISECONDS = 1000.0


def draw_latencies(runs: Sequence[Run], *, title: str = "") -> Any:
    """Draw the latencies of runs: above how often each comes, below each percentile of them.

    Percentiles run along a logarithmic axis of the share that is slower, as in G. Tene's HdrHistogram: the step from
    p99 to p99.9 is as wide as the one from p90 to p99.

    Parameters
    ----------
    runs : sequence of Run
        Each with a name of its own.
    title : str
        What was measured.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    MissingPackageError
        If plotly is not installed.
    OptionError
        If two runs have the same name.
    """
    return make_figure(describe_latencies(runs, title=title), caller="draw_latencies")


def describe_latencies(runs: Sequence[Run], *, title: str = "") -> dict[str, Any]:
    """Describe what `draw_latencies` draws, as `data` and `layout_of_figure`, without plotly."""
    check_names(runs)
    values = [(run, run.finite_latencies * _MILLISECONDS) for run in runs]
    known = [(run, some) for run, some in values if len(some)]
    edges = _choose_edges([some for _, some in known])
    data: list[dict[str, Any]] = []
    for place, (run, some) in enumerate(known):
        data += _describe_run(run, some, edges, LINES[place % len(LINES)])
    return {"data": data, "layout_of_figure": _describe_layout(max((len(some) for _, some in known), default=0), title)}


def _describe_run(run: Run, values: Floats, edges: Floats, line: tuple[str, str, str]) -> Iterator[dict[str, Any]]:
    colour, dash, _ = line
    look = {"color": colour, "dash": dash, "width": 2}
    name = escape(run.name, quote=False)
    both = {"type": "scatter", "mode": "lines", "name": name, "legendgroup": name}
    counts, _ = np.histogram(values, edges)
    yield {
        **both,
        "x": _plain((edges[:-1] + edges[1:]) / 2),
        "y": _plain(counts / len(values) * 100),
        "line": {**look, "shape": "hvh"},
        "hovertemplate": "%{x:.4~r} ms: %{y:.3~r} % of requests",
    }
    ranks = _choose_ranks(len(values))
    percents = 100.0 * ranks / len(values)
    yield {
        **both,
        "x": _plain(100.0 / (100.0 - percents), digits=9),
        "y": _plain(values[ranks]),
        "xaxis": "x2",
        "yaxis": "y2",
        "line": {**look, "shape": "hv"},
        "showlegend": False,
        "text": [f"p{percent:.6g}" for percent in percents],
        "hovertemplate": "%{text}: %{y:.4~r} ms",
    }


def _choose_edges(values: Sequence[Floats]) -> Floats:
    if not values:
        return np.linspace(0.0, 1.0, 2)
    low = min(float(some[0]) for some in values)
    high = max(float(np.percentile(some, _SHOWN)) for some in values)
    return np.linspace(low, high if high > low else low + max(1e-6, abs(low) * 1e-3), _BINS + 1)


def _choose_ranks(size: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Give ranks that lie evenly on the axis: the closer to the slowest request, the denser."""
    beyond = np.geomspace(size, 1, min(size, _MOST_RANKS))
    return np.unique(np.clip(size - np.round(beyond), 0, size - 1).astype(np.intp))


def _describe_layout(most: int, title: str) -> dict[str, Any]:
    ticks = [tick for tick in _TICKS if tick == 0 or most * (100 - tick) >= 100]  # noqa: PLR2004 - one request beyond
    words = {"x": 0.5, "xref": "paper", "y": 0.5, "yref": "paper", "text": "No request was answered."}
    return {
        "height": 520,
        "margin": {"l": 60, "r": 16, "t": 64, "b": 44},
        "title": {"text": escape(title, quote=False), "font": {"size": 15}, "x": 0, "xref": "paper", "y": 0.985},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        "xaxis": {**AXIS, "title": {"text": "latency, ms", "standoff": 4}, "anchor": "y"},
        "yaxis": {**AXIS, "title": {"text": "% of requests"}, "rangemode": "tozero", "domain": [0.6, 1]},
        "xaxis2": {
            **AXIS,
            "type": "log",
            "title": {"text": "percentile of requests", "standoff": 4},
            "tickvals": [100.0 / (100.0 - tick) for tick in ticks],
            "ticktext": ["fastest" if tick == 0 else f"p{tick:g}" for tick in ticks],
            "anchor": "y2",
        },
        "yaxis2": {**AXIS, "title": {"text": "latency, ms"}, "rangemode": "tozero", "domain": [0, 0.43]},
        "annotations": [] if most else [{**words, "showarrow": False}],
    }


def _plain(values: Floats, digits: int = 5) -> list[float]:
    return [float(f"{value:.{digits}g}") for value in values]
