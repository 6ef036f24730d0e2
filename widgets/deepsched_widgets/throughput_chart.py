"""Throughput and latency over the last minute, as one plotly FigureWidget of constant size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from deepsched_widgets.live_run import PERIOD

if TYPE_CHECKING:
    from deepsched_widgets.live_run import Sample

POINTS = 120
_AXIS = {"gridcolor": "rgba(128,128,128,0.25)", "zeroline": False, "rangemode": "tozero"}
_MILLISECONDS = 1000.0


class ThroughputChart(go.FigureWidget):
    """A chart that scrolls: throughput and num_streams above, p50 and p99 latency below.

    Its arrays keep their length from the first to the last sample, so the traffic of an update is constant: some 2 KB.
    A FigureWidget brings all of plotly.js (5 MB) into a notebook; use one, not one a cell.

    Parameters
    ----------
    max_streams : int
        The end of the scale for num_streams.
    """

    def __init__(self, max_streams: int = 8) -> None:
        seconds = np.arange(-POINTS + 1, 1, dtype=np.float32) * np.float32(PERIOD)
        empty = np.full(POINTS, np.nan, dtype=np.float32)
        line = {"mode": "lines", "x": seconds}
        super().__init__(
            data=[
                go.Scatter(name="throughput", y=empty, line={"color": "#0072B2", "width": 2.5}, fill="tozeroy", **line),
                go.Scatter(
                    name="num_streams",
                    y=empty,
                    yaxis="y2",
                    line={"color": "#888888", "dash": "dot", "shape": "hv"},
                    **line,
                ),
                go.Scatter(name="p50", y=empty, yaxis="y3", line={"color": "#009E73", "width": 2}, **line),
                go.Scatter(
                    name="p99", y=empty, yaxis="y3", line={"color": "#D55E00", "width": 2, "dash": "dash"}, **line
                ),
            ],
            layout={
                "height": 340,
                "margin": {"l": 56, "r": 56, "t": 8, "b": 36},
                "paper_bgcolor": "rgba(0,0,0,0)",
                "plot_bgcolor": "rgba(0,0,0,0)",
                "font": {"color": "#767676"},  # 4.5:1 on white, 4.2:1 on JupyterLab's dark ground
                "legend": {"orientation": "h", "y": 1.12},
                "hovermode": "x unified",
                "uirevision": "keep",  # a person's zoom survives the next sample
                "xaxis": {**_AXIS, "title": "seconds ago", "range": [-POINTS * PERIOD, 0], "anchor": "y3"},
                "yaxis": {**_AXIS, "title": "items/s", "domain": [0.45, 1]},
                "yaxis2": {
                    "title": "num_streams",
                    "overlaying": "y",
                    "side": "right",
                    "range": [0, 1.05 * max_streams],
                    "dtick": -(-max_streams // 6),
                    "showgrid": False,
                    "zeroline": False,
                },
                "yaxis3": {**_AXIS, "title": "latency, ms", "domain": [0, 0.36]},
            },
        )
        self._last: float | None = None
        self._rows = np.full((len(self.data), POINTS), np.nan, dtype=np.float32)

    def start_run(self) -> None:
        """Empty the chart for a new run."""
        self._last = None
        self._rows[:] = np.nan

    def show_sample(self, sample: Sample) -> None:
        """Scroll by one sample. Call it from one thread only: plotly's batches are not guarded."""
        snapshot = sample.snapshot
        # Time that went by without a sample, as while streams were built, leaves a gap of its length.
        steps = 1 if self._last is None else min(POINTS, max(1, round((snapshot.at - self._last) / PERIOD)))
        self._last = snapshot.at
        self._rows = np.roll(self._rows, -steps, axis=1)
        self._rows[:, -steps:] = np.nan
        self._rows[:, -1] = (
            snapshot.throughput,
            sample.num_streams,
            snapshot.latency.p50 * _MILLISECONDS,
            snapshot.latency.p99 * _MILLISECONDS,
        )
        with self.batch_update():
            for trace, row in zip(self.data, self._rows, strict=True):
                trace.y = row

    def __repr__(self) -> str:
        return f"ThroughputChart(points={POINTS})"

    def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(*args, **kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if data is not None:
            data["text/plain"] = repr(self)
        return bundle
