"""What a tuning found, and the code to paste."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepsched.measure.bootstrap import finite_or_none
from deepsched.measure.code import write_compile_call
from deepsched.measure.tuning.resume import pack_trials
from deepsched.planning.exports import EXPORT_KINDS

if TYPE_CHECKING:
    import os

    from deepsched.measure.setting import Setting
    from deepsched.measure.tuning.goal import Goal
    from deepsched.measure.tuning.trial import Trial
    from deepsched.measure.tuning.verdict import Verdict
    from deepsched.planning import StreamPlan


@dataclass(frozen=True, slots=True)
class TuneResult:
    """What a tuning found.

    Attributes
    ----------
    label : str
        The model, as it was given.
    goal : Goal
        What was sought.
    verdict : Verdict
        The best setting, those equal to it, why, and how sure.
    trials : tuple of Trial
        All settings with their rounds, the simplest first.
    cost, budget : float
        The seconds that it took, and that it might take.
    interrupted : bool
        Whether Ctrl-C came; the verdict is of what was measured until then.
    machine, versions, identity : dict
        What it ran on, and what a later tuning must have in common to go on from here.
    """

    label: str
    goal: Goal
    verdict: Verdict
    trials: tuple[Trial, ...]
    cost: float
    budget: float
    interrupted: bool
    machine: dict[str, Any]
    versions: dict[str, str]
    identity: dict[str, Any]

    @property
    def best(self) -> Setting:
        """The setting to use."""
        return self.verdict.best.candidate.setting

    @property
    def plan(self) -> StreamPlan:
        """Who has which cores with it."""
        return self.verdict.best.candidate.plan

    @property
    def reason(self) -> str:
        """Why, in words."""
        return self.verdict.reason

    @property
    def confidence(self) -> str:
        """How sure, in words."""
        return self.verdict.confidence

    @property
    def pareto(self) -> tuple[Trial, ...]:
        """The settings that no other beats in throughput and p99 at once, the highest throughput first.

        They are compared over the rounds that all have: later ones may have met a busier machine.
        """
        measured = [trial for trial in self.trials if trial.rounds]
        common = min(len(trial.rounds) for trial in measured)
        points = [(replace(trial, rounds=trial.rounds[:common]), trial) for trial in measured]
        front: list[Trial] = []
        lowest = math.inf
        for point, trial in sorted(points, key=lambda pair: (-pair[0].throughput, pair[0].p99)):
            if point.p99 < lowest or not front:
                lowest = point.p99
                front.append(trial)
        return tuple(front)

    @property
    def code(self) -> str:
        """Python to paste: the call of `compile_model`."""
        setting = self.best
        return write_compile_call(
            self.label,
            setting.chosen_scheduler,
            setting.num_streams,
            batch_size=setting.batch_size,
            num_cores=setting.num_cores,
            threads_per_core=None if setting.threads_per_core == 1 else setting.threads_per_core,
            pinning=None if setting.pinning == "core" else setting.pinning,
        )

    @property
    def exports(self) -> dict[str, str]:
        """The plan for other programs, a text to paste each; see `StreamPlan.export`."""
        return {kind: self.plan.export(kind) for kind in EXPORT_KINDS}

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data, in the shape that ``deepsched tune --json`` prints."""
        return {
            "model_path": self.label,
            "goal": self.goal.to_dict(),
            "best": self.best.to_dict(),
            "keeps_limit": self.verdict.keeps_limit,
            "equals": [trial.candidate.setting.to_dict() for trial in self.verdict.equals],
            "reason": self.reason,
            "confidence": self.confidence,
            "settings": [self._describe(trial) for trial in self.trials],
            "pareto": [trial.candidate.name for trial in self.pareto],
            "code": self.code,
            "exports": self.exports,
            "plan": self.plan.to_dict(),
            "cost_seconds": self.cost,
            "budget_seconds": self.budget,
            "interrupted": self.interrupted,
            "machine": self.machine,
            "versions": self.versions,
        }

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the JSON to a file from which a later tuning can go on: every request is in it, packed."""
        resume = {"identity": self.identity, "trials": pack_trials(self.trials)}
        Path(path).write_text(json.dumps({**self.to_dict(), "resume": resume}, indent=2) + "\n", encoding="utf-8")

    def _describe(self, trial: Trial) -> dict[str, Any]:
        found = trial.analyse()
        against = None if trial is self.verdict.best else trial.compare(self.verdict.best, self.goal.metric)
        return {
            "name": trial.candidate.name,
            "setting": trial.candidate.setting.to_dict(),
            "rounds": len(trial.rounds),
            "statistics": None if found is None else found.to_dict(),
            "p99_ms": finite_or_none(trial.p99 * 1e3),
            "against_best": None if against is None else against.to_dict(),
            "rate": None if trial.bounds is None else trial.bounds.to_dict(),
            "dropped": trial.dropped or None,
            "findings": [finding.kind for finding in trial.candidate.plan.findings],
        }

    def __repr__(self) -> str:
        return f"TuneResult({self.verdict.best.candidate.name}: {self.reason} {self.confidence})"
