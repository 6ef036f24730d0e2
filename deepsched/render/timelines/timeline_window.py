"""Which requests a picture of timelines shows, as bars in lanes and in a queue, and what it says of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from math import ceil, floor, isfinite, log10
from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.errors import OptionError
from deepsched.render.timelines.timeline_data import measure_span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from deepsched.render.timelines.timeline_data import Timeline

    _Indexes = np.ndarray[Any, np.dtype[np.intp]]

# Enough to see a schedule, few enough for one small message and a page that draws at once.
_MOST_BARS = 240
_MOST_LANES = 80
_MOST_ROWS = 12
_DEPTHS = 80
_REQUESTS_AT_FIRST = 5
_VISIBLE = 0.002  # of the window: a shorter wait would be no wider than its edge


@dataclass(frozen=True, slots=True)
class Window:
    """The part of time that is shown, in ms since the timeline's first request was queued."""

    start: float
    duration: float

    @property
    def end(self) -> float:
        """Where it ends, in ms."""
        return self.start + self.duration


@dataclass(frozen=True, slots=True)
class Bar:
    """One request, or `count` short ones of a stream that follow each other. Times in ms, as in `Window`.

    `request` is the place of the (first) request in the records. `waited` and `ran` are the means of several
    requests. `row` is where the wait is drawn in the queue, the first from the bottom, or -1 where it is not.
    """

    request: int
    count: int
    stream: int
    started: float
    ended: float
    waited: float
    ran: float
    row: int = -1

    @property
    def queued(self) -> float:
        """When the wait begins."""
        return self.started - self.waited


@dataclass(frozen=True, slots=True)
class Panel:
    """What a picture shows of one timeline: its bars by stream and time, and the words beside them.

    `rows` is how many rows of waits the queue has. Where requests are too many to draw each wait, `depths` holds the
    greatest depth of the queue in each of equal parts of the window instead; it is empty otherwise. All panels of a
    picture are drawn by rows, or all by depths: they are there to be compared.
    """

    title: str
    origin: str
    lanes: int
    rows: int
    depths: tuple[int, ...]
    bars: tuple[Bar, ...]
    summary: str
    note: str


def choose_window(timelines: Sequence[Timeline], start: float = 0.0, duration: float | None = None) -> Window:
    """Choose what to show of all timelines, on one scale: by default some five requests of the slowest.

    Parameters
    ----------
    timelines : sequence of Timeline
    start : float
        In ms since each timeline's first request was queued.
    duration : float, optional
        In ms.

    Raises
    ------
    OptionError
        If these are no times.
    """
    if not isfinite(start) or start < 0:
        raise OptionError(f"start_ms is {start!r}; expected a time of 0 ms or later.")
    if duration is None:
        ran = [float(np.median(t.table["ended"] - t.table["started"])) for t in timelines if t.records]
        duration = round_up(max(1e-3, min(measure_span(timelines), _REQUESTS_AT_FIRST * max(ran, default=0.0))))
    if not isfinite(duration) or duration <= 0:
        raise OptionError(f"duration_ms is {duration!r}; expected a time above 0 ms.")
    return Window(float(start), float(duration))


_SMALLEST = 1e-300  # below it, powers of ten lose their digits


def round_up(value: float) -> float:
    """Give the next number of 1, 2 or 5 times a power of ten, so that an axis ends on a tick."""
    value = max(value, _SMALLEST)
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9))


def show_window(timelines: Sequence[Timeline], window: Window) -> tuple[Panel, ...]:
    """Choose the bars of each timeline: all requests in the window or, of very many, blocks of neighbours."""
    most_lanes = _MOST_LANES // len(timelines)
    lanes = [min(timeline.num_streams, most_lanes) for timeline in timelines]
    bars_a_lane = _MOST_BARS // sum(lanes)
    seen = [_find_seen(timeline.table, window) for timeline in timelines]
    depths = [_measure_depths(timeline.table, window) for timeline in timelines]
    crowded = any(max(own) > _MOST_ROWS for own in depths)
    crowded = crowded or any(len(own) > n * bars_a_lane for own, n in zip(seen, lanes, strict=True))
    return tuple(
        _show_timeline(timeline, window, n, bars_a_lane, own, deep if crowded else ())
        for timeline, n, own, deep in zip(timelines, lanes, seen, depths, strict=True)
    )


def _find_seen(table: Mapping[str, Any], window: Window) -> _Indexes:
    return np.flatnonzero((table["ended"] > window.start) & (table["queued"] < window.end))


