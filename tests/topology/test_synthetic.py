"""Machines written in hwloc's synthetic notation."""

from __future__ import annotations

import random

import pytest

from deepsched import DeepschedError, Topology
from deepsched.errors import TopologyError
from deepsched.topology.synthetic import MAX_THREADS

MIB = 1 << 20


def count_parts(topology: Topology) -> tuple[int, int, int, int, int]:
    parts = (topology.sockets, topology.numa_nodes, topology.l3_caches, topology.cores, topology.threads)
    sockets, nodes, l3s, cores, threads = map(len, parts)
    return sockets, nodes, l3s, cores, threads


def test_the_golden_machine() -> None:
    # WHEN the 16 cores of the design's example are described
    topology = Topology.from_synthetic("pack:2 l3:1 core:8 pu:1")
    # THEN each socket has eight of them under one L3, and the whole machine one memory
    assert [(t.cpu, t.core, t.socket, t.numa_node, t.l3, t.smt) for t in topology.threads] == [
        *((i, i, 0, 0, 0, 0) for i in range(8)),
        *((i, i, 1, 0, 1, 0) for i in range(8, 16)),
    ]
    assert topology.limits.allowed_cpus == tuple(range(16))
    assert topology.limits.quota_cpus is None
    assert all(t.allowed and t.kind is None for t in topology.threads)
    assert topology.notes == ()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        # sockets, NUMA nodes, L3s, cores, hardware threads
        ("pu:1", (1, 1, 0, 1, 1)),
        ("core:4 pu:2", (1, 1, 0, 4, 8)),
        ("pack:2 core:4 pu:1", (2, 1, 0, 8, 8)),
        ("pack:2 [numa] core:4 pu:1", (2, 2, 0, 8, 8)),
        ("pack:2 numa:2 l3:1 core:4 pu:2", (2, 4, 4, 16, 32)),
        ("pack:2 numa:2 l3:3 core:4 pu:2", (2, 4, 12, 48, 96)),
        ("numa:4 core:2 pu:1", (1, 4, 0, 8, 8)),
        ("numa:2 pack:2 l3:1 core:2 pu:1", (4, 2, 4, 8, 8)),
        ("[numa] pack:2 core:2 pu:1", (2, 1, 0, 4, 4)),
        ("pack:1 l3:2 [numa] core:2 pu:1", (1, 2, 2, 4, 4)),
        ("pack:2 die:2 l3:1 l2:2 l1d:1 l1i:1 core:1 pu:2", (2, 1, 4, 8, 16)),
        ("group:2 pack:2 core:2 pu:1", (4, 1, 0, 8, 8)),
        ("Package:2 NUMANode:1 L3Cache:1 Core:2 PU:1", (2, 2, 2, 4, 4)),
        ("socket:2 node:1 core:2 pu:1", (2, 2, 0, 4, 4)),
    ],
)
def test_levels_multiply_from_the_outside_in(text: str, parts: tuple[int, ...]) -> None:
    assert count_parts(Topology.from_synthetic(text)) == parts


def test_an_attached_memory_is_one_for_each_of_the_level_before_it() -> None:
    topology = Topology.from_synthetic("pack:2 l3:2 [numa] core:2 pu:1")
    assert [(t.socket, t.numa_node, t.l3) for t in topology.threads[::2]] == [
        (0, 0, 0),
        (0, 1, 1),
        (1, 2, 2),
        (1, 3, 3),
    ]


def test_hardware_threads_of_a_core_are_neighbours() -> None:
    topology = Topology.from_synthetic("pack:2 core:2 pu:2")
    assert [core.cpus for core in topology.cores] == [(0, 1), (2, 3), (4, 5), (6, 7)]
    assert [t.smt for t in topology.threads] == [0, 1] * 4


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("33554432", 32 * MIB),
        ("0x2000000", 32 * MIB),
        ("32MiB", 32 * MIB),
        ("32mib", 32 * MIB),
        ("32768KiB", 32 * MIB),
        ("1GiB", 1024 * MIB),
        ("32MB", 32_000_000),
        ("512kB", 512_000),
        ("1TB", 10**12),
    ],
)
def test_an_l3_has_the_size_that_is_written(size: str, expected: int) -> None:
    topology = Topology.from_synthetic(f"pack:2 l3:1(size={size}) core:2 pu:1")
    assert topology.l3_bytes == {0: expected, 1: expected}


