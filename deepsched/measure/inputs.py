"""Inputs for a model of which nothing but its signature is known, or those that a person has in a file."""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deepsched.engine import Signature, ValueSpec

_ANYTHING = 2  # 0 and 1 are an index into any table of two, a mask, a token


def generate_inputs(signature: Signature, seed: int = 0, *, bounds: Mapping[str, int] | None = None) -> list[Any]:
    """Make one request's inputs, the same for the same seed.

    Dynamic dimensions become 1. Floats are uniform in [0, 1); integers are 0 or 1, which any index or mask
    takes, or from 0 up to the input's bound; strings are ``"a"``.

    Parameters
    ----------
    signature : Signature
        What the model takes.
    seed : int
        For numpy's generator.
    bounds : mapping of str to int, optional
        For inputs of integers, one more than the largest; `find_index_bounds` reads them from a model.

    Raises
    ------
    InputError
        If an input is of a kind that cannot be made from its signature, such as a sequence.
    """
    random = np.random.default_rng(seed)
    return [_generate(spec, random, (bounds or {}).get(spec.name, _ANYTHING)) for spec in signature.inputs]


def read_inputs(path: str | os.PathLike[str], signature: Signature) -> list[Any] | dict[str, Any]:
    """Read one request's inputs from a file of numpy's.

    Parameters
    ----------
    path : str or path
        An ``.npy`` file for a model with one input; an ``.npz`` file with arrays of the inputs' names, or, as
        ``numpy.savez`` names what has no name, of ``arr_0``, ``arr_1``, ... in the model's order.
    signature : Signature
        What the model takes.

    Raises
    ------
    InputError
        If there is no such file, or it is none of numpy's.
    """
    try:
        with Path(path).open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            arrays = None if isinstance(loaded, np.ndarray) else dict(loaded)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"inputs {os.fspath(path)}: expected an .npz or .npy file of numpy's ({error}).") from error
    if arrays is None:
        return [loaded]
    in_order = [f"arr_{place}" for place in range(len(arrays))]
    if set(arrays) == set(in_order) and not set(arrays) & set(signature.input_names):
        return [arrays[name] for name in in_order]
    return arrays


def _generate(spec: ValueSpec, random: np.random.Generator, bound: int) -> np.ndarray[Any, Any]:
    if spec.dtype is None or spec.shape is None:
        raise InputError(f"input {spec.name!r} of type {spec.type} cannot be generated; give the inputs yourself.")
    shape = tuple(size if isinstance(size, int) else 1 for size in spec.shape)
    if spec.dtype == object:
        return np.full(shape, "a", dtype=object)
    if spec.dtype.kind == "f":
        return np.asarray(random.random(shape), dtype=spec.dtype)
    if spec.dtype.kind in "iu":
        bound = min(bound, int(np.iinfo(spec.dtype).max))
    return np.asarray(_draw_integers(random, shape, bound), dtype=spec.dtype)


def _draw_integers(random: np.random.Generator, shape: tuple[int, ...], bound: int) -> np.ndarray[Any, Any]:
    drawn = random.integers(0, bound, shape)
    if drawn.size and bound > 1 and not drawn.any():
        drawn.flat[-1] = 1  # all zeros is a request that may be cheaper than any other
    return drawn
