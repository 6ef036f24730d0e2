"""A benchmark's result as people read it."""

from __future__ import annotations

import math
from pathlib import PurePath
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from deepsched.measure import ClosedLoad

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from deepsched.measure import BenchmarkResult, Estimate

# A load that sends requests so late says more of itself than of the model: as a share of the median latency.
_LATE = 0.1


def show_benchmark(result: BenchmarkResult, percentiles: Sequence[float]) -> RenderableType:
    """Give a table of throughput and latency with their intervals, and what there is to say of them."""
    found = result.statistics
    facts = result.measurement.facts
    title = (
        f"{PurePath(facts.label).name}\n{facts.scheduler}: num_streams {facts.num_streams} on {facts.num_cores} cores"
    )
    table = Table(title=Text(title), title_justify="left", box=box.SIMPLE_HEAD)
    for heading in ("", "measured", "95 % interval", "unit"):
        table.add_column(heading, justify="left" if heading in {"", "unit"} else "right")
    table.add_row("throughput", *_write(found.throughput), "items/s")
    table.add_row("latency mean", *_write(found.latency.scaled(1e3)), "ms")
    for percent in sorted(set(percentiles)):
        table.add_row(f"latency p{percent:g}", *_write(found.percentile(percent).scaled(1e3)), "ms")
    return Group(table, *(Text(line) for line in _remark(result)))


def _write(estimate: Estimate) -> tuple[str, str]:
    low, high = _round(estimate.low), _round(estimate.high)
    between = f"{low} to {high}" if math.isfinite(estimate.high) else f"{low} or more" if low != "?" else "?"
    return _round(estimate.value), between


def _round(number: float) -> str:
    if not math.isfinite(number):
        return "?"
    return f"{number:.4g}" if abs(number) < 1000 else f"{number:.0f}"  # noqa: PLR2004 - no exponent, no false digits


def _remark(result: BenchmarkResult) -> Iterator[str]:
    found, load, setting = result.statistics, result.measurement.load, result.measurement.setting
    how = (
        f"{load.clients} client{'s' if load.clients != 1 else ''}, each with one request at a time"
        if isinstance(load, ClosedLoad)
        else f"{load.rate:g} requests/s, {load.arrivals} arrivals"
    )
    yield f"{found.requests} requests in {found.seconds:.1f} s; {how}; {result.measurement.facts.engine}."
    if setting.num_streams and setting.num_streams != result.measurement.facts.num_streams:
        yield f"num_streams: {setting.num_streams} requested, {result.measurement.facts.num_streams} actual."
    stability = found.stability
    yield "Stable: the last three windows agree within 10 %." if stability.stable else f"Not stable: {stability.reason}"
    if found.unanswered:
        yield (
            f"{found.unanswered} requests were given up unanswered: the rate is above what the model can serve, and "
            f"the latencies are of the run's length, not of the model."
        )
    if found.lateness > _LATE * found.percentile(50.0).value:
        late = f"{found.lateness * 1e3:.3g} ms late (p99)"
        yield f"The load itself sent requests up to {late}, which the latencies include."
    for finding in result.measurement.facts.plan.findings if result.measurement.facts.plan else ():
        yield f"{finding.kind}: {finding.message} {finding.suggestion}".strip()