def test_the_size_of_another_cache_is_not_the_l3s() -> None:
    topology = Topology.from_synthetic("pack:1 l3:2(size=32MiB) l2:1(size=1MiB) core:2 pu:1")
    assert topology.l3_bytes == {0: 32 * MIB, 1: 32 * MIB}


@pytest.mark.parametrize("size", ["", "()", "(size=)", "(size=0)", "(indexes=1,0)"])
def test_a_size_that_nobody_wrote_is_not_invented(size: str) -> None:
    assert not Topology.from_synthetic(f"pack:1 l3:2{size} l2:1(size=1MiB) core:2 pu:1").l3_bytes


def test_the_cache_before_a_memory_is_not_an_l3() -> None:
    # This attribute is newer than the lstopo that the other tests ask.
    topology = Topology.from_synthetic("pack:2 [numa(memory=64GB memorysidecachesize=16GB)] core:2 pu:1")
    assert topology.l3_caches == ()
    assert not topology.l3_bytes


def test_where_l3s_lie_in_l3s_the_inner_ones_count() -> None:
    topology = Topology.from_synthetic("l3:2(size=64MiB) l3:2(size=16MiB) core:2 pu:1")
    assert topology.l3_bytes == dict.fromkeys(range(4), 16 * MIB)
    assert [t.l3 for t in topology.threads] == [0, 0, 1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("pack:2 core:2 pu:2(indexes=0,4,1,5,2,6,3,7)", [(0, 4), (1, 5), (2, 6), (3, 7)]),
        ("pack:2 core:2 pu:2(indexes=2*4:1*2)", [(0, 4), (1, 5), (2, 6), (3, 7)]),
        ("pack:2 core:2 pu:2(indexes=core:pack)", [(0, 4), (1, 5), (2, 6), (3, 7)]),
        ("pack:2 core:2 pu:2(indexes=pack:core)", [(0, 4), (2, 6), (1, 5), (3, 7)]),
        ("pack:2 core:2 pu:2(indexes=pack)", [(0, 2), (4, 6), (1, 3), (5, 7)]),
        ("core:2 pu:2(indexes=7,3,2,9)", [(2, 9), (3, 7)]),
    ],
)
def test_the_cpus_of_each_core_have_the_numbers_that_are_written(text: str, cpus: list[tuple[int, ...]]) -> None:
    topology = Topology.from_synthetic(text)
    assert [core.cpus for core in topology.cores] == cpus
    assert topology.limits.allowed_cpus == tuple(sorted(cpu for core in cpus for cpu in core))


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("pack:2 core:1 pu:1", [0, 0]),
        ("pack:2 [numa] core:1 pu:1", [0, 1]),
        ("numa:2(indexes=33,4) core:1 pu:1", [33, 4]),
        ("pack:2 [numa(indexes=33,4)] core:1 pu:1", [33, 4]),
        # Each socket has two, of which the first is home.
        ("pack:2 [numa] [numa] core:1 pu:1", [0, 2]),
        ("pack:2 [numa(indexes=0,2,1,3)] [numa(memory=64GB)] core:1 pu:1", [0, 1]),
        # hwloc numbers the inner ones first.
        ("[numa] pack:2 [numa] core:1 pu:1", [0, 1]),
        ("pack:2 [numa] core:2 [numa] pu:1", [0, 1, 3, 4]),
        ("[numa] pack:2 core:1 pu:1", [0, 0]),
        ("pack:1 [numa] core:2 pu:1 [numa]", [0, 1]),
    ],
)
def test_the_nearest_memory_is_home(text: str, nodes: list[int]) -> None:
    assert [core.numa_node for core in Topology.from_synthetic(text).cores] == nodes


