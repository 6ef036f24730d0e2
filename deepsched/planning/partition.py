"""The rule by which cores are cut into streams, and the arithmetic that follows from it.

DeepSparse's user guide ("The DeepSparse scheduler") gives the rule by example; `split_sizes` matches all of them.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.topology import Core


def split_sizes(num_cores: int, num_streams: int) -> list[int]:
    """Cut `num_cores` into `num_streams` sizes that differ by at most one; the first ones are the larger.

    >>> split_sizes(16, 3)
    [6, 5, 5]
    """
    size, larger = divmod(num_cores, num_streams)
    return [size + 1] * larger + [size] * (num_streams - larger)


def split_cores(cores: Sequence[Core], num_streams: int) -> list[tuple[Core, ...]]:
    """Cut `cores`, which are in topological order, into contiguous groups of `split_sizes`."""
    ends = list(accumulate(split_sizes(len(cores), num_streams)))
    return [tuple(cores[start:end]) for start, end in zip([0, *ends], ends, strict=False)]


def default_num_streams(cores: Sequence[Core]) -> int:
    """Count one stream an L3; without any L3 one a NUMA node, and with a single node one a socket."""
    l3s = {core.l3 for core in cores if core.l3 is not None}
    nodes = {core.numa_node for core in cores}
    return len(l3s) or (len(nodes) if len(nodes) > 1 else len({core.socket for core in cores}))


def find_boundaries(cores: Sequence[Core]) -> tuple[int, ...]:
    """Find where, in topological order, one L3, NUMA node or socket ends and the next begins.

    A stream lies within one of each exactly if none of these positions is inside it.
    """
    places = [(core.socket, core.numa_node, core.l3) for core in cores]
    return tuple(i for i in range(1, len(places)) if places[i] != places[i - 1])


def is_aligned(num_cores: int, num_streams: int, boundaries: Sequence[int]) -> bool:
    """Tell whether every boundary falls between two streams: then no stream straddles anything."""
    size, larger = divmod(num_cores, num_streams)
    wide = larger * (size + 1)
    return all(b % (size + 1) == 0 if b <= wide else (b - wide) % size == 0 for b in boundaries)


def nearest_aligned(num_cores: int, num_streams: int, boundaries: Sequence[int]) -> list[int]:
    """Find the nearest smaller and the nearest larger num_streams that are aligned, and even if any such is."""
    found = []
    for counts in (range(num_streams - 1, 0, -1), range(num_streams + 1, num_cores + 1)):
        aligned = (n for n in counts if is_aligned(num_cores, n, boundaries))
        first = next(aligned, None)
        if first is not None:
            even = first if num_cores % first == 0 else next((n for n in aligned if num_cores % n == 0), first)
            found.append(even)
    return found
