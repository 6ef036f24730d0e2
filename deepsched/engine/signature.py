"""What a model takes and gives: names, element types, shapes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Collection

    import onnxruntime

# onnxruntime's names for element types that numpy has. Others (bfloat16, float8, int4) are left to onnxruntime.
_DTYPES = {
    **{name: np.dtype(name) for name in ("bool", "int8", "int16", "int32", "int64", "float16")},
    **{name: np.dtype(name) for name in ("uint8", "uint16", "uint32", "uint64")},
    "float": np.dtype(np.float32),
    "double": np.dtype(np.float64),
    "string": np.dtype(object),
}

Dimension = int | str | None


@dataclass(frozen=True)
class ValueSpec:
    """One input or output of a model.

    Parameters
    ----------
    name : str
        Its name in the model.
    type : str
        onnxruntime's word for the type, such as ``"tensor(float)"`` or ``"seq(tensor(int64))"``.
    shape : tuple or None
        A number for a fixed dimension, a name or None for a dynamic one. None for an unknown rank, and for
        what is no tensor.
    """

    name: str
    type: str
    shape: tuple[Dimension, ...] | None

    @cached_property
    def dtype(self) -> np.dtype[Any] | None:
        """The numpy dtype of a tensor's elements (object for strings); None where numpy has none."""
        return _DTYPES.get(self.type[7:-1]) if self.is_tensor else None

    @cached_property
    def plain_dtype(self) -> np.dtype[Any] | None:
        """The dtype, where an array of it needs no look at its elements; None for strings."""
        return None if self.dtype == object else self.dtype

    @property
    def dtype_name(self) -> str:
        """The dtype as people write it."""
        return "str" if self.dtype == object else str(self.dtype)

    @property
    def is_tensor(self) -> bool:
        """Whether it is a tensor, and not a sequence, a map or an optional."""
        return self.type.startswith("tensor(")

    def describe_shape(self) -> str:
        """Write the shape as people do: ``[batch, 3, 224, 224]``, with ``?`` for a nameless dimension."""
        if self.shape is None:
            return "any rank"
        return f"[{', '.join('?' if d is None else str(d) for d in self.shape)}]"


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs of a model, in the model's order."""

    inputs: tuple[ValueSpec, ...]
    outputs: tuple[ValueSpec, ...]

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        """The inputs' names."""
        return tuple(spec.name for spec in self.inputs)

    @cached_property
    def input_name_set(self) -> frozenset[str]:
        """The inputs' names, in no order."""
        return frozenset(self.input_names)

    @cached_property
    def plain_inputs(self) -> tuple[tuple[str, np.dtype[Any] | None, tuple[Dimension, ...] | None, ValueSpec], ...]:
        """For each input its name, and the dtype and shape with which an array needs no further look."""
        return tuple((spec.name, spec.plain_dtype, spec.shape, spec) for spec in self.inputs)

    @cached_property
    def output_names(self) -> tuple[str, ...]:
        """The outputs' names."""
        return tuple(spec.name for spec in self.outputs)


def read_signature(session: onnxruntime.InferenceSession, scalars: Collection[str]) -> Signature:
    """Read the signature of a session.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
        A session of the model.
    scalars : collection of str
        Which inputs the model declares to have no dimension. onnxruntime gives an empty shape for these and
        for inputs of unknown rank alike.

    Raises
    ------
    ModelError
        If a name is not UTF-8.
    """

    def read(node: Any) -> ValueSpec:
        unknown = not node.type.startswith("tensor(") or (not node.shape and node.name not in scalars)
        return ValueSpec(node.name, node.type, None if unknown else tuple(node.shape))

    try:
        return Signature(
            inputs=tuple(read(node) for node in session.get_inputs()),
            outputs=tuple(read(node) for node in session.get_outputs()),
        )
    except UnicodeDecodeError as error:
        raise ModelError(f"an input or output of the model has a name that is no text ({error}).") from None
