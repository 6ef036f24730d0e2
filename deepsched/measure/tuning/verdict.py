"""Which setting to use, why, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepsched.measure.comparison import LEAST_ROUNDS
from deepsched.measure.tuning.candidates import SIMPLICITY
from deepsched.measure.tuning.halving import NEAR, find_leader
from deepsched.measure.tuning.rate_search import RESOLUTION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.measure.tuning.goal import Goal
    from deepsched.measure.tuning.trial import Trial

_TOLD_APART = 1.2 * RESOLUTION  # a search ends just below its resolution


@dataclass(frozen=True, slots=True)
class Verdict:
    """The choice.

    Attributes
    ----------
    best : Trial
        What to use.
    equals : tuple of Trial
        What is as good as that within noise.
    keeps_limit : bool
        Whether the best one keeps the latency limit; True without one.
    reason, confidence : str
        Why it is the best, and how sure that is, in sentences.
    """

    best: Trial
    equals: tuple[Trial, ...]
    keeps_limit: bool
    reason: str
    confidence: str


def choose(trials: Sequence[Trial], goal: Goal) -> Verdict:
    """Choose among the trials that were measured: the simplest of those that equal the leader within noise.

    Equal is whose interval of the ratio to the leader holds 1, and who is not more than 3 % behind; for rates under a
    limit, whose interval of rates reaches the leader's.
    """
    measured = [trial for trial in trials if trial.rounds]
    by_rate = goal.seeks_rate and any(trial.bounds is not None for trial in measured)
    # Those that were given up were measured at other times than the rest: their numbers may well look better.
    alive = [trial for trial in measured if not trial.dropped] or measured
    leader = max(measured, key=_kept) if by_rate else find_leader(alive, goal)
    near = [t for t in measured if t is leader or (_reaches(t, leader) if by_rate else _equals(t, leader, goal))]
    best = min(near, key=lambda trial: trial.candidate.complexity)
    equals = tuple(trial for trial in near if trial is not best)
    keeps = (_kept(best) > 0) if by_rate else goal.keeps_limit(best) and not goal.seeks_rate
    reason = " ".join(
        [
            _say_what(best, goal, by_rate=by_rate, keeps=keeps),
            *_say_equal(best, equals),
            *(f"{trial.candidate.name}: {trial.dropped}." for trial in measured if trial.dropped and trial is not best),
            # Without their suggestions: what these would have tried was tried.
            *(finding.message for finding in best.candidate.plan.findings),
        ]
    )
    return Verdict(best, equals, keeps, reason, _say_how_sure(best, equals, trials, goal, by_rate=by_rate))


def _kept(trial: Trial) -> float:
    return trial.bounds.kept * trial.items if trial.bounds is not None else 0.0


def _reaches(trial: Trial, leader: Trial) -> bool:
    reaches = _kept(leader) > 0 and trial.bounds is not None and trial.bounds.broken * trial.items > _kept(leader)
    return reaches and _kept(trial) >= (1 - 2 * RESOLUTION) * _kept(leader)


def _equals(trial: Trial, leader: Trial, goal: Goal) -> bool:
    if trial.dropped or goal.keeps_limit(trial) is not goal.keeps_limit(leader):
        return False
    comparison = trial.compare(leader, goal.metric)
    if comparison is None or not comparison.equal:
        return False
    ratio = comparison.ratio.value
    return (ratio if goal.metric == "throughput" else 1 / ratio) >= 1 - NEAR


def _say_what(best: Trial, goal: Goal, *, by_rate: bool, keeps: bool) -> str:
    name, limit = best.candidate.name, (goal.latency_p99 or 0) * 1e3
    if by_rate and best.bounds is not None and keeps:
        return (
            f"{name} keeps p99 within {limit:g} ms up to {best.bounds.kept:.4g} requests/s; "
            f"{best.bounds.broken:.4g} were too many."
        )
    if by_rate:
        return f"No rate that was tried keeps p99 within {limit:g} ms; {name} is the nearest."
    said = f"{name}: {best.throughput:.4g} items/s, mean latency {best.mean * 1e3:.3g} ms, p99 {best.p99 * 1e3:.3g} ms."
    if goal.seeks_rate:
        return f"{said} No rate was tried yet; this is its capacity."
    return said if keeps else f"No setting keeps p99 within {limit:g} ms; this one has the smallest. {said}"


def _say_equal(best: Trial, equals: Sequence[Trial]) -> list[str]:
    if not equals:
        return []
    names = ", ".join(trial.candidate.name for trial in equals)
    return [f"Equal within noise: {names}. {best.candidate.name} is the simplest of them: {SIMPLICITY}."]


def _say_how_sure(best: Trial, equals: Sequence[Trial], trials: Sequence[Trial], goal: Goal, *, by_rate: bool) -> str:
    missing = [trial for trial in trials if not trial.rounds]
    if missing:
        return f"Not sure: not measured yet: {_join(missing)}."
    others = [trial for trial in trials if trial is not best and trial not in equals]
    if by_rate:
        return _say_how_sure_of_rates(best, others)
    if len(trials) == 1:
        return "Sure: there is no other setting to choose from."
    if goal.seeks_rate or len(best.rounds) < LEAST_ROUNDS:
        return f"Not sure: it ended after {len(best.rounds)} of each setting's rounds, before they could be told apart."
    return _say_how_sure_of_rounds(best, equals, others, goal)


def _say_how_sure_of_rates(best: Trial, others: Sequence[Trial]) -> str:
    open_ones = [t for t in others if not t.dropped and (t.bounds is None or t.bounds.broken * t.items > _kept(best))]
    if open_ones:
        return f"Not sure: {_join(open_ones)} may reach a higher rate; the search could not tell them apart."
    if best.bounds is not None and best.bounds.broken - best.bounds.kept > _TOLD_APART * best.throughput / best.items:
        return (
            f"Fairly sure of the setting, not of the rate: it lies between {best.bounds.kept:.4g} and "
            f"{best.bounds.broken:.4g} requests/s, and the search ended before it was nearer. Give it a larger budget."
        )
    return (
        f"Fairly sure: rates are told apart to {RESOLUTION:.0%} of the capacity, and p99 is that of a single round for "
        f"each rate."
    )


def _say_how_sure_of_rounds(best: Trial, equals: Sequence[Trial], others: Sequence[Trial], goal: Goal) -> str:
    rounds = f"over {len(best.rounds)} rounds"
    unclear = [trial for trial in others if not trial.dropped and not _lost(trial, best, goal)]
    if unclear:
        return f"Not sure: {_join(unclear)} may be as good; {rounds} the interval holds both. Measure for longer."
    halved = [trial for trial in others if "worse half" in trial.dropped]
    if halved:
        return f"Fairly sure: 95 % for each comparison {rounds}, but {_join(halved)} went before there was an interval."
    if equals:
        return f"Sure to within {_reach(best, equals, goal)}: 95 % for each comparison, {rounds}."
    return f"Sure: every other setting is worse, with 95 % confidence for each, {rounds}."


def _lost(trial: Trial, best: Trial, goal: Goal) -> bool:
    if goal.keeps_limit(best) and not goal.keeps_limit(trial):
        return True
    comparison = trial.compare(best, goal.metric)
    return comparison is not None and comparison.verdict == "second"


def _join(trials: Sequence[Trial]) -> str:
    return ", ".join(trial.candidate.name for trial in trials)


def _reach(best: Trial, equals: Sequence[Trial], goal: Goal) -> str:
    """Give the widest that an interval of the ratio to an equal setting reaches from 1."""
    ratios = [found.ratio for trial in equals if (found := best.compare(trial, goal.metric)) is not None]
    return f"{max(max(1 - ratio.low, ratio.high - 1) for ratio in ratios):.1%}"
