"""The golden example: 16 cores in two sockets of eight, one L3 each."""

from __future__ import annotations

import pytest

from deepsched import StreamPlan, Topology, plan_streams

TOPOLOGY = Topology.from_synthetic("pack:2 l3:1 core:8 pu:1")


def cpus_of(plan: StreamPlan) -> list[list[int]]:
    return [list(stream.cpus) for stream in plan.streams]


@pytest.mark.parametrize(("num_streams", "requested"), [(None, None), (0, None), (2, 2)])
def test_two_streams_are_aligned_and_the_default(num_streams: int | None, requested: int | None) -> None:
    plan = plan_streams(TOPOLOGY, num_streams=num_streams)
    assert cpus_of(plan) == [[*range(8)], [*range(8, 16)]]
    assert plan.findings == ()
    assert plan.adjustments == ()
    assert (plan.num_streams, plan.requested_num_streams) == (2, requested)
    assert [(s.index, s.sockets, s.numa_nodes, s.l3_caches) for s in plan.streams] == [
        (0, (0,), (0,), (0,)),
        (1, (1,), (0,), (1,)),
    ]


def test_three_streams_straddle_and_are_uneven() -> None:
    # WHEN 16 cores are cut in three
    plan = plan_streams(TOPOLOGY, num_streams=3)
    # THEN the first stream gets the one core more
    assert cpus_of(plan) == [[*range(6)], [*range(6, 11)], [*range(11, 16)]]
    assert [stream.cores for stream in plan.streams] == [tuple(range(6)), tuple(range(6, 11)), tuple(range(11, 16))]
    assert [(s.sockets, s.l3_caches) for s in plan.streams] == [((0,), (0,)), ((0, 1), (0, 1)), ((1,), (1,))]
    # THEN what is sure to cost comes first, and each finding says what to do
    straddle, uneven = plan.findings
    assert (straddle.kind, straddle.severity, straddle.streams) == ("socket-straddle", "warning", (1,))
    assert "Stream 1 straddles both sockets" in straddle.message
    assert "cores 6-7 and 8-10" in straddle.message
    assert "remote memory accesses" in straddle.message
    assert straddle.suggestion == "Try num_streams 2 or 4."
    assert straddle.cpus == (6, 7, 8, 9, 10)
    assert (uneven.kind, uneven.severity, uneven.streams) == ("uneven-streams", "info", (1, 2))
    assert "6, 5, 5" in uneven.message
    assert uneven.suggestion == "Try num_streams 2 or 4."


def test_four_streams_share_l3_caches_two_by_two() -> None:
    plan = plan_streams(TOPOLOGY, num_streams=4)
    assert cpus_of(plan) == [[*range(4)], [*range(4, 8)], [*range(8, 12)], [*range(12, 16)]]
    assert [(f.kind, f.severity, f.streams) for f in plan.findings] == [
        ("l3-shared", "info", (0, 1)),
        ("l3-shared", "info", (2, 3)),
    ]
    first, second = plan.findings
    assert first.message == "Streams 0 and 1 share L3 0: may thrash the cache."
    assert second.message == "Streams 2 and 3 share L3 1: may thrash the cache."


def test_single_stream_takes_all_cores() -> None:
    plan = plan_streams(TOPOLOGY, scheduler="single_stream")
    assert cpus_of(plan) == [[*range(16)]]
    assert plan.adjustments == ()
    assert [(f.kind, f.streams) for f in plan.findings] == [("socket-straddle", (0,))]


def test_single_stream_is_not_told_to_try_what_it_cannot() -> None:
    # GIVEN the plan of a scheduler that has one stream, whatever num_streams says
    (finding,) = plan_streams(TOPOLOGY, scheduler="single_stream").findings
    # THEN no num_streams is suggested without the scheduler that has them
    assert "num_streams" not in finding.suggestion or "multi_stream" in finding.suggestion


def test_plain_data() -> None:
    data = plan_streams(TOPOLOGY, num_streams=4).to_dict()
    assert list(data) == ["scheduler", "num_streams", "requested_num_streams", "streams", "findings"]
    assert data["streams"][3] == {
        "index": 3,
        "cpus": [12, 13, 14, 15],
        "sockets": [1],
        "numa_nodes": [0],
        "l3_caches": [1],
    }
    assert data["findings"][1] == {
        "kind": "l3-shared",
        "severity": "info",
        "streams": [2, 3],
        "message": "Streams 2 and 3 share L3 1: may thrash the cache.",
        "suggestion": "Measure it beside one stream an L3: more requests in parallel may outweigh it.",
    }


def test_representations() -> None:
    plan = plan_streams(TOPOLOGY, num_streams=3)
    assert repr(plan) == "StreamPlan(multi_stream, num_streams=3, cores=[6, 5, 5])"
    assert repr(plan_streams(TOPOLOGY, num_streams=16)).endswith("cores=[1, 1, 1, 1, 1, 1, 1, 1, ...])")
