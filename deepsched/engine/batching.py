"""Cutting a large batch into requests and putting the outputs together again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.errors import InputError
from deepsched.planning.partition import split_sizes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deepsched.engine.signature import Signature


def find_batched(signature: Signature) -> tuple[str, ...]:
    """Name the inputs that have a batch dimension: the first input's first dimension, and those like it."""
    firsts = {spec.name: spec.shape[0] for spec in signature.inputs if spec.shape}
    batch = next((d for d in firsts.values() if not isinstance(d, int)), next(iter(firsts.values()), None))
    return tuple(name for name, dimension in firsts.items() if dimension == batch)


def count_items(feeds: Mapping[str, Any], batched: Sequence[str]) -> int:
    """Count the entries of the batch that `feeds` holds; 1 for a model without a batch dimension.

    Raises
    ------
    InputError
        If the batched inputs disagree.
    """
    sizes = {name: len(feeds[name]) for name in batched}
    if len(set(sizes.values())) > 1:
        given = ", ".join(f"{name!r} {size}" for name, size in sizes.items())
        raise InputError(f"the inputs' batches differ: {given}. Expected the same first dimension in all of them.")
    return next(iter(sizes.values()), 1)


def split_batch(
    feeds: Mapping[str, Any], batched: Sequence[str], batch_size: int | None, num_streams: int
) -> list[dict[str, Any]]:
    """Cut `feeds` into requests of `batch_size`, or, where that is free, into one for each stream.

    With a fixed `batch_size` the last request is filled up by repeating its last entry.
    """
    items = count_items(feeds, batched)
    if batch_size is None:
        sizes = [size for size in split_sizes(items, num_streams) if size] or [0]
    else:
        sizes = [batch_size] * max(1, -(-items // batch_size))
    requests = []
    start = 0
    for size in sizes:
        request = dict(feeds)
        for name in batched:
            part = feeds[name][start : start + size]
            if len(part) < size:
                part = np.concatenate([part, np.repeat(feeds[name][-1:], size - len(part), axis=0)])
            request[name] = part
        requests.append(request)
        start += size
    return requests


def join_outputs(parts: Sequence[Sequence[Any]], items: int) -> list[Any]:
    """Put the requests' outputs together along the first dimension and drop what had been filled up."""
    return [np.concatenate(arrays, axis=0)[:items] for arrays in zip(*parts, strict=True)]
