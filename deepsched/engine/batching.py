"""Which inputs have a batch dimension; cutting a large batch into requests and putting outputs together again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.errors import InputError, InputTypeError
from deepsched.planning.partition import split_sizes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deepsched.engine.signature import Dimension


def find_batched(first_dimensions: Mapping[str, Dimension]) -> tuple[str, ...]:
    """Name the inputs that have a batch dimension, given the first dimension of each input that has one.

    The batch is the first of these that is dynamic, every other dynamic one of the same name, and those with ``batch``
    in their name. In a model without dynamic ones it is the first input's, and those of the same size.
    """
    dynamic = [d for d in first_dimensions.values() if not isinstance(d, int)]
    batch = dynamic[0] if dynamic else next(iter(first_dimensions.values()), None)
    return tuple(
        name
        for name, dimension in first_dimensions.items()
        if dimension == batch or (dynamic and isinstance(dimension, str) and "batch" in dimension.lower())
    )


def count_items(feeds: Mapping[str, Any], batched: Sequence[str]) -> int:
    """Count the entries of the batch that `feeds` holds; 1 for a model without a batch dimension."""
    if not batched:
        return 1
    value = feeds[batched[0]]
    shape = value.shape() if callable(value.shape) else value.shape  # an OrtValue's shape is a method
    return int(shape[0])


def split_batch(
    feeds: Mapping[str, Any], batched: Sequence[str], batch_size: int | None, num_streams: int
) -> list[tuple[dict[str, Any], int]]:
    """Cut `feeds` into requests of `batch_size`, or, where that is free, into one for each stream.

    With a fixed `batch_size` the last request is filled up by repeating its last entry.

    Returns
    -------
    list of (request, items)
        Each request's inputs, and how many of its entries are not filling.

    Raises
    ------
    InputTypeError
        If a batched input is no array with at least one dimension.
    InputError
        If the batched inputs' first dimensions differ, or there is nothing to fill up with.
    """
    items = _check_batches({name: feeds[name] for name in batched})
    if batch_size is None:
        sizes = [size for size in split_sizes(items, num_streams) if size] or [0]
    else:
        if items == 0:
            raise InputError(
                f"input {batched[0]!r}: the batch is empty; the model's batch size is fixed at {batch_size}."
            )
        sizes = [batch_size] * -(-items // batch_size)
    requests = []
    for index, size in enumerate(sizes):
        start = sum(sizes[:index])
        parts = {name: _fill_up(feeds[name][start : start + size], size) for name in batched}
        requests.append(({**feeds, **parts}, min(size, items - start)))
    return requests


def join_outputs(names: Sequence[str], parts: Sequence[tuple[Sequence[Any], int, int]]) -> list[Any]:
    """Put the requests' outputs together along the first dimension, and drop what had been filled up.

    Parameters
    ----------
    names : sequence of str
        The outputs' names.
    parts : sequence of (outputs, size, items)
        Each request's outputs, the size of its batch, and how many of its entries are not filling.

    Raises
    ------
    InputError
        If an output has no batch dimension: then the parts' outputs cannot be told from the whole's.
    """
    if len(parts) == 1 and parts[0][1] == parts[0][2]:
        return list(parts[0][0])
    joined = []
    for place, name in enumerate(names):
        for outputs, size, _ in parts:
            shape = np.shape(outputs[place]) if isinstance(outputs[place], np.ndarray) else ()
            if not shape or shape[0] != size:
                raise InputError(
                    f"output {name!r} has shape {list(shape)} for a batch of {size}: it has no batch dimension, so a "
                    f"batch that is cut into parts cannot be put together. Use run."
                )
        joined.append(np.concatenate([outputs[place][:items] for outputs, _, items in parts], axis=0))
    return joined


def _check_batches(arrays: Mapping[str, Any]) -> int:
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.ndim == 0:
            given = "an array without dimensions" if isinstance(array, np.ndarray) else type(array).__name__
            raise InputTypeError(f"input {name!r}: given {given}; expected a numpy.ndarray with a batch dimension.")
    sizes = {name: len(array) for name, array in arrays.items()}
    if len(set(sizes.values())) > 1:
        given = ", ".join(f"{name!r} {size}" for name, size in sizes.items())
        raise InputError(f"the inputs' batches differ: {given}. Expected the same first dimension in all of them.")
    return next(iter(sizes.values()))


def _fill_up(part: np.ndarray[Any, Any], size: int) -> np.ndarray[Any, Any]:
    if len(part) == size:
        return part
    return np.concatenate([part, np.repeat(part[-1:], size - len(part), axis=0)])
