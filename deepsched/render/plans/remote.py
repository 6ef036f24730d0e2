"""Which streams straddle a boundary, and which of their cores are remote: away from the stream's home."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepsched.topology import format_cpu_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deepsched.planning import StreamPlan

# The finding of each boundary, and the level of the machine that it lies between.
# That memory is remote is sure to cost, and is drawn; what an L3's boundary costs depends, and is said in words.
_LEVELS = {"socket-straddle": "socket", "numa-straddle": "numa"}
NAMES = {"socket": "socket", "numa": "NUMA node"}


@dataclass(frozen=True, slots=True)
class Straddle:
    """A stream on both sides of a boundary that makes memory remote.

    `level` is ``"socket"`` or ``"numa"``. `parts` holds the stream's cores by the number of the socket or NUMA node
    that they lie on. `home` is the one with most of them, the first on a tie.
    """

    stream: int
    level: str
    parts: dict[int, tuple[int, ...]]
    home: int

    @property
    def remote(self) -> tuple[int, ...]:
        """The cores away from home."""
        return tuple(core for number, cores in self.parts.items() if number != self.home for core in cores)

    @property
    def words(self) -> str:
        """Say ``stream 1 straddles sockets 0 and 1``."""
        numbers = sorted(self.parts)
        listed = f"{numbers[0]} and {numbers[1]}" if len(numbers) == 2 else format_cpu_list(numbers)  # noqa: PLR2004
        return f"stream {self.stream} straddles {NAMES[self.level]}s {listed}"


def find_straddles(plan: StreamPlan) -> Iterator[Straddle]:
    """Give each straddle that the plan's findings tell of."""
    core_at = {core.index: core for core in plan.topology.cores}
    for finding in plan.findings:
        if finding.kind in _LEVELS:
            level, stream = _LEVELS[finding.kind], finding.streams[0]
            parts: dict[int, list[int]] = defaultdict(list)
            for index in plan.streams[stream].cores:
                core = core_at[index]
                parts[core.socket if level == "socket" else core.numa_node].append(index)
            home = max(parts, key=lambda number: len(parts[number]))
            yield Straddle(stream, level, {number: tuple(cores) for number, cores in parts.items()}, home)
