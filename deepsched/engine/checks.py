"""A request's inputs against the model's signature, before anything runs.

onnxruntime itself reads big-endian arrays as garbage, cuts strings at a zero character and turns None into the string
``'None'``; here all are caught.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from deepsched.errors import InputError, InputTypeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deepsched.engine.signature import Signature, ValueSpec

    Array = np.ndarray[Any, np.dtype[Any]]

_STRING_KINDS = "UT"


def name_inputs(signature: Signature, inputs: Any) -> dict[str, Any]:
    """Pair inputs with their names: a list or tuple in the model's order, or a mapping by name.

    Raises
    ------
    InputTypeError
        If `inputs` is neither.
    InputError
        If their number or their names are not the model's.
    """
    names = signature.input_names
    if type(inputs) is dict and inputs.keys() == signature.input_name_set:
        return inputs
    if isinstance(inputs, (list, tuple)):
        if len(inputs) != len(names):
            raise InputError(f"{len(inputs)} inputs were given; the model takes {len(names)}: {_list(names)}.")
        return dict(zip(names, inputs))  # noqa: B905 - as many by now
    if not isinstance(inputs, Mapping):
        hint = " Put a single array into a list: run([array])." if isinstance(inputs, np.ndarray) else ""
        raise InputTypeError(
            f"inputs must be a list in the model's order or a dict by name, given {type(inputs).__name__}; "
            f"the model takes {_list(names)}.{hint}"
        )
    missing = [name for name in names if name not in inputs]
    unknown = [name for name in inputs if name not in names]
    if missing or unknown:
        parts = [f"{word} {_list(which)}" for word, which in (("missing", missing), ("unknown", unknown)) if which]
        raise InputError(f"inputs by name: {'; '.join(parts)}. The model takes {_list(names)}.")
    return {name: inputs[name] for name in names}


def check_inputs(signature: Signature, inputs: Any) -> dict[str, Any]:
    """Check inputs against the signature and give them by name, ready for onnxruntime.

    Arrays of any memory layout are taken; those that onnxruntime cannot read in place are copied. No
    element type is ever changed.

    Raises
    ------
    InputTypeError, InputError
        See `name_inputs`; also if an input's kind, dtype, rank or a fixed dimension is not the model's. The message
        names the input, what came and what was expected.
    """
    feeds = {}
    plain = signature.plain_inputs
    ordered = inputs if type(inputs) is list and len(inputs) == len(plain) else _put_in_order(signature, inputs)
    for (name, dtype, shape, spec), value in zip(plain, ordered):  # noqa: B905 - naming strict costs 0.2 us
        # Nearly every array is right as it is, and these four looks cost a tenth of the full check.
        if type(value) is ndarray and value.dtype is dtype and value.shape == shape and value.flags.c_contiguous:
            feeds[name] = value
        else:
            feeds[name] = check_value(spec, value)
    return feeds


def _put_in_order(signature: Signature, inputs: Any) -> Iterable[Any]:
    return map(name_inputs(signature, inputs).__getitem__, signature.input_names)


def check_value(spec: ValueSpec, value: Any) -> Any:
    """Check one input, and give it in a form that onnxruntime reads right."""
    if spec.dtype is None:
        return _make_native(value)  # a sequence, a map, or an element type that numpy lacks: onnxruntime judges
    if isinstance(value, np.generic):
        value = np.asarray(value)
    if not isinstance(value, np.ndarray) or isinstance(value, np.ma.MaskedArray):
        raise InputTypeError(
            f"input {spec.name!r}: given {type(value).__name__}; expected a numpy.ndarray of "
            f"{spec.dtype_name}, shape {spec.describe_shape()}."
        )
    if spec.dtype == object:
        value = _check_strings(spec, value)
    elif value.dtype != spec.dtype:
        value = _match_dtype(spec, value)
    if spec.shape is not None:
        _check_shape(spec, value)
    # order="C" and not ascontiguousarray: that would make one dimension of none.
    return np.asarray(value, order="C")


def _match_dtype(spec: ValueSpec, value: Array) -> Array:
    # The same type in the other byte order is copied, not cast. Types of numpy's newer kind have no byte order.
    native = _make_native(value)
    if native.dtype == spec.dtype:
        return native  # type: ignore[no-any-return]
    raise InputError(
        f"input {spec.name!r}: given dtype {value.dtype}; expected {spec.dtype_name}. "
        f"Nothing is cast in silence: convert it with .astype where that is what you mean."
    )


def _make_native(value: Any) -> Any:
    """Copy arrays in the other byte order into this machine's, also those in a sequence."""
    if isinstance(value, list):
        return [_make_native(element) for element in value]
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc" and not value.dtype.isnative:
        return value.astype(value.dtype.newbyteorder("="))
    return value


def _check_strings(spec: ValueSpec, value: Array) -> Array:
    if value.dtype.kind in _STRING_KINDS:
        value = value.astype(object)  # onnxruntime reads only these whole
    elif value.dtype != object:
        raise InputError(f"input {spec.name!r}: given dtype {value.dtype}; expected {spec.dtype_name}.")
    for element in value.flat:
        if not isinstance(element, str):
            raise InputError(f"input {spec.name!r}: holds {element!r}, a {type(element).__name__}; expected only str.")
    return value


def _check_shape(spec: ValueSpec, value: Array) -> None:
    expected = spec.shape or ()
    fits = len(expected) == value.ndim and all(
        not isinstance(dimension, int) or dimension == size
        for dimension, size in zip(expected, value.shape, strict=True)
    )
    if not fits:
        raise InputError(
            f"input {spec.name!r}: given shape {list(value.shape)}; expected {spec.describe_shape()}"
            f"{'' if len(expected) == value.ndim else f' of rank {len(expected)}'}."
        )


def _list(names: Any) -> str:
    return ", ".join(repr(name) for name in names) or "none"
