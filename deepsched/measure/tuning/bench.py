"""Real rounds of real candidates, and the time that they may take."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.errors import DeepschedWarning
from deepsched.measure.interleave import measure_interleaved
from deepsched.measure.load import OpenLoad, Times
from deepsched.measure.tuning.trial import Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deepsched.measure.clock import Clock
    from deepsched.measure.interleave import Measurement
    from deepsched.measure.load import ClosedLoad
    from deepsched.measure.request import RequestSource
    from deepsched.measure.tuning.candidates import Candidate
    from deepsched.measure.tuning.goal import Goal
    from deepsched.measure.tuning.trial import Trial

_PILOT = Times(seconds=0.2, warm_up=0.1)
_ROUND = 1.0  # seconds: scheduling noise of some 10 ms averages out
_SHORTEST = 0.1
_REQUESTS = 25  # a stream and round: fewer tell throughput too coarsely
_TAIL = 150  # requests for a p99
_ENOUGH = 3000  # requests: beyond capacity they queue up, and all of them have to be waited for
_LEAST_TAIL = 30  # fewer say nothing of one
_PLANNED_ROUNDS = 4  # that the budget must hold of all candidates
_STEPS = 6  # of a binary search that share the time left


@dataclass(slots=True)
class Bench:
    """Measures candidates of one model within a budget.

    Parameters
    ----------
    model : path, bytes or onnx.ModelProto
        The model.
    goal : Goal
        The load.
    source : RequestSource
        Where inputs come from.
    clock : Clock
        Time; Ctrl-C strikes in it.
    deadline : float
        When the budget is spent, in the clock's time.
    say : callable
        Told in a few words what is being measured.
    interrupted : bool
        Whether Ctrl-C came.
    """

    model: Any
    goal: Goal
    source: RequestSource
    clock: Clock
    deadline: float
    say: Callable[[str], None]
    interrupted: bool = False
    _times: Times = _PILOT
    _turn: float = 0.0

    @property
    def left(self) -> float:
        """The seconds of the budget that are left."""
        return self.deadline - self.clock.now()

    def try_out(self, candidates: Sequence[Candidate]) -> None:
        """Open every candidate once under load, and choose how long rounds are.

        What cannot be opened fails here. The first opening also prepares the model, which later ones need not.
        """
        start = self.clock.now()
        found = self._measure(candidates, self.goal.load, _PILOT, "trying out", capped=False)
        each = (self.clock.now() - start) / len(candidates)
        if self.interrupted:
            return
        served = [one.rounds[0].latencies for one in found if one is not None]
        slowest = max(float(np.mean(latencies)) if len(latencies) else each for latencies in served)
        opening = max(0.0, each - _PILOT.seconds - _PILOT.warm_up)
        share = self.left * (0.4 if self.goal.seeks_rate else 0.8) / (len(candidates) * _PLANNED_ROUNDS) - opening
        seconds = max(_SHORTEST, min(max(_ROUND, _REQUESTS * slowest), share / 1.25))
        self._times = Times(seconds, warm_up=0.25 * seconds)
        self._turn = opening + 1.25 * seconds + slowest

    def may_go_on(self, trials: Sequence[Trial]) -> bool:
        """Tell whether there is time for one more round of `trials`; for the first there always is."""
        return not all(trial.rounds for trial in trials) or self._turn * len(trials) <= self.left

    def measure(self, candidates: Sequence[Candidate], number: int) -> list[Sample | None]:
        """Measure a round of each, in an order that is reversed from round to round."""
        load = self.goal.load
        if isinstance(load, OpenLoad):
            load = OpenLoad(load.rate, load.arrivals, load.seed + number)
        turned = list(candidates) if number % 2 == 0 else list(candidates)[::-1]
        start = self.clock.now()
        found = self._measure(turned, load, self._times, f"round {number + 1}")
        self._turn = (self.clock.now() - start) / len(candidates)
        samples = [None if one is None else Sample(one.rounds[0], one.facts.items) for one in found]
        return samples if number % 2 == 0 else samples[::-1]

    def keeps(self, candidate: Candidate, rate: float) -> bool | None:
        """Tell whether a candidate keeps the limit at a rate; None if Ctrl-C came or the time is spent.

        What else runs on the machine only ever makes latency worse, so a rate is too high if it breaks the limit twice.
        """
        kept = self._keeps_once(candidate, rate)
        return self._keeps_once(candidate, rate) if kept is False else kept

    def _keeps_once(self, candidate: Candidate, rate: float) -> bool | None:
        limit = self.goal.latency_p99 or np.inf
        seconds = min(max(_TAIL / rate, min(_ROUND, _ENOUGH / rate)), self.left / _STEPS)
        if seconds < _SHORTEST or seconds * rate < _LEAST_TAIL:
            return None
        times = Times(seconds, warm_up=0.25 * seconds, patience=min(seconds, 4 * limit))
        (found,) = self._measure([candidate], OpenLoad(rate, seed=self.goal.seed), times, f"{rate:.4g} requests/s")
        if found is None or self.interrupted or not len(found.rounds[0].latencies):
            return None
        one = found.rounds[0]
        return not one.unanswered and float(np.percentile(one.latencies, 99)) <= limit

    def _measure(
        self,
        candidates: Sequence[Candidate],
        load: ClosedLoad | OpenLoad,
        times: Times,
        words: str,
        *,
        capped: bool = True,
    ) -> tuple[Measurement | None, ...]:
        self.say(f"{words}: {candidates[0].name}")
        with warnings.catch_warnings():
            if capped:  # said when it was tried out
                warnings.simplefilter("ignore", DeepschedWarning)
            found = measure_interleaved(
                self.model,
                [candidate.setting for candidate in candidates],
                load,
                times,
                source=self.source,
                clock=self.clock,
                report=lambda turn, _elapsed: self.say(f"{words}: {candidates[turn].name}"),
            )
        self.interrupted |= any(one is None or one.interrupted for one in found)
        return found
