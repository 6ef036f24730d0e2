"""What the lab says in words: one sentence on what is planned, or on what runs."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deepsched.planning import StreamPlan
    from deepsched_widgets.live_run import Sample


def describe_plan(plan: StreamPlan) -> str:
    """Say what is planned, such as ``3 streams planned on 16 cores. Findings: socket-straddle.``."""
    return f"{_count(plan.num_streams, 'stream')} planned on {_count(plan.num_cores, 'core')}. {_name_findings(plan)}"


def describe_sample(plan: StreamPlan, sample: Sample) -> str:
    """Say what runs, such as ``2 streams, 214 items/s, p50 9.3 ms, p99 12.1 ms. No findings.``."""
    snapshot = sample.snapshot
    words = [_count(sample.num_streams, "stream"), f"{snapshot.throughput:.3g} items/s"]
    if snapshot.throughput >= 1000:  # noqa: PLR2004 - beyond it, three digits would print an exponent
        words[1] = f"{snapshot.throughput:.0f} items/s"
    if not isnan(snapshot.latency.p50):
        words += [f"p50 {snapshot.latency.p50 * 1000:.1f} ms", f"p99 {snapshot.latency.p99 * 1000:.1f} ms"]
    return f"{', '.join(words)}. {_name_findings(plan)}"


def _name_findings(plan: StreamPlan) -> str:
    kinds = dict.fromkeys(finding.kind for finding in plan.findings)
    return f"Findings: {', '.join(kinds)}." if kinds else "No findings."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
