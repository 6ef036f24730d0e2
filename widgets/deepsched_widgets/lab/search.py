"""A thread that looks for the best setting: by `tune` on this machine, by simulation on another one."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from deepsched.measure.tuning.goal import Goal
from deepsched.measure.tuning.tune import tune
from deepsched.measure.tuning.verdict import choose
from deepsched.planning import Scheduler
from deepsched.render.sweeps.sweep import SweepPoint, make_point
from deepsched_widgets.lab.job import Job
from deepsched_widgets.lab.simulated_search import search_by_simulation
from deepsched_widgets.lab.traces import name_setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deepsched.measure.tuning.standing import Standing, Watch
    from deepsched.measure.tuning.trial import Trial
    from deepsched_widgets.lab.wish import Wish

_JOIN_SECONDS = 60.0  # a round of a slow model is waited for

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The setting to use, and why, in words."""

    scheduler: str
    num_streams: int
    threads_per_core: int
    words: str

    @property
    def label(self) -> str:
        """What a button says that applies it."""
        threads = f", {self.threads_per_core} threads per core" if self.threads_per_core > 1 else ""
        return f"Use {name_setting(self.scheduler, self.num_streams)}{threads}"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search is, from 0 to 1, what is being tried, and what was found until now."""

    share: float
    words: str
    points: tuple[SweepPoint, ...]


class Audience(Protocol):
    """Who is told of a search, always in the search's own thread."""

    def show_progress(self, search: Search, progress: Progress) -> None:
        """Take how far it is."""

    def show_verdict(self, search: Search, verdict: Verdict | None, error: Exception | None) -> None:
        """Take it that the search is over: with a verdict, ended by an error, or, with neither, stopped at once."""


class StoppedError(Exception):
    """The person stopped the search."""


class Search(Job):
    """One thread that finds the best setting for the model, the machine and the load of a wish.

    Parameters
    ----------
    wish : Wish
        What to search for; its scheduler and streams do not matter.
    audience : Audience
        Who is told.
    budget : float
        How long measuring may take, in seconds. A simulation takes what it takes.
    """

    def __init__(self, wish: Wish, audience: Audience, budget: float) -> None:
        super().__init__(wish, self._work, "deepsched-search", _JOIN_SECONDS)
        self._audience = audience
        self._budget = budget
        self._trials: tuple[Trial, ...] = ()

    def _work(self) -> None:
        verdict, error = None, None
        search = self._measure if self.wish.workload is None else self._simulate
        try:
            self._after()
            verdict = search()
        except Exception as caught:
            logger.exception("a search ended")
            error = caught
        self._audience.show_verdict(self, verdict, error)

    def _simulate(self) -> Verdict | None:
        def tell(done: int, all_of: int, words: str, points: Sequence[SweepPoint]) -> bool:
            if not self.stopping:
                self._audience.show_progress(self, Progress(done / all_of, words, tuple(points)))
            return not self.stopping

        found = search_by_simulation(self.wish, tell)
        if found is None:
            return None
        best, words = found
        return Verdict(best.scheduler.value, best.num_streams, self.wish.threads_per_core, words)

    def _measure(self) -> Verdict | None:
        wish = self.wish
        goal = Goal(clients=wish.clients or None, rate=wish.rate)
        try:
            result = tune(
                wish.model.given,
                clients=goal.clients,
                rate=goal.rate,
                inputs=wish.model.inputs,
                topology=wish.topology,
                budget=self._budget,
                progress=self._watch,
            )
        except StoppedError:
            # As Ctrl-C does with `tune` itself: there may be something to tell of what was measured until then.
            if not any(trial.rounds for trial in self._trials):
                return None
            found, trials, early = choose(self._trials, goal), self._trials, "Stopped early. "
        else:
            found, trials, early = result.verdict, result.trials, ""
        self._audience.show_progress(self, Progress(1.0, "done", _list_points(trials)))
        plan = found.best.candidate.plan
        words = f"{early}{found.reason} {found.confidence}"
        return Verdict(plan.scheduler.value, plan.num_streams, found.best.candidate.setting.threads_per_core, words)

    @contextmanager
    def _watch(self, _budget: float) -> Iterator[Watch]:
        """Tell how the tuning stands; stop it with an error once the person wishes."""

        def tell(standing: Standing) -> None:
            self._trials = standing.trials
            if self.stopping:
                raise StoppedError
            share = min(1.0, standing.elapsed / standing.budget)
            self._audience.show_progress(self, Progress(share, standing.words, _list_points(standing.trials)))

        yield tell


def _list_points(trials: Sequence[Trial]) -> tuple[SweepPoint, ...]:
    """Give the trials that were measured as points: of several with one num_streams the one with the most items/s."""
    points: dict[tuple[bool, int], SweepPoint] = {}
    for trial in trials:
        found = trial.analyse()
        if found is None:
            continue
        plan = trial.candidate.plan
        point = make_point(plan, plan.num_streams, found.throughput, found.percentile(50.0), found.percentile(99.0))
        key = (plan.scheduler is Scheduler.single_stream, plan.num_streams)
        if key not in points or points[key].throughput < point.throughput:
            points[key] = point
    return tuple(points.values())
