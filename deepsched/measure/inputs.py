"""Inputs for a model of which nothing but its signature is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.errors import InputError

if TYPE_CHECKING:
    from deepsched.engine import Signature, ValueSpec


def generate_inputs(signature: Signature, seed: int = 0) -> list[Any]:
    """Make one request's inputs, the same for the same seed.

    Dynamic dimensions become 1. Floats are uniform in [0, 1); integers are 0 or 1, which any index or mask
    takes; strings are ``"a"``.

    Raises
    ------
    InputError
        If an input is of a kind that cannot be made from its signature, such as a sequence.
    """
    random = np.random.default_rng(seed)
    return [_generate(spec, random) for spec in signature.inputs]


def _generate(spec: ValueSpec, random: np.random.Generator) -> np.ndarray[Any, Any]:
    if spec.dtype is None or spec.shape is None:
        raise InputError(f"input {spec.name!r} of type {spec.type} cannot be generated; give the inputs yourself.")
    shape = tuple(size if isinstance(size, int) else 1 for size in spec.shape)
    if spec.dtype == object:
        return np.full(shape, "a", dtype=object)
    if spec.dtype.kind == "f":
        return np.asarray(random.random(shape), dtype=spec.dtype)
    return np.asarray(random.integers(0, 2, shape), dtype=spec.dtype)
