"""Throughput and latency against num_streams, on a page."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from deepsched.errors import OptionError
from deepsched.render.sweeps.sweep import name_boundaries
from deepsched.render.sweeps.sweep_figure import describe_sweep
from deepsched.render.sweeps.sweep_svg import draw_sweep_svg
from deepsched_widgets.cell_widget import add_picture
from deepsched_widgets.chart_view import ChartView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.render.sweeps.sweep import SweepPoint
    from deepsched.topology import Topology
    from deepsched_widgets.cell_widget import Bundle

_EMPTY = "No points yet. Run several num_streams, or tune, to see which is best."
_COLUMNS = ["num_streams", "origin", "items/s", "interval", "p50, ms", "p99, ms", "plan"]
_MILLISECONDS = 1000.0


class SweepChart(ChartView):
    """A sweep over num_streams: throughput with its interval, p50 and p99, and how each plan fits the machine.

    `deepsched.render.draw_sweep` gives the same as a plotly figure, for where no kernel lives.

    Parameters
    ----------
    points : sequence of SweepPoint
        Measured, simulated or both, in any order. One of single_stream is drawn as a level across num_streams.
    topology : Topology, optional
        The machine, whose sockets, NUMA nodes and L3 caches are marked.
    title : str
        What was swept.

    Raises
    ------
    OptionError
        If one num_streams, or single_stream, has two points of one origin.
    """

    def __init__(self, points: Sequence[SweepPoint] = (), topology: Topology | None = None, *, title: str = "") -> None:
        self._boundaries = name_boundaries(topology) if topology else {}
        self._points = tuple(points)
        self._title = title
        super().__init__(**self._describe())

    def show(self, points: Sequence[SweepPoint], topology: Topology | None = None) -> None:
        """Show other points, in one message.

        Parameters
        ----------
        points : sequence of SweepPoint
            As for the class.
        topology : Topology, optional
            Their machine; by default the one before.

        Raises
        ------
        OptionError
            If one num_streams, or single_stream, has two points of one origin; what was shown stays.
        """
        before = self._points, self._boundaries
        self._points = tuple(points)
        if topology is not None:
            self._boundaries = name_boundaries(topology)
        try:
            picture = self._describe()
        except OptionError:
            self._points, self._boundaries = before
            raise
        self.show_picture(**picture)

    def _describe(self) -> dict[str, Any]:
        figure = describe_sweep(self._points, boundaries=self._boundaries, title=self._title, empty=_EMPTY)
        ordered = sorted(self._points, key=lambda point: (not point.single, point.num_streams, point.origin))
        rows = [_write_row(point) for point in ordered]
        return {**figure, "label": _label(self._points), "table": {"columns": _COLUMNS, "rows": rows}}

    def __repr__(self) -> str:
        return f"SweepChart({len(self._points)} points)"

    def _repr_mimebundle_(self, **kwargs: Any) -> Bundle | None:
        drawn = draw_sweep_svg(self._points, title=self._title, empty=_EMPTY)
        return add_picture(super()._repr_mimebundle_(**kwargs), repr(self), drawn)


def _label(points: Sequence[SweepPoint]) -> str:
    """Say what a person sees at first: which num_streams is best."""
    if not points:
        return "Throughput and latency against num_streams: no points yet."
    best = max(points, key=lambda point: point.throughput)
    setting = "with single_stream" if best.single else f"at num_streams={best.num_streams}"
    return (
        f"Throughput and latency against num_streams. Best throughput: {best.throughput:.4g} items/s "
        f"{setting}, {best.origin}."
    )


def _write_row(point: SweepPoint) -> list[str]:
    known = isfinite(point.high - point.low)
    fit = "aligned" if point.aligned else "straddles"
    return [
        "single_stream" if point.single else str(point.num_streams),
        point.origin,
        f"{point.throughput:.4g}",
        f"{point.low:.4g} to {point.high:.4g}" if known else "unknown",
        *(f"{value * _MILLISECONDS:.4g}" if isfinite(value) else "none" for value in (point.p50, point.p99)),
        f"{fit}: {point.findings}" if point.findings else fit,
    ]
