"""A machine whose operating system tells nothing: psutil's two counts, and a note that says so."""

from __future__ import annotations

import platform

import psutil

from deepsched.topology.arrange import FoundThread, arrange_threads
from deepsched.topology.model import Limits, Topology


def read_counts() -> Topology:
    """Describe this machine as one socket with one L3 over psutil's count of cores."""
    hardware_threads = psutil.cpu_count(logical=True) or 1
    cores = psutil.cpu_count(logical=False) or hardware_threads
    # Hybrid parts have 20 hardware threads on 14 cores, say: the first cores take those that are over.
    found = [FoundThread(cpu, core=cpu % cores, socket=0, numa_node=0, l3=0) for cpu in range(hardware_threads)]
    threads, _ = arrange_threads(found)
    note = (
        f"{platform.system()} tells no topology: psutil's counts ({cores} cores, {hardware_threads} hardware "
        f"threads) are taken as one socket with one L3, and threads are not pinned."
    )
    return Topology(
        source="this machine",
        threads=threads,
        limits=Limits(allowed_cpus=tuple(range(hardware_threads))),
        notes=(note,),
    )
