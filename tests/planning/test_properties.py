"""What holds of every plan on every machine."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepsched import plan_streams
from tests.planning.machines import STRADDLES, expect_findings, machines_and_counts, straddles, threads_of_cores

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deepsched import Finding, StreamPlan
    from tests.planning.machines import Machine

# How long an example takes says more of the computer than of the code.
every_plan = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def plan_quietly(machine: Machine, num_streams: int | None, **options: int | None) -> StreamPlan:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return plan_streams(machine.build(), num_streams, **options)


def suggested_by(finding: Finding) -> list[int]:
    """Read the other num_streams that a finding suggests."""
    match = re.fullmatch(r"Try num_streams (\d+)(?: or (\d+))?\.", finding.suggestion)
    return [int(number) for number in match.groups() if number] if match else []


@every_plan
@given(machines_and_counts(), st.none() | st.integers(1, 300))
def test_a_plan_is_a_partition_of_the_usable_cores(wish: tuple[Machine, int | None], num_cores: int | None) -> None:
    plan = plan_quietly(*wish, num_cores=num_cores)
    # THEN the streams one after another are the first usable cores in topological order: none missing, none twice
    usable = list(threads_of_cores(plan.topology))[:num_cores]
    assert [core for stream in plan.streams for core in stream.cores] == usable
    # THEN sizes differ by one at most, and the larger come first
    sizes = [len(stream.cores) for stream in plan.streams]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] >= 1
    assert sizes[0] - sizes[-1] <= 1
    # THEN there are as many as asked for, or as there are cores
    _, num_streams = wish
    if num_streams:
        assert plan.num_streams == min(num_streams, len(usable))
    assert [stream.index for stream in plan.streams] == list(range(plan.num_streams))
    assert plan.num_cores == len(usable)


@every_plan
@given(machines_and_counts(), st.integers(1, 2))
def test_a_stream_has_the_allowed_cpus_of_its_cores_and_says_where_they_are(
    wish: tuple[Machine, int | None], threads_per_core: int
) -> None:
    plan = plan_quietly(*wish, threads_per_core=threads_per_core)
    threads = threads_of_cores(plan.topology)
    for stream in plan.streams:
        used = [t for core in stream.cores for t in threads[core][:threads_per_core]]
        assert stream.cpus == tuple(t.cpu for t in used)
        assert stream.sockets == tuple(dict.fromkeys(t.socket for t in used))
        assert stream.numa_nodes == tuple(dict.fromkeys(t.numa_node for t in used))
        assert stream.l3_caches == tuple(dict.fromkeys(t.l3 for t in used if t.l3 is not None))
    # THEN no cpu is in two streams
    cpus = [cpu for stream in plan.streams for cpu in stream.cpus]
    assert len(set(cpus)) == len(cpus)
    assert plan.stream_of_cpus() == {cpu: stream.index for stream in plan.streams for cpu in stream.cpus}


@every_plan
@given(machines_and_counts())
def test_findings_are_those_that_brute_force_finds(wish: tuple[Machine, int | None]) -> None:
    plan = plan_quietly(*wish)
    found = [(finding.kind, finding.streams) for finding in plan.findings]
    # THEN each is there once, and nothing else
    assert set(found) == expect_findings(plan)
    assert len(set(found)) == len(found)
    # THEN the gravest come first
    severities = [finding.severity for finding in plan.findings]
    assert severities == sorted(severities, key=("warning", "info").index)
    for finding in plan.findings:
        assert (finding.severity == "warning") == (finding.kind in {"socket-straddle", "numa-straddle"})
        # THEN each names the cpus of its streams
        assert finding.cpus == tuple(cpu for index in finding.streams for cpu in plan.streams[index].cpus)


@every_plan
@given(machines_and_counts(max_cores=24))
def test_what_is_suggested_straddles_nothing(wish: tuple[Machine, int | None]) -> None:
    machine, _ = wish
    plan = plan_quietly(*wish)
    # WHEN every other num_streams that its findings suggest is planned in its place
    for n in {n for finding in plan.findings for n in suggested_by(finding)}:
        followed = plan_quietly(machine, n)
        # THEN who follows it gets what was suggested, and no straddle
        assert followed.num_streams == n != plan.num_streams
        assert not {finding.kind for finding in followed.findings} & set(STRADDLES)


@every_plan
@given(machines_and_counts(max_cores=24))
def test_the_nearest_that_straddle_nothing_are_suggested(wish: tuple[Machine, int | None]) -> None:
    machine, _ = wish
    plan = plan_quietly(*wish)
    remediable = [finding for finding in plan.findings if finding.kind in {*STRADDLES, "uneven-streams"}]
    # GIVEN every other num_streams, tried
    others = [plan_quietly(machine, n) for n in range(1, plan.num_cores + 1) if n != plan.num_streams]
    aligned = [other for other in others if not straddles(other)]
    # THEN the nearest below and above are suggested; those with even streams before others
    expected = [
        *_nearest(plan, (other for other in aligned if other.num_streams < plan.num_streams)),
        *_nearest(plan, (other for other in aligned if other.num_streams > plan.num_streams)),
    ]
    assert [suggested_by(finding) for finding in remediable] == [expected] * len(remediable)


def _nearest(plan: StreamPlan, candidates: Iterable[StreamPlan]) -> list[int]:
    ranked = sorted(
        (plan.num_cores % other.num_streams != 0, abs(other.num_streams - plan.num_streams), other.num_streams)
        for other in candidates
    )
    return [num_streams for _, _, num_streams in ranked[:1]]


@every_plan
@given(machines_and_counts())
def test_planning_has_no_memory(wish: tuple[Machine, int | None]) -> None:
    assert plan_quietly(*wish) == plan_quietly(*wish)