def _show_timeline(
    timeline: Timeline, window: Window, lanes: int, bars_a_lane: int, seen: _Indexes, depths: tuple[int, ...]
) -> Panel:
    table = timeline.table
    if depths:
        seen = seen[table["started"][seen] < window.end]
    bars: list[Bar] = []
    for stream in range(lanes):
        own = seen[table["stream"][seen] == stream]
        bars += _join_requests(own[np.argsort(table["started"][own], kind="stable")], table, window, bars_a_lane)
    rows = 0
    if not depths:
        bars, rows = _place_waits(bars, window)
    notes = []
    if lanes < timeline.num_streams:
        notes.append(f"The first {lanes} of {timeline.num_streams} streams are drawn.")
    if any(bar.count > 1 for bar in bars):
        notes.append("Many short requests are drawn as one bar.")
    if any(depths):
        notes.append(f"At most {max(depths)} waited at once.")
    return Panel(
        timeline.title,
        timeline.origin,
        lanes,
        rows,
        depths if any(depths) else (),
        tuple(bars),
        _summarise(table, sum(bar.count for bar in bars)),
        " ".join(notes),
    )


def _measure_depths(table: Mapping[str, Any], window: Window) -> tuple[int, ...]:
    """Give the greatest depth of the queue in each of `_DEPTHS` parts of the window, of waits that can be seen."""
    waited = table["started"] - table["queued"] > _VISIBLE * window.duration
    queued, started = np.sort(table["queued"][waited]), np.sort(table["started"][waited])
    arrivals = queued[(queued >= window.start) & (queued < window.end)]
    parts = np.arange(_DEPTHS)
    times = np.concatenate([window.start + window.duration * parts / _DEPTHS, arrivals])
    depth = np.searchsorted(queued, times, "right") - np.searchsorted(started, times, "right")
    of_arrivals = ((arrivals - window.start) / window.duration * _DEPTHS).astype(int).clip(0, _DEPTHS - 1)
    deepest = np.zeros(_DEPTHS, dtype=int)
    np.maximum.at(deepest, np.concatenate([parts, of_arrivals]), depth)
    return tuple(deepest.tolist())


def _join_requests(own: _Indexes, table: Mapping[str, Any], window: Window, most: int) -> Iterator[Bar]:
    """Make a bar a request, or, of more than `most`, one of all that start in the same part of the window."""
    part = window.duration / max(1, most - 1) if len(own) > most else 0.0
    groups: dict[float, list[int]] = defaultdict(list)
    for index in own.tolist():
        groups[table["started"][index] // part if part else index].append(index)
    for some in groups.values():
        queued, started, ended = (table[name][some] for name in ("queued", "started", "ended"))
        waited, ran = float((started - queued).mean()), float((ended - started).mean())
        stream = int(table["stream"][some[0]])
        yield Bar(min(some), len(some), stream, float(started.min()), float(ended.max()), waited, ran)


def _place_waits(bars: Sequence[Bar], window: Window) -> tuple[list[Bar], int]:
    """Give each visible wait the lowest free row of the queue, so that its height is the queue's depth."""
    free_from: list[float] = []
    placed = list(bars)
    for i in sorted(range(len(bars)), key=lambda i: (bars[i].queued, bars[i].started)):
        bar = bars[i]
        if bar.waited <= _VISIBLE * window.duration or bar.started <= window.start or bar.queued >= window.end:
            continue
        row = next((n for n, time in enumerate(free_from) if time <= bar.queued + 1e-6), len(free_from))
        free_from[row : row + 1] = [bar.started]
        placed[i] = replace(bar, row=row)
    return placed, len(free_from)


def _summarise(table: Mapping[str, Any], shown: int) -> str:
    """Count what is shown, and give the p50 of all.

    A throughput or a p50 of the few requests of a window would contradict those of the run.
    """
    count = len(table["ended"])
    if not count:
        return "no requests"
    p50 = f"{format_ms(float(np.median(table['ended'] - table['queued'])))} ms"
    if shown < count:
        return f"{shown} of {count} requests shown, p50 of all {p50}"
    return f"{count} request{'' if count == 1 else 's'}, p50 {p50}"


def format_ms(value: float) -> str:
    """Write a time as a person reads it: ``12.0``, ``3.1``, ``0.12``, ``0.0047``."""
    if value >= 1 or value <= 0:
        return f"{value:.1f}"
    return f"{value:.{ceil(-log10(value)) + 1}f}"


def name_bar(bar: Bar) -> str:
    """Say of a bar what a person asks: ``request 12, stream 1, waited 3.1 ms, ran 12.0 ms``."""
    who = f"request {bar.request}" if bar.count == 1 else f"{bar.count} requests from {bar.request} on"
    mean = "" if bar.count == 1 else " on average"
    return f"{who}, stream {bar.stream}, waited {format_ms(bar.waited)} ms, ran {format_ms(bar.ran)} ms{mean}"
