"""Plans on hybrid machines, under quotas, and as a person wrote them."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from deepsched.errors import DeepschedWarning, PlanError
from deepsched.planning import plan_all, plan_streams
from deepsched.topology import Limits, Topology
from deepsched.topology.arrange import FoundThread, arrange_threads

GOLDEN = Topology.from_synthetic("pack:2 l3:1 core:8 pu:1")


def make_hybrid() -> Topology:
    """6 performance cores with 2 hardware threads, 8 efficiency cores, 2 low-power cores outside the L3."""
    found = [FoundThread(cpu, f"P{cpu // 2}", 0, 0, 0, "performance") for cpu in range(12)]
    found += [FoundThread(cpu, f"E{cpu}", 0, 0, 0, "efficiency") for cpu in range(12, 20)]
    found += [FoundThread(cpu, f"L{cpu}", 0, 0, None, "low-power") for cpu in range(20, 22)]
    threads, _ = arrange_threads(reversed(found))
    return Topology("hybrid", threads, Limits(tuple(range(22))))


def limit(topology: Topology, quota: float) -> Topology:
    return Topology(topology.source, topology.threads, Limits(topology.limits.allowed_cpus, quota, "quota"))


def kinds(plan):
    return [finding.kind for finding in plan.findings]


class TestHybrid:
    def test_performance_cores_come_first(self):
        plan = plan_streams(make_hybrid(), 1, num_cores=7)
        assert plan.streams[0].cpus == (0, 2, 4, 6, 8, 10, 12)
        assert "mixed-core-kinds" in kinds(plan)

    @pytest.mark.parametrize("num_streams", range(3, 17))
    def test_no_stream_mixes_kinds_when_there_are_enough(self, num_streams):
        topology = make_hybrid()
        plan = plan_streams(topology, num_streams)
        kind_of = {core.index: core.kind for core in topology.cores}
        assert all(len({kind_of[core] for core in stream.cores}) == 1 for stream in plan.streams)
        assert "mixed-core-kinds" not in kinds(plan)
        # Within a kind, sizes differ by one at most.
        for kind in ("performance", "efficiency", "low-power"):
            sizes = [len(s.cores) for s in plan.streams if kind_of[s.cores[0]] == kind]
            assert max(sizes) - min(sizes) <= 1

    def test_mixing_is_told_with_a_way_out(self):
        finding = plan_streams(make_hybrid(), 1).findings[0]
        assert finding.kind == "mixed-core-kinds"
        assert "6 performance, 8 efficiency and 2 low-power cores" in finding.message
        suggested = int(finding.suggestion.split()[2].rstrip("."))
        assert "mixed-core-kinds" not in kinds(plan_streams(make_hybrid(), suggested))


class TestQuota:
    def test_the_default_keeps_within_the_quota_and_says_so(self):
        plan = plan_streams(limit(GOLDEN, 4.0))
        assert (plan.num_streams, plan.num_cores) == (1, 4)
        assert kinds(plan) == ["idle-cores"]
        assert "4.0 CPU by quota, 16 visible" in plan.findings[0].message

    def test_more_streams_than_the_quota_carries_are_capped(self):
        with pytest.warns(DeepschedWarning, match="capped to 2: 2.5 CPU by quota, 16 visible"):
            plan = plan_streams(limit(GOLDEN, 2.5), 4)
        assert plan.num_streams == 2
        assert plan.adjustments[0].requested == 4

    def test_cores_that_were_asked_for_are_granted_with_a_warning(self):
        plan = plan_streams(limit(GOLDEN, 1.0), 2, num_cores=16)
        assert plan.num_cores == 16
        assert plan.findings[0].kind == "exceeds-quota"
        assert plan.findings[0].suggestion == "Use num_cores 1."


class TestLayout:
    def test_a_wide_stream_beside_narrow_ones(self):
        plan = plan_streams(GOLDEN, streams=["0-7", "8-11", [12, 13, 14, 15]])
        assert [stream.cpus for stream in plan.streams] == [
            tuple(range(8)),
            tuple(range(8, 12)),
            tuple(range(12, 16)),
        ]
        assert kinds(plan) == ["l3-shared", "uneven-streams"]

    def test_a_straddling_layout_is_told_where_to_stay(self):
        finding = plan_streams(GOLDEN, streams=["6-10"]).findings[0]
        assert finding.kind == "socket-straddle"
        assert finding.suggestion == "Keep it to cores 8-10, on socket 1."

    def test_streams_that_share_a_core(self):
        topology = Topology.from_synthetic("pack:1 l3:1 core:2 pu:2")
        plan = plan_streams(topology, streams=["0,2-3", "1"])
        assert plan.findings[0].kind == "smt-shared"
        assert plan.findings[0].streams == (0, 1)

    @pytest.mark.parametrize(
        ("layout", "words"),
        [
            (["0-7", "7-8"], "both have cpu 7"),
            (["99"], "no online cpu 99"),
            ([], "expected a list"),
            ("0-3", "expected a list"),
            (["x"], "names no cpus"),
            (["0", ""], "stream 1 has no cpu"),
            ([3], "names no cpus"),
            ([["a"]], "no online cpu"),
        ],
    )
    def test_mistakes_are_named(self, layout, words):
        with pytest.raises(PlanError, match=words):
            plan_streams(GOLDEN, streams=layout)

    def test_cpus_that_may_not_be_used(self):
        topology = Topology("x", tuple(_bar(t, 3) for t in GOLDEN.threads), Limits(tuple(range(3))))
        with pytest.raises(PlanError, match="may not be used"):
            plan_streams(topology, streams=["0-3"])

    def test_a_layout_excludes_other_wishes(self):
        with pytest.raises(PlanError, match="whole layout"):
            plan_streams(GOLDEN, 2, streams=["0-7"])


def _bar(thread, cpu):
    return replace(thread, allowed=thread.cpu != cpu)


def test_threads_per_core_beyond_the_cores_is_capped():
    with pytest.warns(DeepschedWarning, match="threads_per_core 4 is capped to 1"):
        plan = plan_streams(GOLDEN, 2, threads_per_core=4)
    assert plan.streams[0].cpus == tuple(range(8))


def test_plan_all_gives_every_number_of_streams_fast_enough_for_a_slider():
    plans = plan_all(GOLDEN)
    assert [plan.num_streams for plan in plans] == list(range(1, 17))
    assert plans[2].findings == plan_streams(GOLDEN, 3).findings
    # GIVEN 8 times the cores THEN 8 times the plans, each some 8 times as long: far from 512 times.
    larger = Topology.from_synthetic("pack:2 [numa] l3:8 core:8 pu:1")
    assert _time(lambda: plan_all(larger)) < 512 * _time(lambda: plan_all(GOLDEN))


def _time(work) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
