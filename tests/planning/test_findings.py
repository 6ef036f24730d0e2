"""The words of findings, where a plain rule cannot check them."""

from __future__ import annotations

import pytest

from deepsched import Finding, Topology, plan_streams
from deepsched.topology import HardwareThread, Limits, restrict_topology


def find(text: str, num_streams: int, kind: str, **options: int) -> list[Finding]:
    plan = plan_streams(Topology.from_synthetic(text), num_streams, **options)
    return [finding for finding in plan.findings if finding.kind == kind]


def test_many_sockets_are_named() -> None:
    (finding,) = find("pack:4 core:2 pu:1", 1, "socket-straddle")
    assert finding.message == "Stream 0 straddles sockets 0-3 (cores 0-1, 2-3, 4-5 and 6-7): remote memory accesses."


def test_some_of_the_sockets_are_named() -> None:
    (first, _) = find("pack:4 core:2 pu:1", 2, "socket-straddle")
    assert first.message == "Stream 0 straddles sockets 0 and 1 (cores 0-1 and 2-3): remote memory accesses."


@pytest.mark.parametrize("limit", ["num_cores", "cpuset"])
def test_both_means_all_that_the_machine_has(limit: str) -> None:
    # GIVEN a machine of four sockets, of which two are used
    topology = Topology.from_synthetic("pack:4 core:2 pu:1")
    if limit == "num_cores":
        plan = plan_streams(topology, 1, num_cores=4)
    else:
        plan = plan_streams(restrict_topology(topology, {0, 1, 2, 3}), 1)
    # THEN nobody reads that it has but two
    (finding,) = (finding for finding in plan.findings if finding.kind == "socket-straddle")
    assert "straddles sockets 0 and 1" in finding.message


def test_numa_nodes_of_a_socket() -> None:
    (finding,) = find("pack:1 numa:2 l3:1 core:4 pu:1", 1, "numa-straddle")
    assert finding.severity == "warning"
    assert finding.message == "Stream 0 straddles both NUMA nodes (cores 0-3 and 4-7): remote memory accesses."
    assert finding.suggestion == "Try num_streams 2."


def test_l3s_of_a_numa_node() -> None:
    (finding,) = find("pack:1 l3:2 core:4 pu:1", 1, "l3-straddle")
    assert finding.severity == "info"
    assert "Stream 0 straddles both L3 caches (cores 0-3 and 4-7)" in finding.message


def test_more_than_two_streams_share_an_l3() -> None:
    (three,) = find("pack:1 l3:1 core:6 pu:1", 3, "l3-shared")
    assert three.message.startswith("Streams 0, 1 and 2 share L3 0")
    (six,) = find("pack:1 l3:1 core:6 pu:1", 6, "l3-shared")
    assert six.message.startswith("Streams 0-5 share L3 0")


def test_cores_without_an_l3_neither_share_nor_straddle_one() -> None:
    # GIVEN two cores without an L3 beside two that share one
    threads = tuple(HardwareThread(n, n, 0, 0, None if n < 2 else 0, 0) for n in range(4))
    topology = Topology(source="mixed", threads=threads, limits=Limits((0, 1, 2, 3)))
    # THEN only the latter two are said to share it, and a stream that has it and more straddles nothing
    assert [(f.kind, f.streams) for f in plan_streams(topology, 4).findings] == [("l3-shared", (2, 3))]
    assert plan_streams(topology, 1).findings == ()


def test_cores_are_named_by_their_numbers_on_the_whole_machine() -> None:
    topology = restrict_topology(Topology.from_synthetic("pack:2 core:8 pu:1"), {5, 7, 8, 12})
    (finding,) = plan_streams(topology, 1).findings
    assert "(cores 5,7 and 8,12)" in finding.message


@pytest.mark.parametrize("text", ["core:8 pu:1", "pack:2 core:8 pu:1"])
def test_the_nearest_remedies_are_suggested(text: str) -> None:
    (*_, uneven) = plan_streams(Topology.from_synthetic(text), 5).findings
    assert (uneven.kind, uneven.suggestion) == ("uneven-streams", "Try num_streams 4 or 8.")


def test_even_streams_are_suggested_before_nearer_ones() -> None:
    # GIVEN sockets of 3 and 1 usable cores: 3 streams (2, 1, 1) keep within sockets, and so do 4 (1, 1, 1, 1)
    topology = restrict_topology(Topology.from_synthetic("pack:2 core:4 pu:1"), {0, 1, 2, 4})
    (finding,) = plan_streams(topology, 1).findings
    assert finding.suggestion == "Try num_streams 4."


def test_uneven_streams_are_counted_where_a_list_would_be_long() -> None:
    (finding,) = find("core:16 pu:1", 6, "uneven-streams")
    assert "(4 of 3, 2 of 2 cores)" in finding.message
    assert finding.streams == (4, 5)
    assert "33% fewer cores" in finding.message


def test_a_finding_is_silent_on_what_cannot_be_suggested() -> None:
    # GIVEN one core and one stream
    assert plan_streams(Topology.from_synthetic("core:1 pu:2"), 1).findings == ()