@pytest.mark.parametrize(
    ("bare", "named"),
    [
        ("4", "pu:4"),
        ("2 3", "numa:2 pu:3"),
        ("2 3 4", "pack:2 numa:3 pu:4"),
        ("2 3 4 5", "pack:2 numa:3 core:4 pu:5"),
        ("2 3 1 2 2", "pack:2 numa:3 l2:1 core:2 pu:2"),
        ("2 3 1 2 2 1", "pack:2 numa:3 l2:1 l1:2 core:2 pu:1"),
        ("2 3 1 2 1 2 1", "pack:2 numa:3 l3:1 l2:2 l1:1 core:2 pu:1"),
        ("2 3 1 2 1 1 2 1", "pack:2 numa:3 l3:1 l2:2 l1:1 l1i:1 core:2 pu:1"),
        ("2 1 3 1 2 1 1 2 1", "group:2 pack:1 numa:3 l3:1 l2:2 l1:1 l1i:1 core:2 pu:1"),
        ("[numa] 2 3", "[numa] pack:2 pu:3"),
        ("2 [numa] 3 4", "pack:2 [numa] core:3 pu:4"),
    ],
)
def test_bare_counts_are_named_as_hwloc_names_them(bare: str, named: str) -> None:
    assert Topology.from_synthetic(bare).threads == Topology.from_synthetic(named).threads


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the last level must be pu"),
        ("   ", "the last level must be pu"),
        ("pack:2", "the last level must be pu"),
        ("pack:2 core:8", "the last level must be pu, as in 'core:4 pu:1'"),
        ("pu:2 core:2", "the last level must be pu"),
        ("pack:2 cpu:8 pu:1", "unknown level 'cpu'; known are pack, die"),
        ("pack:2 [l3] core:2 pu:1", "'[l3]'; only NUMA nodes, [numa], can be attached"),
        ("pack:2 core:2 4 pu:1", "bare counts stand beside named levels"),
        ("pack:2 l3:1(colour=blue) core:2 pu:1", "unknown attribute 'colour=blue' of l3; expected size= or indexes="),
        ("pack:2 [numa(size=1GB)] core:2 pu:1", "unknown attribute 'size=1GB' of numa; expected memory= or indexes="),
        ("2(size=1GB) 2", "unknown attribute 'size=1GB' of a level; expected memory= or indexes="),
        ("pack:2 l3:1(size=big) core:2 pu:1", "'big' is not a size; expected bytes, or a number and kB"),
        ("pack:2 l3:1(size=9999999TB) core:2 pu:1", "'9999999TB' is too large a size"),
        (f"l3:1(size={'9' * 5000}) pu:1", "99999999999999999999... is too large a number"),
        ("pack:2 core:2 pu:2(indexes=0,1,2)", "'indexes=0,1,2' has 3 numbers for 8 objects"),
        ("pu:2(indexes=1,65536)", "'indexes=1,65536' has a number that is not below 65536"),
        (f"pu:2(indexes=1,{'9' * 5000})", "has a number that is not below 65536"),
        ("pu:4(indexes=3*2:1*2)", "'indexes=3*2:1*2' gives two objects the same number"),
        ("pu:4(indexes=l3)", "cannot read 'l3' in 'indexes=l3'; expected numbers such as 0,4,1,5, loops"),
        ("pu:65536 [numa] [numa]", "131072 NUMA nodes; expected at most 65536"),
        ("1 " * 127, "more than 126 levels, the most that hwloc takes"),
        ("pack:2 core:eight pu:1", "cannot read 'core:eight pu:1'"),
        ("pack:2 core:-1 pu:1", "cannot read 'core:-1 pu:1'"),
        ("pack:2 core:1.5 pu:1", "cannot read '.5 pu:1'"),
        ("pack:2, core:2, pu:1", "cannot read ', core:2, pu:1'"),
        ("pack:2 core:2 pu:1 and more", "cannot read 'and more'"),
        ("pack:2 (size=3 core:2 pu:1", "cannot read '(size=3 core:2 pu:1'"),
        ("pack:2 core:0 pu:1", "'core:0' has no object; a count is 1 or more"),
        ("pack:2 0x0 pu:1", "'0x0' has no object"),
        ("pack:2 pack:2 core:2 pu:1", "pack stands there twice"),
        ("pack:2 [numa] numa:2 core:2 pu:1", "numa stands there twice"),
        ("core:2 core:2 pu:1", "core stands there twice"),
        (f"core:{MAX_THREADS + 1} pu:1", f"{MAX_THREADS + 1} hardware threads; expected from 1 to {MAX_THREADS}"),
        ("pack:99999 core:99999 pu:99999", "at least 99999 hardware threads; expected from 1 to"),
        (f"core:{'9' * 5000} pu:1", "99999999999999999999... is too large a number"),
    ],
)
def test_a_bad_description_is_a_typed_error_that_names_the_part(text: str, says: str) -> None:
    with pytest.raises(TopologyError) as caught:
        Topology.from_synthetic(text)
    message = str(caught.value)
    assert message.startswith(f"synthetic description {text[:200]!r}"[:-1])
    assert len(message) < 500
    assert says in message
    assert isinstance(caught.value, DeepschedError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    "text",
    ["pack:2 core:2 pu:1(size", "[" * 200, "pack:2 core:2 pu:1(", "a" * 2000 + ":1", "pack:2\0core:2 pu:1", "Ⅷ:2"],
)
def test_nonsense_is_refused_too(text: str) -> None:
    with pytest.raises(TopologyError):
        Topology.from_synthetic(text)


