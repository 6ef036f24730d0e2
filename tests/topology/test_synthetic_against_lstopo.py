"""hwloc's own lstopo reads the same descriptions, and must see the same machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepsched import Topology
from deepsched.errors import TopologyError
from tests.topology.hwloc import export_xml, read_machine, run_lstopo, see

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = [
    "pu:4",
    "core:2 pu:4",
    "pack:2 pu:2",
    "pack:2 l3:1 core:8 pu:1",
    "pack:2 [numa] l3:1 core:8 pu:1",
    "pack:2 l3:4(size=32MiB) core:4 pu:2",
    "pack:2 l3:2(size=32MB) l2:2(size=512kB) core:1 pu:2",
    "pack:2 numa:2 l3:1 core:3 pu:2",
    "pack:2 l3:2 [numa] core:2 pu:1",
    "pack:1 l3:2 numa:2 core:2 pu:1",
    "numa:4 core:2 pu:1",
    "numa:2 pack:2 l3:1 core:2 pu:1",
    "[numa] pack:2 core:2 pu:1",
    "pack:2 [numa(memory=1GB)] core:2 pu:1",
    "group:2 pack:2 [numa] core:2 pu:1",
    "pack:2 [numa] die:2 l3:1 l2:2 l1d:1 l1i:1 core:1 pu:2",
    "pack:2 l4:2 l3:2 core:2 pu:1",
    "Package:2 NUMANode:2 L3Cache:1 Core:4 PU:1",
]

# Names as hwloc shortens, spells and writes them.
NAMES = [
    "pa:2 nu:2 co:2 pu:2",
    "SOCK:2 No:1 L3C:1 Co:2 PU:1",
    "l5:2 l4u:1 l3u:2 l2dcache:1 l1iCache:1 core:1 pu:2",
    "l3d:2 core:2 pu:2",
    "l3i:2 l3:2 core:1 pu:2",
    "Tile:2 Module:2 gr:2 Group0:1 Group7:2 pu:1",
    "l3:2 l3:2 core:2 pu:1",
    "core4:2 pu9:1",
]

# Spaces, line ends, numbers and brackets wherever they may stand.
SPELLINGS = [
    "pack:2[numa]core:2pu:2",
    "  pack:2\n[numa]\n\ncore : 2 pu: 2\n",
    "pack:0x2 core:010 pu:1",
    "(memory=4GB) core:2(memory=1GB) pu:2",
    "pack:2 [numa (memory=0x1000)] l3:1(size=0x2000000) core:2 pu:1",
    "l3:2(size=32mib ) core:2 pu:1",
    "l3:2(size=) core:2 pu:1()",
    "l3:2(indexes=5,7 size=1MB) core:2(indexes=9,8,7,6) pu:1",
]

BARE = [
    "4",
    "2 3",
    "2 3 4",
    "2 3 2 2",
    "2 1 2 2 2",
    "2 1 2 1 2 1",
    "2 1 2 1 2 1 1",
    "1 2 1 2 1 2 1 2",
    "1 2 1 2 1 2 1 2 1 1",
    "core:3 2",
    "2 3 pu:4",
    "[numa] 2 2",
    "2 [numa] 3 2",
    "2 [numa] 2 1 2 1 2 1 2",
    "2 3(memory=1GB) 4(indexes=1*24)",
]

# The cpu number is the OS index; NUMA nodes have theirs too.
INDEXES = [
    "pack:2 core:2 pu:2(indexes=0,4,1,5,2,6,3,7)",
    "pack:2 core:2 pu:2(indexes=2*4:1*2)",
    "pack:2 core:2 pu:2(indexes=2*4)",
    "pack:2 core:2 pu:2(indexes=core:pack)",
    "pack:2 core:2 pu:2(indexes=pack:core)",
    "pack:2 core:2 pu:2(indexes=PACK)",
    "pack:2 l3:2 core:2 pu:2(indexes=l3:pack:core)",
    "pack:2 numa:2 core:2 pu:1(indexes=core:numa:pack)",
    "pack:2 core:2 pu:2(indexes=numa:core)",
    "pack:2 core:2 pu:2(indexes=machine:core)",
    "group:2 group:2 pu:2(indexes=group1:group2)",
    "group:2 group:2 pu:2(indexes=group)",
    "pu:6(indexes=1*2:1*3)",
    "pu:4(indexes=0x2*2:01*2)",
    "pu:4(indexes=1*1:1*4)",
    "core:2 pu:2(indexes=9,4,2,70)",
    "pu:2(indexes=1,0,7,7)",
    "pu:2(indexes=0,1 indexes=1,0)",
    "numa:2(indexes=1,0) core:2 pu:1",
    "numa:4(indexes=8,0,252,3) core:2 pu:1(indexes=0,2,4,6,1,3,5,7)",
    "pack:2 [numa(indexes=1,0)] core:2 pu:1",
    "pack:2 [numa(indexes=3,2,1,0)] [numa(memory=1GB)] core:2 pu:1",
    "pack:2 [numa] [numa(indexes=pack)] core:2 pu:1",
    "pack:4 [numa(indexes=2*2)] core:2 pu:1",
]

SEVERAL_MEMORIES = [
    "pack:2 [numa] [numa] core:2 pu:1",
    "[numa] pack:2 [numa] core:2 pu:1",
    "[numa] pack:2 [numa] core:2 [numa] pu:1",
    "pack:2 [numa] core:1 [numa(indexes=3,2,1,0)] pu:1",
    "pack:1 [numa] l3:1 [numa] core:2 pu:2 [numa]",
    "pu:2 [numa]",
]

ODD_ORDERS = [
    "core:2 pack:2 pu:2",
    "core:2 pack:2 numa:2 pu:2",
    "core:2 l3:2 pu:2",
    "l1:2 l2:2 l3:2 core:2 pu:1",
    "die:2 pack:2 group:2 core:1 pu:1",
    "core:2 numa:2 l3:2 pack:1 pu:2(indexes=l3)",
]

DESCRIPTIONS = [*PLAIN, *NAMES, *SPELLINGS, *BARE, *INDEXES, *SEVERAL_MEMORIES, *ODD_ORDERS]


@pytest.mark.parametrize("text", DESCRIPTIONS)
def test_lstopo_sees_the_same_machine(tmp_path: Path, text: str) -> None:
    # GIVEN the machine as lstopo and as we read it
    xml = export_xml(text)
    theirs, topology = read_machine(xml), Topology.from_synthetic(text)
    ours = see(topology)
    # THEN the same cpus share each core, L3 and socket, and the NUMA nodes have the same numbers
    assert ours.group() == theirs.group()
    # THEN so do the sizes of the L3s, where the description gives one (lstopo invents one elsewhere)
    if topology.l3_bytes:
        assert ours.l3_sizes == theirs.l3_sizes
    # THEN the XML that lstopo makes of it is the same machine to us
    path = tmp_path / "machine.xml"
    path.write_text(xml)
    read = Topology.from_hwloc_xml(path)
    assert read.threads == topology.threads
    assert see(read).l3_sizes == theirs.l3_sizes


@pytest.mark.parametrize("text", [*PLAIN, *BARE])
def test_the_order_of_cores_is_lstopos(text: str) -> None:
    assert see(Topology.from_synthetic(text)).order == read_machine(export_xml(text)).order


REFUSED = [
    "core:2",
    "pack:2 core:2 numa:2",
    "[numa]",
    "pu:2 core:2",
    "pu:2 pu:2",
    "pack:2 pack:2 pu:1",
    "die:2 di:2 pu:1",
    "numa:2 node:2 pu:1",
    "core:2 co:2 pu:1",
    "[numa] numa:2 pu:1",
    "2 core:2 pu:1",
    "core:2 4 pu:2",
    "machine:2 pu:1",
    "memcache:2 pu:1",
    "cpu:2 pu:1",
    "c:2 pu:1",
    "tile:2 pu:1",
    "l0:2 pu:1",
    "l6:2 pu:1",
    "l4i:2 pu:1",
    "l3x:2 pu:1",
    "cache:2 pu:1",
    "osdev:2 pu:1",
    "misc:2 pu:1",
    "gpu:2 pu:1",
    "[pack] pu:1",
    "[l3] pu:1",
    "[numa pu:1",
    "[numa] ] pu:1",
    "core:0 pu:1",
    "pack:2 pu:0",
    "core:-1 pu:1",
    "core:two pu:1",
    "core: pu:1",
    "core:019 pu:1",
    "core pu:1 2 3",
    "core:2\tpu:2",
    "core:2,pu:2",
    "pack:4294967296 pu:1",
    "l3:2(foo=1) pu:1",
    "l3:2(memory=1GB) pu:1",
    "core:2(size=1MB) pu:1",
    "4(size=1MB) 2",
    "l3:2(size=1MBx) pu:1",
    "l3:2(size=1K) pu:1",
    "l3:2(size=33554432B) pu:1",
    "l3:2(size=1 MB) pu:1",
    "l3:2( size=1MB) pu:1",
    "l3:2(size=1MB  indexes=1,0) pu:1",
    "l3:2(size=1MB pu:1",
    "l3:2 (size=1MB) pu:1",
    " (memory=1GB) pu:1",
    "pack:2 [numa(indexes=core)] core:4 pu:1",
    "1 " * 127,
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_lstopo_refuses_is_a_typed_error(text: str) -> None:
    done = run_lstopo(text)
    assert done.returncode != 0, "lstopo takes it after all"
    with pytest.raises(TopologyError, match="synthetic description '"):
        Topology.from_synthetic(text)


# lstopo passes over a part of each of these without a word, and so shows a machine that was not written.
PASSED_OVER = [
    ("[numa:2] pu:2", "cannot read '[numa:2] pu:2'"),
    ("[numa and more] pu:2", "cannot read '[numa and more] pu:2'"),
    ("core and more:2 pu:2", "cannot read 'core and more:2 pu:2'"),
    ("pu:4(indexes=0,1)", "'indexes=0,1' has 2 numbers for 4 objects"),
    ("pu:2(indexes=)", "cannot read '' in 'indexes='"),
    ("pu:2(indexes=,)", "'indexes=,' has 0 numbers for 2 objects"),
    ("pu:2(indexes=0,0)", "'indexes=0,0' gives two objects the same number"),
    ("numa:2(indexes=3,3) pu:1", "'indexes=3,3' gives two objects the same number"),
    ("pu:4(indexes=3*2)", "'indexes=3*2' does not number 4 objects, each once"),
    ("pu:4(indexes=1*2:2)", "cannot read '2' in 'indexes=1*2:2'"),
    ("pu:4(indexes=0*2:1*2)", "cannot read '0*2' in 'indexes=0*2:1*2'"),
    ("core:2 pu:2(indexes=pack)", "cannot read 'pack' in 'indexes=pack'"),
    ("core:2 pu:2(indexes=core:core)", "cannot read 'core' in 'indexes=core:core'"),
    ("core:2 pu:2(indexes=core:pu)", "cannot read 'pu' in 'indexes=core:pu'"),
    ("pack:2 [numa] pu:2(indexes=numa)", "cannot read 'numa' in 'indexes=numa'"),
]


@pytest.mark.parametrize(("text", "says"), PASSED_OVER)
def test_what_lstopo_passes_over_is_a_typed_error(text: str, says: str) -> None:
    assert run_lstopo(text).returncode == 0, "lstopo refuses it too"
    with pytest.raises(TopologyError) as caught:
        Topology.from_synthetic(text)
    assert says in str(caught.value)


@st.composite
def descriptions(draw: st.DrawFn) -> str:
    """Draw any levels in any order, with memory, sizes and OS numbers."""
    kinds = draw(
        st.lists(
            st.sampled_from(["pack", "die", "numa", "l4", "l3", "l2", "l1", "l1i", "group", "core"]),
            max_size=6,
            unique=True,
        )
    )
    attached = "numa" not in kinds and draw(st.booleans())
    parts, width = [], 1
    for kind in kinds:
        count = draw(st.integers(1, 3 if width < 16 else 1))
        width *= count
        part = f"{kind}:{count}"
        if kind == "l3" and draw(st.booleans()):
            part += f"(size={draw(st.integers(1, 512))}{draw(st.sampled_from(['', 'kB', 'MiB', 'GB']))})"
        if kind == "numa" and draw(st.booleans()):
            part += f"(indexes={','.join(map(str, draw(st.permutations(range(width)))))})"
        parts.append(part)
        if attached:
            parts += draw(st.lists(st.sampled_from(["[numa]", "[numa(memory=2GiB)]"]), max_size=2))
    count = draw(st.integers(1, 4))
    width *= count
    indexes = draw(
        st.none()
        | st.permutations([3 * n for n in range(width)]).map(lambda numbers: ",".join(map(str, numbers)))
        | st.lists(st.sampled_from(kinds or ["machine"]), min_size=1, unique=True).map(":".join)
    )
    parts.append(f"pu:{count}" if indexes is None else f"pu:{count}(indexes={indexes})")
    return draw(st.sampled_from([" ", "\n", "  "])).join(parts)


@settings(max_examples=40, deadline=None)
@given(descriptions())
def test_any_description_is_the_machine_that_lstopo_sees(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    # GIVEN any description, and what lstopo makes of it
    xml = export_xml(text)
    path = tmp_path_factory.mktemp("any") / "machine.xml"
    path.write_text(xml)
    # THEN we read the same from it, and from lstopo's XML
    topology = Topology.from_synthetic(text)
    assert see(topology).group() == read_machine(xml).group()
    assert Topology.from_hwloc_xml(path).threads == topology.threads
    # THEN what we write of it is that machine again, to us and to lstopo
    written = topology.to_hwloc_synthetic()
    assert Topology.from_synthetic(written).threads == topology.threads
    assert read_machine(export_xml(written)).group() == see(topology).group()
