"""The one thing that a lab does at a time: a run, a search, or nothing."""

from __future__ import annotations

import threading
import weakref
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Protocol

from deepsched_widgets.lab.live_run import LiveRun
from deepsched_widgets.lab.measured_run import MeasuredRun
from deepsched_widgets.lab.prediction import Predictor
from deepsched_widgets.lab.search import Search
from deepsched_widgets.lab.simulated_run import SimulatedRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from deepsched_widgets.lab.live_run import Sample, Source, Trace
    from deepsched_widgets.lab.search import Progress, Verdict
    from deepsched_widgets.lab.wish import Wish

_TAKEN_OVER = "Stopped: another lab was started."
_PATIENCE = 60.0  # s: a round of a slow model is waited for
_OUTDATED = "Stopped: it was for another model, machine or load. Tune again."


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

    def say(self, words: str) -> None:
        """Say what takes a while."""

    def end(self, note: str, verdict: Verdict | None = None) -> None:
        """Show that nothing goes on any more, and in `note` why, where a person would ask."""


class Jobs:
    """Starts and stops a lab's runs and searches, the newest one instead of the one before.

    A job that measures also ends those of other labs: two at once would spoil each other's figures.

    Parameters
    ----------
    show : Show
        Who is told.
    lock : RLock
        The lab's lock.
    """

    # The lab that measures. Weakly held, for a closed one keeps its model.
    _measuring: ClassVar[weakref.ref[Jobs] | None] = None
    _claiming: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, show: Show, lock: threading.RLock) -> None:
        self._show = show
        self._predictor = Predictor(self._say)
        self._lock = lock
        self._over = threading.Condition(lock)
        self._job: LiveRun | Search | None = None
        self._unfinished: set[LiveRun | Search] = set()
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
        """Let a run go on with another wish. A search ends if what it finds would say nothing of that wish."""
        with self._lock:
            job = self._job
            if isinstance(job, LiveRun):
                takes_cores = job.wish.origin == "simulated" and wish.origin == "measured"
                job.follow(wish, self._clear_aside() if takes_cores else None)
            elif job is not None and not wish.compares_with(job.wish):
                self._farewell = _OUTDATED
                job.stop(wait=False)

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
        with self._over:
            job = self._job
            if job is None:
                return
            job.stop(wait=False)
            if not job.is_here:
                # Who looks on as a trait changes holds the lock, and the job needs it to end: so it is let go here.
                self._over.wait_for(lambda: job not in self._unfinished, _PATIENCE)
        job.stop()

    def make_way(self, job: LiveRun | Search) -> None:
        """End a job, because another lab starts something, and return when the cores are free."""
        with self._lock:
            if job is self._job:
                self._farewell = _TAKEN_OVER
        job.stop()

    def _start(self, job: LiveRun | Search, wish: Wish) -> None:
        before, self._job = self._job, job
        self._unfinished.add(job)
        self._farewell = ""
        if before is not None:
            before.stop(wait=False)
        clear = self._claim() if wish.origin == "measured" else None

        def clear_the_cores() -> None:
            if before is not None:
                before.stop()
            if clear is not None:
                clear()

        job.start(clear_the_cores)

    def _clear_aside(self) -> threading.Event | None:
        """Clear the cores in a thread; give what is set when they are free, None if they are.

        Not in the job's own: two labs whose runs come to this machine at once would wait for each other.
        """
        clear = self._claim()
        if clear is None:
            return None
        free = threading.Event()

        def make_way() -> None:
            clear()
            free.set()

        threading.Thread(target=make_way, name="deepsched-make-way", daemon=True).start()
        return free

    def _claim(self) -> Callable[[], None] | None:
        """Take the cores for this lab's jobs; give what ends the job of another lab that has them, and waits for it."""
        with Jobs._claiming:
            last = Jobs._measuring() if Jobs._measuring is not None else None
            Jobs._measuring = weakref.ref(self)
        # The job of now: one that its lab starts later is newer than this lab's own, and waits for that in turn.
        job = last._job if last is not None and last is not self else None  # noqa: SLF001 - another of its kind
        if last is None or job is None or job.wish.origin != "measured":
            return None
        return partial(last.make_way, job)

    def _open(self, wish: Wish) -> Source:
        return MeasuredRun(self._predictor, wish) if wish.workload is None else SimulatedRun(wish)

    def _say(self, words: str) -> None:
        """Say what a run does that takes a while, if it is still a run that is on."""
        with self._lock:
            if isinstance(self._job, LiveRun):
                self._show.say(words)

    def _finish(self, job: LiveRun | Search) -> None:
        self._unfinished.discard(job)
        self._over.notify_all()

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
        with self._over:
            self._finish(run)
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
        with self._over:
            self._finish(search)
            if search is self._job:
                self._job = None
                note = f"The search ended: {error}" if error else self._farewell
                # What is of another model, machine or load, or of a time when another lab ran, is no advice.
                self._show.end(note, None if self._farewell else verdict)