MEGABYTE = 1 << 20


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(text, id=text[:12].strip())
        for text in (
            "1 " * (MEGABYTE // 2),
            "[numa]" * (MEGABYTE // 6),
            "9" * MEGABYTE,
            "0" * MEGABYTE + "9",
            "a" * MEGABYTE,
            " " * MEGABYTE,
            "(" * MEGABYTE,
            "[" * MEGABYTE,
            "core:2(size=1" + " " * MEGABYTE,
            "core:2(" + "indexes=0,1 " * (MEGABYTE // 12),
            f"core:2 pu:2(indexes={'1*1:' * (MEGABYTE // 4)}1*4)",
            f"core:2 pu:2(indexes={'core:' * (MEGABYTE // 5)}core)",
            f"pu:65536(indexes={'0,' * (MEGABYTE // 2)}0)",
            f"pu:65536(indexes={','.join(map(str, range(65535)))})",
        )
    ],
)
def test_a_megabyte_of_nonsense_is_refused_as_well(text: str) -> None:
    with pytest.raises(TopologyError) as caught:
        Topology.from_synthetic(text)
    assert len(str(caught.value)) < 500


@pytest.mark.timeout(120)
def test_a_thousand_damaged_descriptions_give_a_machine_or_a_typed_error() -> None:
    # GIVEN good descriptions, each damaged in one to four places by a seeded hand
    dice = random.Random(2024)
    good = (
        "pack:2 [numa(memory=1GB)] l3:4(size=32MiB) core:4 pu:2(indexes=core:pack)",
        "group:2 numa:2(indexes=3,1,0,2) L2Cache:2 core:2 pu:2(indexes=2*16:1*2)",
        "[numa] [numa] 2 3 [numa(indexes=4,5,6,7,8,9,0,1)] 2 2(indexes=0,1,2,3)",
        "Package:2 NUMANode:1 L3Cache:1(size=33554432) L2Cache:8(size=1048576) L1dCache:1 Core:1 PU:2",
    )
    machines = 0
    for _ in range(1000):
        text = damage(dice.choice(good), dice)
        # WHEN they are read
        try:
            topology = Topology.from_synthetic(text)
        except TopologyError as error:
            assert str(error).startswith("synthetic description ")  # noqa: PT017 - either answer is right
            continue
        # THEN what is read is a machine
        machines += 1
        assert len({t.cpu for t in topology.threads}) == len(topology.threads) <= MAX_THREADS
    assert 0 < machines < 1000


def damage(text: str, dice: random.Random) -> str:
    """Cut, double, swap and overwrite pieces of a text."""
    for _ in range(dice.randint(1, 4)):
        first = dice.randrange(len(text) + 1)
        last = first + dice.choice((0, 1, 1, 2, 5))
        piece = text[first:last]
        junk = (
            "",
            "",
            piece * 2,
            piece[::-1],
            *"0123456789:*,()[] -",
            "9" * 30,
            "0x",
            "\0",
            "²",
            "[numa]",
            "pu:2",
            "=",
        )
        text = text[:first] + dice.choice(junk) + text[last:]
    return text


def test_as_many_hardware_threads_as_allowed_are_built() -> None:
    assert len(Topology.from_synthetic(f"pack:2 core:{MAX_THREADS // 4} pu:2").threads) == MAX_THREADS
