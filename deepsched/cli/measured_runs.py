"""From measurements to what pictures and reports take. Here, because `measure` and `render` do not know each other."""

from __future__ import annotations

from math import isfinite
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.errors import OptionError
from deepsched.measure import ClosedLoad, Setting
from deepsched.render import (
    Report,
    Run,
    Timeline,
    name_boundaries,
    write_chrome_trace,
    write_report,
)
from deepsched.render.sweeps.sweep import make_point

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from deepsched.measure import BenchmarkResult, Measurement, Statistics


_PARTS = {
    "sockets": "socket",
    "numa_nodes": "NUMA node",
    "l3_caches": "L3 cache",
    "cores": "core",
    "hardware_threads": "hardware thread",
}


def describe_run(measurement: Measurement, statistics: Statistics | None = None, name: str = "") -> Run:
    """Give a measurement as a run for pictures.

    Parameters
    ----------
    measurement : Measurement
        The rounds of one setting.
    statistics : Statistics, optional
        What they amount to, with p50 and p99; computed by default.
    name : str
        What tells it from others; by default its scheduler, num_streams and, if another's, its engine.
    """
    found = statistics or measurement.analyse()
    facts, setting = measurement.facts, measurement.setting
    own = f"{facts.scheduler}, num_streams {facts.num_streams}"
    return Run(
        name or (own if setting.engine == "deepsched" else f"{setting.engine}, num_streams {facts.num_streams}"),
        make_point(facts.plan, facts.num_streams, found.throughput, found.percentile(50.0), found.percentile(99.0)),
        np.concatenate([one.latencies for one in measurement.rounds]),
        measurement.trace,
        facts.plan,
        {
            "engine": setting.engine,
            "cores": str(facts.num_cores),
            "batch": str(facts.items),
            "pinning": setting.pinning,
            "load": _describe_load(measurement),
            "requests": str(found.requests),
        },
        tuple(_remark(measurement, found)),
    )


def report_runs(runs: Sequence[Run], machine: Mapping[str, Any], versions: Mapping[str, str], **words: Any) -> Report:
    """Gather runs in a report.

    Parameters
    ----------
    runs : sequence of Run
        The first is the one to look at first.
    machine : mapping
        What `describe_machine` gave.
    versions : mapping
        What `list_versions` gave.
    **words
        `title` and whatever else `Report` takes.
    """
    plan = next((run.plan for run in runs if run.plan is not None), None)
    boundaries = name_boundaries(plan.topology) if plan is not None else {}
    return Report(runs=runs, machine=_list_machine(machine, versions), boundaries=boundaries, **words)


def write_benchmark_report(path: str | os.PathLike[str], result: BenchmarkResult) -> None:
    """Write what a benchmark found as an HTML file that opens offline.

    Raises
    ------
    MissingPackageError
        If plotly is not installed.
    OptionError
        If the file cannot be written.
    """
    run = describe_run(result.measurement, result.statistics)
    verdict = ["Ctrl-C ended it early: this is what was measured until then."] if result.interrupted else []
    title = PurePath(result.measurement.facts.label).name
    write_report(path, report_runs([run], result.machine, result.versions, title=title, verdict=verdict))


def write_benchmark_trace(path: str | os.PathLike[str], result: BenchmarkResult) -> None:
    """Write the last requests of a benchmark as a Chrome trace.

    Raises
    ------
    OptionError
        If the file cannot be written.
    """
    measurement = result.measurement
    run = describe_run(measurement, result.statistics)
    lanes = max([run.point.num_streams, *(record.stream + 1 for record in run.records)])
    title = f"{PurePath(measurement.facts.label).name}, {run.name}"
    write_chrome_trace(path, Timeline(title, measurement.trace, lanes))


def check_traceable(engine: str) -> None:
    """See that an engine's requests leave records.

    Raises
    ------
    OptionError
        If they do not.
    """
    if Setting(engine=engine).engine != "deepsched":
        raise OptionError(
            f"a trace of engine {engine!r} was asked for; only deepsched's own tells which stream ran what."
        )


def _describe_load(measurement: Measurement) -> str:
    load = measurement.load
    if isinstance(load, ClosedLoad):
        return f"{load.clients} client{'s' if load.clients != 1 else ''}"
    return f"{load.rate:g} requests/s, {load.arrivals}"


def _remark(measurement: Measurement, found: Statistics) -> Iterable[str]:
    yield "Stable: the last three windows agree." if found.stability.stable else f"Not stable: {found.stability.reason}"
    if found.unanswered:
        yield f"{found.unanswered} requests were given up unanswered: the rate is above what the model can serve."
    plan = measurement.facts.plan
    for finding in plan.findings if plan is not None else ():
        yield f"{finding.kind}: {finding.message} {finding.suggestion}".strip()


def _list_machine(machine: Mapping[str, Any], versions: Mapping[str, str]) -> dict[str, str]:
    limits = machine["limits"]
    parts = ", ".join(f"{machine[name]} {words}{'s' * (machine[name] != 1)}" for name, words in _PARTS.items())
    quota = limits["quota_cpus"]
    allowed = f"{len(limits['allowed_cpus'])} cpus" + (f", a quota of {quota:g} cpus" if quota is not None else "")
    load = machine["load_1min"]
    return {
        "processor": f"{machine['processor'] or '?'} ({machine['architecture']})",
        "topology": parts,
        "allowed": allowed,
        "memory": f"{machine['memory_bytes'] / 2**30:.1f} GiB",
        "load before": f"{load:.2f} running threads" if isfinite(load) else "?",
        "kernel": machine["kernel"],
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
    }
