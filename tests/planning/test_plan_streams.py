"""What `plan_streams` accepts, what it changes of that, and what it refuses."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from deepsched import DeepschedError, DeepschedWarning, Scheduler, StreamPlan, Topology, plan_streams
from deepsched.errors import PlanError, PlanTypeError
from deepsched.topology import restrict_topology

TOPOLOGY = Topology.from_synthetic("pack:2 l3:1 core:8 pu:1")


def sizes(plan: StreamPlan) -> list[int]:
    return [len(stream.cores) for stream in plan.streams]


@pytest.mark.parametrize(
    ("cores", "num_streams", "expected"),
    [(17, 4, [5, 4, 4, 4]), (18, 4, [5, 5, 4, 4]), (16, 5, [4, 3, 3, 3, 3]), (3, 3, [1, 1, 1]), (1, 1, [1])],
)
def test_the_first_streams_get_the_core_more(cores: int, num_streams: int, expected: list[int]) -> None:
    assert sizes(plan_streams(Topology.from_synthetic(f"core:{cores} pu:1"), num_streams)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("pack:2 l3:4 core:2 pu:1", 8, id="one an L3"),
        pytest.param("pack:2 numa:2 l3:1 core:2 pu:1", 4, id="one an L3, with NUMA nodes"),
        pytest.param("pack:1 l3:1 [numa] core:2 pu:1", 1, id="one L3"),
        pytest.param("pack:2 numa:2 core:2 pu:1", 4, id="one a NUMA node"),
        pytest.param("pack:4 core:2 pu:1", 4, id="one a socket, with one NUMA node"),
        pytest.param("core:4 pu:2", 1, id="one"),
    ],
)
def test_the_default_num_streams(text: str, expected: int) -> None:
    topology = Topology.from_synthetic(text)
    for num_streams in (None, 0):
        plan = plan_streams(topology, num_streams)
        assert (plan.num_streams, plan.requested_num_streams) == (expected, None)
        assert "straddle" not in " ".join(finding.kind for finding in plan.findings)


def test_the_default_counts_the_l3s_that_are_used() -> None:
    assert plan_streams(TOPOLOGY, num_cores=4).num_streams == 1
    assert plan_streams(restrict_topology(TOPOLOGY, {8, 9})).num_streams == 1


def test_num_cores_takes_the_first_ones() -> None:
    plan = plan_streams(restrict_topology(TOPOLOGY, set(range(2, 16))), 2, num_cores=8)
    assert [stream.cpus for stream in plan.streams] == [(2, 3, 4, 5), (6, 7, 8, 9)]
    assert plan.num_cores == 8


@pytest.mark.parametrize(("threads_per_core", "expected"), [(1, (0, 2)), (2, (0, 1, 2, 3))])
def test_hardware_threads_of_each_core(threads_per_core: int, expected: tuple[int, ...]) -> None:
    plan = plan_streams(Topology.from_synthetic("core:4 pu:2"), 2, threads_per_core=threads_per_core)
    assert plan.streams[0].cpus == expected


def test_more_streams_than_cores_are_capped_with_a_warning() -> None:
    # WHEN 20 streams are asked of 16 cores
    with pytest.warns(DeepschedWarning, match="num_streams 20 is capped to 16: there are 16 cores") as caught:
        plan = plan_streams(TOPOLOGY, 20)
    # THEN each core is a stream, and the plan says what was asked for
    assert sizes(plan) == [1] * 16
    assert plan.requested_num_streams == 20
    (change,) = plan.adjustments
    assert (change.name, change.requested, change.actual, change.reason) == (
        "num_streams",
        20,
        16,
        "there are 16 cores",
    )
    # THEN the warning points at the line that asked
    assert caught[0].filename == __file__


def test_more_cores_than_usable_are_capped_with_a_warning() -> None:
    usable = restrict_topology(TOPOLOGY, set(range(12)))
    with pytest.warns(DeepschedWarning, match="num_cores 14 is capped to 12: 12 of the machine's 16 cores are usable"):
        plan = plan_streams(usable, num_cores=14)
    assert plan.num_cores == 12
    assert [(c.name, c.requested, c.actual) for c in plan.adjustments] == [("num_cores", 14, 12)]


def test_both_are_capped_at_once() -> None:
    with pytest.warns(DeepschedWarning) as caught:
        plan = plan_streams(TOPOLOGY, 10**30, num_cores=10**20)
    assert [(c.name, c.actual) for c in plan.adjustments] == [("num_cores", 16), ("num_streams", 16)]
    assert len(caught) == 2


def test_more_hardware_threads_than_a_core_has_show_as_an_adjustment() -> None:
    # WHEN four hardware threads a core are asked of cores that have two
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plan = plan_streams(Topology.from_synthetic("core:4 pu:2"), threads_per_core=4)
    # THEN what was asked for and what it became stand beside each other
    assert [(c.name, c.requested, c.actual) for c in plan.adjustments] == [("threads_per_core", 4, 2)]


def test_what_fits_is_planned_in_silence() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert plan_streams(TOPOLOGY, 16, num_cores=16).adjustments == ()


@pytest.mark.parametrize("num_streams", [None, 0, 1])
@pytest.mark.parametrize("scheduler", [Scheduler.single_stream, "sync", None])
def test_single_stream_has_one_stream(num_streams: int | None, scheduler: Scheduler | str | None) -> None:
    plan = plan_streams(TOPOLOGY, num_streams, scheduler=scheduler)
    assert sizes(plan) == [16]
    assert plan.scheduler is Scheduler.single_stream
    assert plan.adjustments == ()


def test_more_streams_of_single_stream_are_capped_with_a_warning() -> None:
    with pytest.warns(DeepschedWarning, match="num_streams 4 is capped to 1: single_stream has one stream"):
        plan = plan_streams(TOPOLOGY, 4, scheduler="single_stream")
    assert sizes(plan) == [16]
    assert [(c.requested, c.actual) for c in plan.adjustments] == [(4, 1)]


@pytest.mark.parametrize("integer", [np.int64, np.int32, np.uint8])
def test_numpys_integers_are_integers(integer: type[np.integer]) -> None:
    plan = plan_streams(TOPOLOGY, integer(3), num_cores=integer(12), threads_per_core=integer(1))
    assert sizes(plan) == [4, 4, 4]
    # And plain ones afterwards, which JSON knows.
    assert type(plan.requested_num_streams) is int


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"num_streams": -1}, "num_streams is -1; expected an integer from 0 up"),
        ({"num_streams": np.int64(-3)}, "num_streams is -3"),
        ({"num_cores": 0}, "num_cores is 0; expected an integer from 1 up"),
        ({"num_cores": -4}, "num_cores is -4"),
        ({"threads_per_core": 0}, "threads_per_core is 0; expected an integer from 1 up"),
        ({"scheduler": "fastest"}, "unsupported Scheduler: fastest; expected one of single_stream, multi_stream"),
        ({"scheduler": 3}, "unsupported type for scheduler: 3 (int)"),
    ],
)
def test_a_count_out_of_range_is_a_typed_error(arguments: dict[str, object], says: str) -> None:
    with pytest.raises(PlanError) as caught:
        plan_streams(TOPOLOGY, **arguments)
    assert says in str(caught.value)
    assert isinstance(caught.value, DeepschedError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("name", ["num_streams", "num_cores", "threads_per_core"])
@pytest.mark.parametrize("value", [True, False, np.True_, 2.5, 2.0, np.float64(2), "3", "", [2], (), {}, object])
def test_what_is_no_integer_is_a_typed_error(name: str, value: object) -> None:
    with pytest.raises(PlanTypeError, match=rf"^{name} is .*; expected an integer from [01] up\.$") as caught:
        plan_streams(TOPOLOGY, **{name: value})
    assert repr(value) in str(caught.value)
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, ValueError)


def test_no_hardware_threads_per_core_are_no_default() -> None:
    with pytest.raises(PlanTypeError):
        plan_streams(TOPOLOGY, threads_per_core=None)
