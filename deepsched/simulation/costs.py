"""The constants of a machine and of the runtime on it: each with its unit, and where its default comes from."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import inf, isfinite
from typing import TYPE_CHECKING

from deepsched.checks import check_number

if TYPE_CHECKING:
    from collections.abc import Mapping

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Costs:
    """What service times are predicted with. The defaults describe a server of about 2021; set what you know better.

    Parameters
    ----------
    split_limit : float
        Parts that one operator is cut into at most; ``inf`` for a runtime without such a limit. 16 on ordinary x86:
        ``MLAS_MAXIMUM_THREAD_COUNT`` of onnxruntime (microsoft/onnxruntime#18581).
    fork_join_seconds : float
        Seconds that each further thread adds to starting and joining one operator. 0.2 us: the order of one cache line
        there and back between cores, and of what the EPCC suite finds for OpenMP's "parallel" (Bull, EWOMP 1999).
    thread_bandwidth : float
        Bytes a second that one thread draws from memory. 10 GB/s, by Little's law: some 12 cache lines in flight for
        80 ns (J. McCalpin, "Single-core memory bandwidth: latency, bandwidth, and concurrency", 2025).
    node_bandwidth : float
        Bytes a second that the memory of a NUMA node gives. 100 GB/s: 80 % (McCalpin finds 75 to 85 %) of six
        channels of DDR4-2666.
    remote_slowdown : float
        Time of an access to another socket's memory over one to the own. 1.5: Intel's Memory Latency Checker gives
        135 ns and 194 to 202 ns on the Xeon E7-4800, and ratios up to 1.7 on its successors.
    near_slowdown : float
        The same for another NUMA node of the own socket. 1.2: a distance of 12 to 10 in the ACPI tables (SLIT) of
        AMD EPYC with four nodes a socket.
    l3_bytes : float
        Size of an L3 where the topology does not tell. 32 MiB, as on AMD EPYC 7003.
    l2_bytes : float
        What a core without an L3 caches. 1 MiB, as on Intel's Xeon Scalable.
    smt_yield : float
        Work that a core does with two busy hardware threads over that with one. 1.2: Intel reports up to 1.3 for
        servers (Intel Technology Journal 6, 2002); kernels that fill the vector units gain less.
    kind_speed : mapping of str to float
        Speed of a core by its kind, the performance core's being 1. Efficiency cores 0.5, low-power ones 0.35: their
        vector units are half as wide and their clocks lower (Alder Lake: 3.9 against 5.2 GHz), which memory-bound
        operators do not feel. A kind that is not there counts 1.
    shared_weights : bool
        Whether all streams read one copy of the weights, as deepsched's do, or one each, as plain sessions do.

    Raises
    ------
    OptionError
        If a constant is outside what it can be.
    """

    split_limit: float = 16
    fork_join_seconds: float = 0.2e-6
    thread_bandwidth: float = 10e9
    node_bandwidth: float = 100e9
    remote_slowdown: float = 1.5
    near_slowdown: float = 1.2
    l3_bytes: float = 32 * MIB
    l2_bytes: float = 1 * MIB
    smt_yield: float = 1.2
    kind_speed: Mapping[str, float] = field(default_factory=lambda: {"efficiency": 0.5, "low-power": 0.35})
    shared_weights: bool = True

    def __post_init__(self) -> None:
        for name in ("split_limit", "remote_slowdown", "near_slowdown", "smt_yield"):
            check_number(name, getattr(self, name), least=1, most=inf)
        check_number("fork_join_seconds", self.fork_join_seconds, least=0)
        for name in ("thread_bandwidth", "node_bandwidth", "l3_bytes", "l2_bytes"):
            check_number(name, getattr(self, name), above=0, most=inf)
        for kind, speed in self.kind_speed.items():
            check_number(f"kind_speed[{kind!r}]", speed, above=0)

    def to_dict(self) -> dict[str, object]:
        """Give the constants as plain data."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return values | {"kind_speed": dict(self.kind_speed), "split_limit": _plain(self.split_limit)}


def _plain(value: float) -> float | None:
    return value if isfinite(value) else None
