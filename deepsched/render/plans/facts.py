"""What a picture tells: of a machine and a plan, and of each core its streams, hardware threads, and distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepsched.render.plans.remote import find_straddles

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from deepsched.planning import StreamPlan
    from deepsched.render.plans.remote import Straddle
    from deepsched.topology import Core, Topology


@dataclass(frozen=True, slots=True)
class Facts:
    """What is to be shown of a machine, with a plan or bare.

    Of the cores by their numbers: `streams` are those with cpus of a core, mostly one; `threads` tells of each hardware
    thread whether it is planned; `remote` are pairs of a stream and a core away from its home. `kinds` is whether there
    are several kinds of cores.
    """

    topology: Topology
    plan: StreamPlan | None
    straddles: Sequence[Straddle]
    streams: Mapping[int, Sequence[int]]
    threads: Mapping[int, Sequence[bool]]
    remote: Collection[tuple[int, int]]
    kinds: bool

    def number_core(self, core: Core) -> str:
        """Give a core's number, after the letter of its kind where there are several."""
        return f"{name_kind(core.kind)}{core.index}" if self.kinds else str(core.index)

    def name_core(self, core: Core) -> str:
        """Name a core with all that is known of it."""
        words = [f"core {core.index}, cpu {', '.join(map(str, core.cpus)) or 'not allowed'}"]
        if core.kind is not None:
            words.append(core.kind)
        streams = self.streams.get(core.index, [])
        straddling = {straddle.stream for straddle in self.straddles}
        for stream in streams:
            words.append(f"stream {stream}")
            words += ["straddles"] if stream in straddling else []
            words += ["remote"] if (stream, core.index) in self.remote else []
        return ", ".join(words if streams else [*words, "no stream"])


def gather_facts(topology: Topology, plan: StreamPlan | None) -> Facts:
    """Collect what is to be shown of a machine, with a plan or bare."""
    straddles = tuple(find_straddles(plan)) if plan else ()
    stream_of = plan.stream_of_cpus() if plan else {}
    streams: dict[int, list[int]] = {}
    threads: dict[int, list[bool]] = {}
    for thread in topology.threads:
        threads.setdefault(thread.core, []).append(thread.cpu in stream_of)
        if thread.cpu in stream_of and stream_of[thread.cpu] not in streams.setdefault(thread.core, []):
            streams[thread.core].append(stream_of[thread.cpu])
    return Facts(
        topology,
        plan,
        straddles,
        streams,
        threads,
        remote={(straddle.stream, core) for straddle in straddles for core in straddle.remote},
        kinds=len({core.kind for core in topology.cores}) > 1,
    )


def name_kind(kind: str | None) -> str:
    """Give the letter of a kind of core: P, E, ..."""
    return (kind or "?")[0].upper()
