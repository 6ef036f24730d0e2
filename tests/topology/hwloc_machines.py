"""Machines with what is hard about hwloc's XML, as real ones have it."""

from __future__ import annotations

from tests.topology.hwloc_file import Item, core, item, kind, machine, numa, pus

MIB = 1 << 20


def knights_landing() -> Item:
    """Four tiles in two clusters; each cluster has its DRAM, and its MCDRAM as a node of its own."""
    clusters = [
        item(
            "Group",
            numa(cluster),
            numa(cluster + 2, subtype="MCDRAM"),
            *(
                item("L2Cache", core(tile, tile, tile + 8), core(tile + 1, tile + 1, tile + 9))
                for tile in (cluster * 4, cluster * 4 + 2)
            ),
        )
        for cluster in (0, 1)
    ]
    return machine(item("Package", *clusters, os_index=0))


def with_cxl() -> Item:
    """Two sockets with DRAM each; a CXL expander on the first, and one more reached from both alike."""
    first = item("Package", numa(0, subtype="DRAM"), numa(2, subtype="CXL-DRAM"), core(0, 0), core(1, 1), os_index=0)
    second = item("Package", numa(1, subtype="DRAM"), core(0, 2), core(1, 3), os_index=1)
    return machine(numa(3, subtype="CXL-DRAM"), first, second)


def arrow_lake() -> Item:
    """Two performance cores with SMT and four efficiency cores under an L3; two more efficiency cores outside it."""
    performance = [item("L2Cache", core(8 + 4 * n, 2 * n, 2 * n + 1)) for n in (0, 1)]
    efficiency = item("L2Cache", *(core(n, 4 + n) for n in range(4)))
    low_power = item("L2Cache", core(32, 8), core(33, 9))
    l3 = item("L3Cache", *performance, efficiency, cache_size=12 * MIB)
    return machine(item("Package", numa(0), l3, low_power, os_index=0))


ARROW_LAKE_3 = (
    kind({8, 9}, 0, CoreType="IntelLowPower"),
    kind({4, 5, 6, 7}, 1, CoreType="IntelAtom"),
    kind({0, 1, 2, 3}, 2, CoreType="IntelCore"),
)
# Before hwloc 3 there are two types, and an efficiency of 0 for both.
ARROW_LAKE_2 = (
    kind({4, 5, 6, 7, 8, 9}, 0, FrequencyMaxMHz=3800, LinuxCapacity=1024, CoreType="IntelAtom"),
    kind({0, 1, 2, 3}, 0, FrequencyMaxMHz=5000, LinuxCapacity=1024, CoreType="IntelCore"),
)


def without_packages() -> Item:
    """A virtual machine that tells of cores and memory alone."""
    return machine(numa(0), *(core(0, cpu) for cpu in range(4)))


def without_cores() -> Item:
    return machine(numa(0), item("Package", item("L3Cache", *pus(0, 1)), item("L3Cache", *pus(2, 3)), os_index=0))


def with_everything() -> Item:
    """Dies, groups, an L4, and devices that are none of our business."""
    bridge = item("Bridge", item("PCIDev", item("OSDev", name="eth0"), pci_busid="0000:00:01.0"), bridge_type="0-1")
    socket = item(
        "Package",
        numa(0),
        item(
            "L4Cache", *(item("Die", item("L3Cache", core(0, die), core(1, die + 2)), os_index=die) for die in (0, 1))
        ),
        bridge,
        os_index=0,
    )
    other = item("Package", numa(7), item("Group", item("L3Cache", core(0, 4), core(1, 5))), os_index=0)
    return machine(socket, other, item("Misc", name="a note"))


def with_memory_side_cache() -> Item:
    groups = [item("Group", item("MemCache", numa(node)), core(0, node), core(1, node + 2)) for node in (0, 1)]
    return machine(item("Package", item("L3Cache", *groups), os_index=0))


def of_many_words() -> Item:
    """Sets of several words, of which some are zero and are left out."""
    sockets = [
        item("Package", numa(n), *(core(c, 40 * n + c, 80 + 40 * n + c) for c in range(40)), os_index=n) for n in (0, 1)
    ]
    return machine(*sockets)


MACHINES = {
    "Knights Landing": knights_landing,
    "CXL": with_cxl,
    "Arrow Lake": arrow_lake,
    "without packages": without_packages,
    "without cores": without_cores,
    "everything": with_everything,
    "memory-side cache": with_memory_side_cache,
    "many words": of_many_words,
}
