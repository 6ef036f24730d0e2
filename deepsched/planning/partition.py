"""The rule by which cores are cut into streams, and the arithmetic that follows from it.

DeepSparse's user guide ("The DeepSparse scheduler") gives the rule by example; `split_sizes` matches all of them.
"""

from __future__ import annotations

from itertools import accumulate, groupby
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


def split_kinds(kind_sizes: Sequence[int], num_streams: int) -> list[int]:
    """Cut groups of cores of one kind each, so that no stream mixes kinds while there are streams enough for that.

    Each kind gets a stream, and each further stream goes where the streams are the widest.

    >>> split_kinds([6, 8], 3)
    [6, 4, 4]
    """
    if num_streams < len(kind_sizes):
        return split_sizes(sum(kind_sizes), num_streams)
    counts = [1] * len(kind_sizes)
    for _ in range(num_streams - len(kind_sizes)):
        widest = max(range(len(counts)), key=lambda kind: kind_sizes[kind] / counts[kind])
        counts[widest] += 1
    return [size for cores, count in zip(kind_sizes, counts, strict=True) for size in split_sizes(cores, count)]


def count_kinds(cores: Sequence[Core]) -> list[int]:
    """Count the cores of each kind; they stand kind by kind."""
    return [sum(1 for _ in group) for _, group in groupby(cores, key=lambda core: core.kind)]


def split_cores(cores: Sequence[Core], num_streams: int) -> list[tuple[Core, ...]]:
    """Cut `cores`, which stand in the order in which streams take them, into contiguous groups."""
    ends = list(accumulate(split_kinds(count_kinds(cores), num_streams)))
    return [tuple(cores[start:end]) for start, end in zip([0, *ends], ends, strict=False)]


def default_num_streams(cores: Sequence[Core]) -> int:
    """Count one stream an L3; without any L3 one a NUMA node, and with a single node one a socket."""
    l3s = {core.l3 for core in cores if core.l3 is not None}
    nodes = {core.numa_node for core in cores}
    return len(l3s) or (len(nodes) if len(nodes) > 1 else len({core.socket for core in cores}))


def find_boundaries(cores: Sequence[Core]) -> tuple[int, ...]:
    """Find where one kind, L3, NUMA node or socket ends and the next begins.

    A stream lies within one of each exactly if none of these positions is inside it.
    """
    places = [(core.kind, core.socket, core.numa_node, core.l3) for core in cores]
    return tuple(i for i in range(1, len(places)) if places[i] != places[i - 1])


def is_aligned(kind_sizes: Sequence[int], num_streams: int, boundaries: Sequence[int]) -> bool:
    """Tell whether every boundary falls between two streams: then no stream straddles anything."""
    if len(kind_sizes) > 1:
        return set(boundaries) <= set(accumulate(split_kinds(kind_sizes, num_streams)))
    size, larger = divmod(kind_sizes[0], num_streams)
    wide = larger * (size + 1)
    return all(b % (size + 1) == 0 if b <= wide else (b - wide) % size == 0 for b in boundaries)


def nearest_aligned(cores: Sequence[Core], num_streams: int) -> list[int]:
    """Find the nearest smaller and the nearest larger num_streams that are aligned, and even if any such is."""
    boundaries, kind_sizes = find_boundaries(cores), count_kinds(cores)
    found = []
    for counts in (range(num_streams - 1, 0, -1), range(num_streams + 1, len(cores) + 1)):
        even = (n for n in counts if len(cores) % n == 0 and is_aligned(kind_sizes, n, boundaries))
        uneven = (n for n in counts if is_aligned(kind_sizes, n, boundaries))
        nearest = next(even, None) or next(uneven, None)
        if nearest is not None:
            found.append(nearest)
    return found
