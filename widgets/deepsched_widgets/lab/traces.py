"""The last requests of each setting that ran, for the timeline and for Chrome's trace viewers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepsched.planning import Scheduler
from deepsched.render.plans.words import name_schedule
from deepsched.render.timelines.timeline_data import MOST_TIMELINES, Timeline

if TYPE_CHECKING:
    from deepsched_widgets.lab.live_run import Trace


class Traces:
    """Keeps the newest requests of each setting, the setting that ran last at the end. For one thread at a time."""

    def __init__(self) -> None:
        self._timelines: dict[tuple[str, int], Timeline] = {}

    def keep(self, trace: Trace) -> None:
        """Keep the requests of a setting instead of older ones of it."""
        if not trace.records:
            return
        key = (trace.wish.scheduler, trace.num_streams)
        self._timelines.pop(key, None)
        title = name_setting(*key)
        self._timelines[key] = Timeline(title, trace.records, trace.num_streams, trace.wish.origin)
        if len(self._timelines) > MOST_TIMELINES:
            del self._timelines[next(iter(self._timelines))]

    def forget(self) -> None:
        """Drop all of them."""
        self._timelines.clear()

    def list_all(self) -> tuple[Timeline, ...]:
        """Give all settings, the one that ran last at the end."""
        return tuple(self._timelines.values())

    def choose_pair(self) -> tuple[Timeline, ...]:
        """Give the setting that ran last, and beside it what shows the difference best: the other scheduler's last one.

        single_stream stands on the left.
        """
        newest_first = list(reversed(self._timelines.items()))
        if not newest_first:
            return ()
        (scheduler, _), _ = newest_first[0]
        other = next((item for item in newest_first if item[0][0] != scheduler), None)
        pair = [newest_first[0], *([other] if other else newest_first[1:2])]
        pair.sort(key=lambda item: (item[0][0] != Scheduler.single_stream, item[0][1]))
        return tuple(timeline for _, timeline in pair)


def name_setting(scheduler: str, num_streams: int) -> str:
    """Say ``single_stream``, or ``multi_stream, 2 streams``."""
    words = name_schedule(scheduler, num_streams)
    return words if scheduler == Scheduler.single_stream else f"multi_stream, {words}"
