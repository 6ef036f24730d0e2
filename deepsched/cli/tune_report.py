"""What a tuning found, as a report that opens offline."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np

from deepsched.cli.measured_runs import report_runs
from deepsched.render import Run, write_report
from deepsched.render.sweeps.sweep import make_point

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from deepsched.measure.tuning.result import TuneResult
    from deepsched.measure.tuning.trial import Trial

_MILLISECONDS = 1000.0


def write_tune_report(path: str | os.PathLike[str], result: TuneResult) -> None:
    """Write the settings that a tuning measured, the best one first, as an HTML file that opens offline.

    Raises
    ------
    MissingPackageError
        If plotly is not installed.
    OptionError
        If the file cannot be written.
    """
    best, limit = result.verdict.best, result.goal.latency_p99
    ordered = sorted(result.trials, key=lambda trial: trial is not best)
    runs = [run for trial in ordered for run in _describe_trial(trial)]
    early = ["Ctrl-C ended it early: this is the best until then."] if result.interrupted else []
    report = report_runs(
        runs,
        result.machine,
        result.versions,
        title=PurePath(result.label).name,
        verdict=[*early, result.reason, result.confidence, f"It took {result.cost:.0f} s."],
        code=result.code,
        latency_p99_ms=None if limit is None else limit * _MILLISECONDS,
    )
    write_report(path, report)


def _describe_trial(trial: Trial) -> Iterator[Run]:
    """Give a trial as a run; nothing before its first round."""
    found, candidate = trial.analyse(), trial.candidate
    if found is None:
        return
    settings = {"cores": str(candidate.plan.num_cores), "batch": str(trial.items), "rounds": str(found.rounds)}
    if trial.bounds is not None:
        settings["highest rate, requests/s"] = f"{trial.bounds.kept:.4g}"
    yield Run(
        candidate.name,
        make_point(
            candidate.plan,
            candidate.plan.num_streams,
            found.throughput,
            found.percentile(50.0),
            found.percentile(99.0),
        ),
        np.concatenate([one.latencies for one in trial.rounds]),
        plan=candidate.plan,
        settings=settings,
        remarks=(f"{trial.dropped}.",) if trial.dropped else (),
    )
