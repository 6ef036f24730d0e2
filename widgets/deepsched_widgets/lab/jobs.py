"""The one thing that a lab does at a time: a run, a search, or nothing."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, ClassVar, Protocol

from deepsched_widgets.lab.live_run import LiveRun
from deepsched_widgets.lab.measured_run import MeasuredRun
from deepsched_widgets.lab.search import Search
from deepsched_widgets.lab.simulated_run import SimulatedRun

if TYPE_CHECKING:
    from deepsched_widgets.lab.live_run import Sample, Source, Trace
    from deepsched_widgets.lab.prediction import Predictor
    from deepsched_widgets.lab.search import Progress, Verdict
    from deepsched_widgets.lab.wish import Wish

_TAKEN_OVER = "Stopped: another lab was started."


class Show(Protocol):
    """Who shows what a job tells. Called under the lab's lock, and for the newest job alone."""

    def begin_run(self, wish: Wish) -> None:
        """Show that a run begins."""

    def begin_search(self, wish: Wish) -> None:
        """Show that a search begins."""

    def show_sample(self, wish: Wish, sample: Sample) -> None:
        """Show a period of a run."""

    def show_trace(self, trace: Trace) -> None:
        """Show the last requests of a run."""

    def show_progress(self, progress: Progress) -> None:
        """Show how far a search is."""

    def end(self, note: str, verdict: Verdict | None = None) -> None:
        """Show that nothing goes on any more, and in `note` why, where a person would ask."""


class Jobs:
    """Starts and stops a lab's runs and searches, the newest one instead of the one before.

    A job that measures also ends those of other labs: two at once would spoil each other's figures.

    Parameters
    ----------
    show : Show
        Who is told.
    predictor : Predictor
        What predicts, when a wish asks for it.
    lock : RLock
        The lab's lock.
    """

    # The lab that measures. Weakly held, for a closed one keeps its model.
    _measuring: ClassVar[weakref.ref[Jobs] | None] = None

    def __init__(self, show: Show, predictor: Predictor, lock: threading.RLock) -> None:
        self._show = show
        self._predictor = predictor
        self._lock = lock
        self._job: LiveRun | Search | None = None
        self._farewell = ""

    @property
    def busy(self) -> bool:
        """Whether a run or a search is on."""
        return self._job is not None

    def start_run(self, wish: Wish, seconds: float) -> None:
        """Run what is wished for, for so long at most."""
        with self._lock:
            self._show.begin_run(wish)
            self._start(LiveRun(self._open, self, wish, seconds), wish)

    def start_search(self, wish: Wish, budget: float) -> None:
        """Search for the best setting, for so long at most."""
        with self._lock:
            self._show.begin_search(wish)
            self._start(Search(wish, self, budget), wish)

    def follow(self, wish: Wish) -> None:
        """Let a run go on with another wish."""
        with self._lock:
            if isinstance(self._job, LiveRun):
                self._job.follow(wish)
                if wish.origin == "measured":
                    # It may have been a simulation until now, which takes no cores.
                    other = self._claim()
                    if other is not None:
                        threading.Thread(target=other.make_way, name="deepsched-make-way", daemon=True).start()

    def stop_run(self) -> None:
        """End the run, if one is on, without waiting for it."""
        with self._lock:
            if isinstance(self._job, LiveRun):
                self._job.stop(wait=False)

    def stop_search(self) -> None:
        """End the search, if one is on, without waiting for it."""
        with self._lock:
            if isinstance(self._job, Search):
                self._job.stop(wait=False)

    def stop(self) -> None:
        """End what is on, and return when its threads and streams are gone."""
        job = self._job
        if job is not None:
            job.stop()

    def make_way(self) -> None:
        """End what is on, because another lab starts something, and return when the cores are free."""
        self._farewell = _TAKEN_OVER
        self.stop()

    def _start(self, job: LiveRun | Search, wish: Wish) -> None:
        before, self._job = self._job, job
        self._farewell = ""
        if before is not None:
            before.stop(wait=False)
        other = self._claim() if wish.origin == "measured" else None

        def clear_the_cores() -> None:
            if before is not None:
                before.stop()
            if other is not None:
                other.make_way()

        job.start(clear_the_cores)

    def _claim(self) -> Jobs | None:
        """Take the cores for this lab's jobs; give the lab that had them before, if another one did."""
        last = Jobs._measuring() if Jobs._measuring is not None else None
        Jobs._measuring = weakref.ref(self)
        return None if last is self else last

    def _open(self, wish: Wish) -> Source:
        return MeasuredRun(self._predictor, wish) if wish.workload is None else SimulatedRun(wish)

    # What jobs tell, in their own threads. One that was replaced has nothing to say any more.

    def show_sample(self, run: LiveRun, wish: Wish, sample: Sample) -> None:
        """Pass on a period of the newest run."""
        with self._lock:
            if run is self._job:
                self._show.show_sample(wish, sample)

    def show_trace(self, run: LiveRun, trace: Trace) -> None:
        """Pass on the requests of the newest run."""
        with self._lock:
            if run is self._job:
                self._show.show_trace(trace)

    def show_end(self, run: LiveRun, error: Exception | None) -> None:
        """Pass on the end of the newest run."""
        with self._lock:
            if run is self._job:
                self._job = None
                by_itself = (
                    ""
                    if run.stopping
                    else f"The run ended after {run.seconds:g} s, as every run does. Start another one."
                )
                self._show.end(f"The run ended: {error}" if error else self._farewell or by_itself)

    def show_progress(self, search: Search, progress: Progress) -> None:
        """Pass on how far the newest search is."""
        with self._lock:
            if search is self._job:
                self._show.show_progress(progress)

    def show_verdict(self, search: Search, verdict: Verdict | None, error: Exception | None) -> None:
        """Pass on the end of the newest search."""
        with self._lock:
            if search is self._job:
                self._job = None
                self._show.end(f"The search ended: {error}" if error else self._farewell, verdict)
