"""The requests of one run, as a picture takes them: a title, records, and whether they were measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.checks import check_choice
from deepsched.errors import OptionError
from deepsched.telemetry import RequestRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

ORIGINS = ("measured", "simulated")
MOST_TIMELINES = 8
_COLUMNS = ("stream", "queued", "started", "ended", "items")
_MILLISECONDS = 1000.0


@dataclass(frozen=True, slots=True)
class Timeline:
    """The requests of one run.

    Parameters
    ----------
    title : str
        What ran, such as ``"single_stream"``.
    records : sequence of RequestRecord
        The requests, in any order; `Engine.trace` gives those of an engine.
    num_streams : int
        How many lanes to draw; 0 for as many as the records' streams need.
    origin : str
        ``"measured"`` or ``"simulated"``.
    shift : float
        How many ms after the picture's begin the first request was queued; see `align_newest`.

    Attributes
    ----------
    table : mapping of str to numpy array
        The records by column: `stream`, `items`, and `queued`, `started`, `ended` in ms: the first was queued at
        `shift`.

    Raises
    ------
    OptionError
        If `origin` is neither of the two, a record is none, or there are fewer lanes than the records need.
    """

    title: str
    records: tuple[RequestRecord, ...] = field(repr=False)
    num_streams: int = 0
    origin: str = "measured"
    shift: float = 0.0
    table: Mapping[str, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_choice("origin", self.origin, ORIGINS)
        records = tuple(self.records)
        strange = [record for record in records if not isinstance(record, RequestRecord)]
        if strange:
            raise OptionError(f"a record is {strange[0]!r}; expected a RequestRecord, as engine.trace() gives them.")
        needed = max((record.stream for record in records), default=0) + 1
        if self.num_streams and self.num_streams < needed:
            raise OptionError(f"num_streams is {self.num_streams}; the records are of {needed} streams.")
        # A frozen dataclass has no other way to complete itself.
        object.__setattr__(self, "records", records)
        object.__setattr__(self, "num_streams", self.num_streams or needed)
        object.__setattr__(self, "table", _read_table(records, self.shift))


def read_timelines(given: Any) -> tuple[Timeline, ...]:
    """Take one run or several as people hand them over.

    Parameters
    ----------
    given : Timeline, sequence of RequestRecord, sequence of Timeline, or mapping of title to either

    Raises
    ------
    OptionError
        If it is none of these, or there are more than `MOST_TIMELINES`.
    """
    if isinstance(given, Timeline):
        return (given,)
    items: list[Any]
    if isinstance(given, Mapping):
        items = [_name_timeline(str(title), records) for title, records in given.items()]
    else:
        items = _list(given)
    if not items or not all(isinstance(item, Timeline) for item in items):
        items = [Timeline("requests", tuple(items))]
    if len(items) > MOST_TIMELINES:
        raise OptionError(f"{len(items)} timelines were given; one picture shows at most {MOST_TIMELINES}.")
    return tuple(items)


def measure_span(timelines: Sequence[Timeline]) -> float:
    """Give the end of the longest timeline in ms; 0 without requests."""
    return max((float(t.table["ended"].max()) for t in timelines if t.records), default=0.0)


def align_newest(timelines: Sequence[Timeline], duration: float) -> tuple[tuple[Timeline, ...], float]:
    """Shift runs of different lengths so that the ends of what to show of them coincide.

    Parameters
    ----------
    timelines : sequence of Timeline
    duration : float
        How much of each is to be shown, in ms.

    Returns
    -------
    tuple of Timeline, float
        The runs, and where what to show of them ends, in ms.
    """
    begun = [replace(timeline, shift=0.0) for timeline in timelines]
    ends = [_find_newest(timeline, duration) for timeline in begun]
    end = max(ends, default=0.0)
    return tuple(replace(timeline, shift=end - own) for timeline, own in zip(begun, ends, strict=True)), end


def _find_newest(timeline: Timeline, duration: float) -> float:
    """Give the time of the last arrival, unless nothing was answered shortly before it: then of the last end.

    Who came later still waits and is not recorded: after that arrival the queue would seem to run empty. Where nothing
    was answered before it, all came at once, and there the queue really does.
    """
    if not timeline.records:
        return 0.0
    last, ended = float(timeline.table["queued"].max()), timeline.table["ended"]
    busy = bool(((ended > last - duration) & (ended <= last)).any())
    return last if busy else float(ended.max())


def _name_timeline(title: str, given: Any) -> Timeline:
    return replace(given, title=title) if isinstance(given, Timeline) else Timeline(title, tuple(_list(given)))


def _list(given: Any) -> list[Any]:
    try:
        return list(given)
    except TypeError:
        raise OptionError(f"timelines is {given!r}; expected requests, such as engine.trace() gives them.") from None


def _read_table(records: tuple[RequestRecord, ...], shift: float) -> Mapping[str, Any]:
    rows = [(r.stream, r.queued, r.started, r.ended, r.items) for r in records]
    columns = np.asarray(rows, dtype=np.float64).reshape(-1, len(_COLUMNS)).T.copy()
    if rows:
        columns[1:4] = (columns[1:4] - columns[1].min()) * _MILLISECONDS + shift
    return dict(zip(_COLUMNS, columns, strict=True))
