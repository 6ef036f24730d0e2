"""One run: the jobs done in order, and its result as JSON."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.progress import Progress

    from benchmarks.jobs import Job
    from benchmarks.samples import Sample
    from benchmarks.verdicts import Verdict

_CACHE = "DEEPSCHED_CACHE_DIR"


@dataclass(slots=True)
class Outcome:
    """What a run has brought so far.

    Attributes
    ----------
    samples : list of Sample
        What was measured, in order.
    failures : list of str
        The jobs that failed, each with its error, in a line.
    complete : bool
        Whether every job was tried: Ctrl-C ends a run early.
    """

    samples: list[Sample] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    complete: bool = False


def run_jobs(jobs: Sequence[Job], progress: Progress) -> Outcome:
    """Do the jobs one after another. One that fails costs its own figures, not those of the others."""
    outcome = Outcome()
    task = progress.add_task("", total=len(jobs))
    try:
        for job in jobs:
            progress.update(task, description=job.label)
            try:
                outcome.samples.extend(job.measure())
            except Exception as error:  # noqa: BLE001 - told at the end, whatever it is
                outcome.failures.append(f"{job.label}: {type(error).__name__}: {error}")
            progress.advance(task)
        outcome.complete = True
    except KeyboardInterrupt:
        pass
    return outcome


@contextmanager
def use_own_folder() -> Iterator[Path]:
    """Give a folder for the run's models; the models that the engine prepares go there too, not to the user's cache."""
    before = os.environ.get(_CACHE)
    with TemporaryDirectory(prefix="deepsched-bench-") as folder:
        os.environ[_CACHE] = folder
        try:
            yield Path(folder)
        finally:
            del os.environ[_CACHE]
            if before is not None:
                os.environ[_CACHE] = before


def write_result(path: Path, machine: dict[str, Any], verdicts: Sequence[Verdict], outcome: Outcome) -> None:
    """Write everything, down to each sample, to the JSON file `path`."""
    result = {
        "complete": outcome.complete,
        "failures": outcome.failures,
        "machine": machine,
        "rows": [verdict.to_dict() for verdict in verdicts],
        "samples": [asdict(sample) for sample in outcome.samples],
    }
    path.write_text(json.dumps(result, indent=1), encoding="utf-8")
