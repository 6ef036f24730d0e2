"""Requests over time: a lane a stream, a bar a request, and above them the queue."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import traitlets

from deepsched.render.timelines.timeline import SIGNS, draw_timelines
from deepsched.render.timelines.timeline_data import align_newest, measure_span, read_timelines
from deepsched.render.timelines.timeline_window import Window, choose_window, show_window
from deepsched_widgets.cell_widget import CellWidget, add_picture
from deepsched_widgets.page_files import join_script, join_styles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.render.timelines.timeline_data import Timeline
    from deepsched.render.timelines.timeline_window import Bar, Panel
    from deepsched_widgets.cell_widget import Bundle

_COUNTS = ("request", "count", "stream", "row")
_TIMES = ("started", "ended", "waited", "ran")
_DIGITS = 4  # of a ms: a tenth of a microsecond
_SHORTEST = 0.001
_STEP = 2.51  # windows come in steps of 1, 2, 5


class RequestTimeline(CellWidget):
    """Where each request waited and ran: one run, or several on one scale of time.

    The SVG that a notebook saves is drawn when a cell displays it, and shows the same requests in the same way:
    measured requests differ from run to run, simulated ones do not.

    Parameters
    ----------
    timelines : sequence of RequestRecord, Timeline, sequence of Timeline, or mapping of title to either
        What `Engine.trace` or a simulation gives; a `deepsched.render.Timeline` says more of it.
    start_ms, duration_ms : float
        What to show at first, in ms since each timeline's first request was queued; by default some five requests of
        the slowest schedule.
    **kwargs
        Values of other traits, such as `layout`.

    Raises
    ------
    OptionError
        If these are no timelines, or no times.
    TypeError
        If a keyword argument is no trait.
    """

    _esm = join_script("request_timeline")
    _css = join_styles("request_timeline")

    picture = traitlets.Dict().tag(sync=True)
    """Kernel to page: the window, and the bars in it, a list for each column; some hundred bars at the most.

    `newer` says that others have come, which are not shown because a person looks at these.
    """

    def __init__(
        self, timelines: Any, *, start_ms: float = 0.0, duration_ms: float | None = None, **kwargs: Any
    ) -> None:
        runs = read_timelines(timelines)
        self._newest = runs, choose_window(runs, start_ms, duration_ms)
        self._timelines, self._window = self._newest
        self._held = False
        super().__init__(picture=self._pack(), **kwargs)
        self.on_msg(self._on_message)

    def show(
        self, timelines: Any, *, start_ms: float | None = None, duration_ms: float | None = None, newest: bool = False
    ) -> None:
        """Show other requests, in one message at most.

        Someone who chose a window by the buttons keeps it, and the requests in it, until they press "Newest", a window
        is given here, or there are no requests any more. Where no `duration_ms` is given, the scale stays as long as it
        serves the new requests too.

        Parameters
        ----------
        timelines, start_ms, duration_ms
            As for the class.
        newest : bool
            Show the newest requests of all timelines side by side, as of runs that go on, instead of the first: up to
            each one's last arrival, for who waits longer than that has no record yet.
        """
        runs = read_timelines(timelines)
        window = choose_window(runs, start_ms or 0.0, duration_ms)
        if start_ms is None and duration_ms is None:
            window = _keep_scale(self._newest[1], window)
        if newest and start_ms is None:
            runs, end = align_newest(runs, window.duration)
            window = Window(max(0.0, end - window.duration), window.duration)
        if start_ms is not None or duration_ms is not None or not any(run.records for run in runs):
            self._held = False
        self._newest = runs, window
        if not self._held:
            self._timelines, self._window = self._newest
        self.picture = self._pack()

    def _on_message(self, _widget: Any, message: Any, _buffers: Any) -> None:
        """Show the window that a button asked for: ``{"start": 50.0, "duration": 100.0}``, in ms, or the newest."""
        if message == {"newest": True}:
            self._held = False
            self._timelines, self._window = self._newest
            self.picture = self._pack()
            return
        try:
            start, duration = float(message["start"]), float(message["duration"])
        except (KeyError, TypeError, ValueError):
            return
        if isfinite(start) and isfinite(duration):
            self._held = True
            self._window = Window(min(max(start, 0.0), measure_span(self._timelines)), max(duration, _SHORTEST))
            self.picture = self._pack()

    def _pack(self) -> dict[str, Any]:
        newer = self._timelines != self._newest[0]  # a simulation tells the same ones again
        return _pack_picture(self._timelines, self._window, newer=newer)

    def __repr__(self) -> str:
        count = len(self._timelines)
        return f"RequestTimeline({count} timeline{'' if count == 1 else 's'})"

    def _repr_mimebundle_(self, **kwargs: Any) -> Bundle | None:
        drawn = draw_timelines(self._timelines, start_ms=self._window.start, duration_ms=self._window.duration)
        return add_picture(super()._repr_mimebundle_(**kwargs), repr(self), drawn)


def _keep_scale(before: Window, chosen: Window) -> Window:
    """Keep the duration where the new one is but a step away: requests that run live differ a little each time."""
    near = 1 / _STEP <= chosen.duration / before.duration <= _STEP
    return Window(chosen.start, before.duration) if near else chosen


def _pack_picture(timelines: Sequence[Timeline], window: Window, *, newer: bool) -> dict[str, Any]:
    return {
        "start": window.start,
        "duration": window.duration,
        "span": measure_span(timelines),
        "newer": newer,
        "panels": [_pack_panel(panel) for panel in show_window(timelines, window)],
    }


def _pack_panel(panel: Panel) -> dict[str, Any]:
    return {
        "title": panel.title,
        "origin": panel.origin,
        "sign": SIGNS[panel.origin],
        "lanes": panel.lanes,
        "rows": panel.rows,
        "depths": list(panel.depths),
        "summary": panel.summary,
        "note": panel.note,
        "bars": _pack_bars(panel.bars),
    }


def _pack_bars(bars: Sequence[Bar]) -> dict[str, list[float]]:
    """Turn the bars on their side, a third of the bytes."""
    counts = {name: [getattr(bar, name) for bar in bars] for name in _COUNTS}
    return {**counts, **{name: [round(getattr(bar, name), _DIGITS) for bar in bars] for name in _TIMES}}
