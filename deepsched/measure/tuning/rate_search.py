"""The highest rate that keeps a latency limit: a binary search a candidate, all of them in turns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deepsched.measure.tuning.trial import RateBounds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deepsched.measure.tuning.candidates import Candidate
    from deepsched.measure.tuning.trial import Trial

    # Whether a candidate keeps the limit at a rate; None where Ctrl-C came first or the time is spent.
    Keeps = Callable[[Candidate, float], bool | None]

# As a share of the capacity: p99 of a few hundred requests near the limit tells no finer.
RESOLUTION = 0.05
_HOPELESS = 0.01  # of the capacity: a limit that is broken there is below the time that a request takes
_ABOVE = 1.1  # the capacity is an estimate too: the search must start above it


def search_rates(
    trials: Sequence[Trial], keeps: Keeps, watch: Callable[[Sequence[Trial]], None] = lambda _trials: None
) -> tuple[Trial, ...]:
    """Halve each candidate's interval of rates in turns, and give up those that cannot reach the best any more.

    Parameters
    ----------
    trials : sequence of Trial
        Each with rounds of a closed loop, whose throughput no rate can exceed.
    keeps : callable
        Measures a candidate at a rate.
    watch : callable
        Told how things stand, after each step.
    """
    found = [
        replace(trial, bounds=trial.bounds or RateBounds(0.0, _ABOVE * trial.throughput / trial.items))
        for trial in trials
    ]
    capacities = [trial.throughput / trial.items for trial in trials]
    while True:
        open_places = [p for p, trial in enumerate(found) if not trial.dropped and not _is_found(trial, capacities[p])]
        if not open_places:
            return tuple(found)
        # The most capable goes first: the higher the best rate, the fewer can still reach it.
        for place in sorted(open_places, key=lambda p: -_bounds(found[p]).broken * found[p].items):
            if found[place].dropped:
                continue
            bounds = _bounds(found[place])
            rate = _choose_rate(bounds, capacities[place])
            answer = keeps(found[place].candidate, rate)
            if answer is None:
                return tuple(found)
            narrowed = replace(bounds, kept=rate) if answer else replace(bounds, broken=rate)
            found[place] = replace(found[place], bounds=narrowed)
            found = _drop_outdone(found)
            watch(found)


def _bounds(trial: Trial) -> RateBounds:
    return trial.bounds or RateBounds(0.0, 0.0)


def _choose_rate(bounds: RateBounds, capacity: float) -> float:
    """Halve the interval; while no rate was kept yet, go down faster, for rates far above the limit cost time."""
    untouched = bounds.broken > capacity
    return (bounds.kept + bounds.broken) / 2 if bounds.kept or untouched else bounds.broken / 4


def _is_found(trial: Trial, capacity: float) -> bool:
    bounds = _bounds(trial)
    narrow = bounds.broken - bounds.kept <= RESOLUTION * capacity
    return narrow and (bounds.kept > 0 or bounds.broken <= _HOPELESS * capacity)


def _drop_outdone(trials: Sequence[Trial]) -> list[Trial]:
    """Give up those whose lowest broken rate is below the best kept one; both in items."""
    best = max(trials, key=lambda trial: _bounds(trial).kept * trial.items)
    most = _bounds(best).kept * best.items
    return [
        replace(trial, dropped=f"it cannot reach the {most:.4g} items/s of {best.candidate.name} under the limit")
        if not trial.dropped and trial is not best and _bounds(trial).broken * trial.items <= most
        else trial
        for trial in trials
    ]
