"""Successive halving: all candidates are measured in turns, and those that lose are not measured again.

K. Jamieson and A. Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", 2016. While
there are too few rounds for an interval, the worse half goes; after that, whoever is worse with 95 % confidence.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deepsched.measure.comparison import Comparison
    from deepsched.measure.tuning.candidates import Candidate
    from deepsched.measure.tuning.goal import Goal
    from deepsched.measure.tuning.trial import Sample, Trial

    # One round of each candidate, in turns; the round's number decides their order. None where Ctrl-C came first.
    MeasureRound = Callable[[Sequence[Candidate], int], Sequence[Sample | None]]

# Settings so near to one another are not worth further rounds, nor a more complicated setting.
NEAR = 0.03
MOST_ROUNDS = 12
_FEW = 4  # candidates that are cheap enough to keep until the interval speaks
_CLOSE = 0.10  # the worse half stays where it is as near as this: a round alone cannot tell


def halve(
    trials: Sequence[Trial],
    goal: Goal,
    measure: MeasureRound,
    may_go_on: Callable[[Sequence[Trial]], bool],
    watch: Callable[[Sequence[Trial]], None] = lambda _trials: None,
) -> tuple[Trial, ...]:
    """Measure rounds until one candidate is left, those left are equal, or the time is spent.

    Parameters
    ----------
    trials : sequence of Trial
        The candidates; those that have rounds go on from there.
    goal : Goal
        What they compete for.
    measure : callable
        Measures a round.
    may_go_on : callable
        Whether there is time for one more round of the candidates given.
    watch : callable
        Told how things stand, after each round.

    Returns
    -------
    tuple of Trial
        The trials in their order, as far as they came where Ctrl-C ended it.
    """
    found = list(drop_losers(trials, goal))
    while not is_settled(found, goal):
        alive = [place for place, trial in enumerate(found) if not trial.dropped]
        if not may_go_on([found[place] for place in alive]):
            break
        number = max(len(trial.rounds) for trial in found)
        samples = measure([found[place].candidate for place in alive], number)
        complete = all(sample is not None and not sample.round.interrupted for sample in samples)
        for place, sample in zip(alive, samples, strict=True):
            # A round that not all had is in no pair; it tells something only where there is nothing else.
            if sample is not None and (complete or not found[place].rounds):
                found[place] = found[place].add(sample)
        if complete:
            found = list(drop_losers(found, goal))
        watch(found)
        if not complete:
            break
    return tuple(found)


def drop_losers(trials: Sequence[Trial], goal: Goal) -> tuple[Trial, ...]:
    """Give up those that have lost to the leader, with the reason."""
    alive = [trial for trial in trials if not trial.dropped and trial.rounds]
    if len(alive) < 2:  # noqa: PLR2004 - nobody to lose to
        return tuple(trials)
    leader = find_leader(alive, goal)
    by_rank = sorted(alive, key=goal.rank, reverse=True)
    worse_half = by_rank[max(_FEW, (len(alive) + 1) // 2) :]
    return tuple(
        replace(trial, dropped=_judge(trial, leader, goal, in_worse_half=any(trial is one for one in worse_half)))
        if any(trial is one for one in alive) and trial is not leader
        else trial
        for trial in trials
    )


def find_leader(trials: Sequence[Trial], goal: Goal) -> Trial:
    """Find the best of what was measured so far."""
    return max(trials, key=goal.rank)


def is_settled(trials: Sequence[Trial], goal: Goal) -> bool:
    """Tell whether further rounds would change nothing: one is left, or those left are as near as `NEAR`."""
    alive = [trial for trial in trials if not trial.dropped]
    fewest = min(len(trial.rounds) for trial in alive)
    if fewest >= MOST_ROUNDS:
        return True
    if len(alive) == 1:
        # A lone candidate needs rounds for its own interval, though nobody is left to compare it with.
        return fewest >= _ALONE
    leader = find_leader(alive, goal)
    others = [trial.compare(leader, goal.metric) for trial in alive if trial is not leader]
    return fewest > 0 and all(found is not None and is_near(found) for found in others)


_ALONE = 3


def is_near(comparison: Comparison) -> bool:
    """Tell whether the whole interval of the ratio is within `NEAR` of 1."""
    return comparison.ratio.low >= 1 - NEAR and comparison.ratio.high <= 1 + NEAR


def _judge(trial: Trial, leader: Trial, goal: Goal, *, in_worse_half: bool) -> str:
    if goal.latency_p99 is not None and goal.keeps_limit(leader):
        found = trial.analyse()
        if found is not None and found.percentile(99.0).low > goal.latency_p99:
            return f"its p99 of {trial.p99 * 1e3:.3g} ms is above the limit"
    comparison = trial.compare(leader, goal.metric)
    if comparison is not None:
        lost = comparison.verdict == "second" and goal.keeps_limit(leader)
        return _say_ratio(comparison, leader) if lost else ""
    score, best = (one.throughput if goal.metric == "throughput" else 1 / one.mean for one in (trial, leader))
    if in_worse_half and goal.keeps_limit(leader) and score < (1 - _CLOSE) * best:
        return f"in the worse half after {len(trial.rounds)} rounds: {score / best:.2f} of {leader.candidate.name}"
    return ""


def _say_ratio(comparison: Comparison, leader: Trial) -> str:
    ratio = comparison.ratio
    what = "throughput" if comparison.metric == "throughput" else "mean latency"
    return (
        f"its {what} is {ratio.value:.2f} times that of {leader.candidate.name} ({ratio.low:.2f} to {ratio.high:.2f})"
    )
