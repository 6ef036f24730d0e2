"""The kernel's two notations for sets of cpus, read and written."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepsched import DeepschedError
from deepsched.errors import TopologyError
from deepsched.topology import format_cpu_list, parse_cpu_list
from deepsched.topology.cpulist import MAX_CPU, parse_cpu_mask

CPU_SETS = st.frozensets(st.integers(min_value=0, max_value=MAX_CPU - 1), max_size=40)
DENSE_CPU_SETS = st.frozensets(st.integers(min_value=0, max_value=100), max_size=101)

# How long an example takes says more of the computer than of the code.
every_set = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def write_mask(cpus: frozenset[int]) -> str:
    """Write what the kernel's ``%*pb`` does: words of 32 bits, the highest first."""
    digits = f"{sum(1 << cpu for cpu in cpus):x}"
    digits = digits.zfill(-(-len(digits) // 8) * 8)
    return ",".join(digits[i : i + 8] for i in range(0, len(digits), 8))


@every_set
@given(CPU_SETS | DENSE_CPU_SETS)
def test_a_list_reads_back_as_it_was_written(cpus: frozenset[int]) -> None:
    assert parse_cpu_list(format_cpu_list(cpus)) == cpus


@every_set
@given(CPU_SETS | DENSE_CPU_SETS)
def test_a_mask_reads_back_as_it_was_written(cpus: frozenset[int]) -> None:
    assert parse_cpu_mask(write_mask(cpus)) == cpus


@every_set
@given(DENSE_CPU_SETS)
def test_no_shorter_list_says_the_same(cpus: frozenset[int]) -> None:
    # GIVEN where runs of neighbouring cpus begin
    runs = sum(cpu - 1 not in cpus for cpu in cpus)
    # THEN the list has one part for each, and they rise
    parts = [part for part in format_cpu_list(cpus).split(",") if part]
    assert len(parts) == runs
    assert parts == sorted(parts, key=lambda part: int(part.partition("-")[0]))


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("", set()),
        ("\n", set()),
        ("0", {0}),
        ("0-3,8\n", {0, 1, 2, 3, 8}),
        ("8, 0-1", {0, 1, 8}),
        ("5-5", {5}),
        ("0-2,1-3", {0, 1, 2, 3}),
    ],
)
def test_lists_are_read(text: str, cpus: set[int]) -> None:
    assert parse_cpu_list(text) == cpus


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("", set()),
        ("00000000", set()),
        ("3\n", {0, 1}),
        ("0x0000000f", {0, 1, 2, 3}),
        ("ffffffff,00000001", {0, *range(32, 64)}),
        ("1,00000000,00000000", {64}),
        # A map of 100 possible cpus: the highest word is not padded.
        ("8,00000000,00000000,80000001", {0, 31, 99}),
    ],
)
def test_masks_are_read(text: str, cpus: set[int]) -> None:
    assert parse_cpu_mask(text) == cpus


@pytest.mark.parametrize(("cpus", "text"), [([], ""), ([0, 1, 2, 8], "0-2,8"), ([3, 1, 1, 2], "1-3"), ([7], "7")])
def test_lists_are_written(cpus: list[int], text: str) -> None:
    assert format_cpu_list(cpus) == text


@pytest.mark.parametrize(
    "text", ["a", "0-", "-3", "3-1", "1.5", "0-3-5", "0x1", "0-3:2", "²", str(MAX_CPU), "0-99999999999", "9" * 5000]
)
def test_a_bad_list_is_a_typed_error_that_shows_it(text: str) -> None:
    with pytest.raises(TopologyError, match="cpu list") as caught:
        parse_cpu_list(text)
    assert isinstance(caught.value, DeepschedError)
    assert isinstance(caught.value, ValueError)
    assert text[:40] in str(caught.value)


@pytest.mark.parametrize("text", ["xyz", "0-3", "-1", "1_0", "f" * (MAX_CPU // 4 + 8)])
def test_a_bad_mask_is_a_typed_error(text: str) -> None:
    with pytest.raises(TopologyError, match="cpu mask"):
        parse_cpu_mask(text)
