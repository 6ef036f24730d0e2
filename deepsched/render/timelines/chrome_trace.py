"""Requests as a Chrome trace: JSON that ui.perfetto.dev and chrome://tracing open.

The format is Google's "Trace Event Format". A run is a process and a stream a thread. A request is a complete event
(``"X"``) on its stream's thread; its wait is an asynchronous one (``"b"``, ``"e"``), as many may wait at once; the
queue's depth is a counter (``"C"``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from deepsched.errors import OptionError
from deepsched.render.timelines.timeline_data import read_timelines

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from deepsched.render.timelines.timeline_data import Timeline

_MICROSECONDS = 1000.0  # in a ms, which is what a timeline's times are in


def write_chrome_trace(path: str | os.PathLike[str], timelines: Any) -> None:
    """Write requests to a file that Perfetto opens.

    Parameters
    ----------
    path : path
        The file; it is replaced.
    timelines : sequence of RequestRecord, Timeline, sequence of Timeline, or mapping of title to either
        One run or several; `Engine.trace` gives the requests of an engine.

    Raises
    ------
    OptionError
        If these are no timelines, or the file cannot be written.
    """
    text = json.dumps(describe_chrome_trace(timelines), allow_nan=False, separators=(",", ":"))
    try:
        with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - as people write paths
            file.write(text)
    except OSError as error:
        raise OptionError(f"{path} cannot be written ({error.strerror}).") from error


def describe_chrome_trace(timelines: Any) -> dict[str, Any]:
    """Give the trace as plain data, times in microseconds since each run's first request was queued.

    Raises
    ------
    OptionError
        If these are no timelines.
    """
    runs = read_timelines(timelines)
    events: list[dict[str, Any]] = []
    for process, timeline in enumerate(runs, 1):
        events += _name_tracks(timeline, process)
        # Readers cope with any order, but not all with a wait that ends before it begins.
        events += sorted(_list_events(timeline, process), key=lambda event: event["ts"])
    origins = {timeline.title: timeline.origin for timeline in runs}
    return {"traceEvents": events, "displayTimeUnit": "ms", "otherData": {"origin": origins}}


def _name_tracks(timeline: Timeline, process: int) -> Iterator[dict[str, Any]]:
    title = f"{timeline.title}, {timeline.origin}"
    yield {"ph": "M", "name": "process_name", "pid": process, "tid": 0, "args": {"name": title}}
    for stream in range(timeline.num_streams):
        place = {"ph": "M", "pid": process, "tid": stream}
        yield {**place, "name": "thread_name", "args": {"name": f"stream {stream}"}}
        yield {**place, "name": "thread_sort_index", "args": {"sort_index": stream}}


def _list_events(timeline: Timeline, process: int) -> Iterator[dict[str, Any]]:
    waiting: list[tuple[float, int]] = []
    for number, row in enumerate(_read_rows(timeline.table)):
        stream, queued, started, ended = row["stream"], row["queued"], row["started"], row["ended"]
        # Both ends rounded, and only then taken apart: a request may not end after the next one's start.
        args = {
            "request": number,
            "items": row["items"],
            "waited_ms": round((started - queued) / _MICROSECONDS, 6),
            "ran_ms": round((ended - started) / _MICROSECONDS, 6),
        }
        place = {"pid": process, "tid": stream}
        name = f"request {number}"
        run = {"ph": "X", "cat": "run", "name": name, "ts": started, "dur": round(ended - started, 3)}
        yield {**run, **place, "args": args}
        if started > queued:
            # An id of the process's own: two runs both have a request 0.
            wait = {"cat": "queue", "name": "waiting", "id2": {"local": hex(number)}, **place}
            yield {**wait, "ph": "b", "ts": queued, "args": {"request": number}}
            yield {**wait, "ph": "e", "ts": started}
            waiting += [(queued, 1), (started, -1)]
    yield from _count_waiting(waiting, process)


def _count_waiting(changes: list[tuple[float, int]], process: int) -> Iterator[dict[str, Any]]:
    depth = 0
    for ts, change in sorted(changes):
        depth += change
        counter = {"ph": "C", "name": "requests waiting", "pid": process, "tid": 0}
        yield {**counter, "ts": ts, "args": {"requests": depth}}


def _read_rows(table: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    times = [[round(float(ms) * _MICROSECONDS, 3) for ms in table[name]] for name in ("queued", "started", "ended")]
    for stream, items, queued, started, ended in zip(table["stream"], table["items"], *times, strict=True):
        yield {"stream": int(stream), "items": int(items), "queued": queued, "started": started, "ended": ended}
