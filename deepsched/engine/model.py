"""The model given: a path, bytes or a ModelProto, with dimensions fixed as asked. A file is never changed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx

from deepsched.errors import ModelError, ModelNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Model:
    """A model as onnxruntime will open it.

    Parameters
    ----------
    label : str
        How messages name it: its path, or ``"<bytes>"``.
    content : str or bytes
        The path, or the serialised model.
    folder : str or None
        Where the external data of a serialised model lies.
    """

    label: str
    content: str | bytes
    folder: str | None = None

    def read_proto(self) -> onnx.ModelProto:
        """Parse the model, without its external data.

        Raises
        ------
        ModelError
            If it is no ONNX model.
        """
        try:
            if isinstance(self.content, bytes):
                return onnx.load_model_from_string(self.content)
            return onnx.load(self.content, load_external_data=False)
        except Exception as error:
            raise ModelError(f"model {self.label}: cannot be read as ONNX ({error}).") from error

    def declared_scalars(self) -> frozenset[str]:
        """Name the inputs that the model declares to have a shape without dimensions."""
        tensors = ((value.name, value.type.tensor_type) for value in self.read_proto().graph.input)
        return frozenset(name for name, tensor in tensors if tensor.HasField("shape") and not tensor.shape.dim)


def open_model(model: Any, batch_size: int | None = None, input_shapes: Sequence[Sequence[int]] | None = None) -> Model:
    """Accept a model in any of its forms, with `input_shapes` and then `batch_size` fixed in it.

    Raises
    ------
    ModelNotFoundError
        If there is no file at the path.
    ModelError
        If it is of another kind or empty, or the dimensions cannot be fixed as asked.
    """
    opened = _open(model)
    if batch_size is None and not input_shapes:
        return opened
    proto = opened.read_proto()
    inputs = _true_inputs(proto)
    if input_shapes:
        _fix_shapes(opened.label, proto, inputs, input_shapes)
    if batch_size is not None:
        _fix_batch(opened.label, proto, inputs, batch_size)
    return Model(opened.label, proto.SerializeToString(), opened.folder)


def _open(model: Any) -> Model:
    if isinstance(model, onnx.ModelProto):
        return Model("<ModelProto>", model.SerializeToString())
    if isinstance(model, bytes | bytearray | memoryview):
        content = bytes(model)
        if not content:
            raise ModelError("model <bytes>: is empty; expected a serialised ONNX model.")
        return Model("<bytes>", content)
    if not isinstance(model, str | os.PathLike):
        raise ModelError(f"a model cannot be {type(model).__name__}; expected a path, bytes or an onnx.ModelProto.")
    path = Path(os.fsdecode(model))
    if not path.exists():
        raise ModelNotFoundError(f"model {path}: there is no such file.")
    if not path.is_file():
        raise ModelError(f"model {path}: is not a file; expected an .onnx file.")
    if path.stat().st_size == 0:
        raise ModelError(f"model {path}: is empty; expected an ONNX model.")
    return Model(str(path), str(path), str(path.resolve().parent))


def _true_inputs(proto: onnx.ModelProto) -> list[Any]:
    """List the inputs that a request gives: up to IR version 3 initializers stand among the inputs too."""
    initializers = {tensor.name for tensor in proto.graph.initializer}
    return [value for value in proto.graph.input if value.name not in initializers]


def _fix_shapes(label: str, proto: onnx.ModelProto, inputs: list[Any], input_shapes: Sequence[Sequence[int]]) -> None:
    if len(input_shapes) != len(inputs):
        raise ModelError(f"model {label}: {len(input_shapes)} input_shapes for {len(inputs)} inputs; give one each.")
    for value, shape in zip(inputs, input_shapes, strict=True):
        dims = value.type.tensor_type.shape.dim
        if len(dims) != len(shape) or any(isinstance(n, bool) or not isinstance(n, int) or n < 0 for n in shape):
            raise ModelError(
                f"model {label}: input {value.name!r} has rank {len(dims)}; input_shapes gives {list(shape)}."
            )
        for dim, size in zip(dims, shape, strict=True):
            dim.dim_value = size
    _forget_shapes(proto)


def _fix_batch(label: str, proto: onnx.ModelProto, inputs: list[Any], batch_size: int) -> None:
    """Fix the first dimension wherever it is the batch; inputs that have no batch dimension are left alone.

    The batch is the dynamic first dimension of the first input that has one, and every other first dimension of the
    same name, or with ``batch`` in its name.
    """
    firsts = [v.type.tensor_type.shape.dim[0] for v in inputs if v.type.tensor_type.shape.dim]
    dynamic = [dim for dim in firsts if not dim.HasField("dim_value")]
    if not dynamic:
        fixed = sorted({dim.dim_value for dim in firsts})
        if firsts and firsts[0].dim_value == batch_size:
            return
        raise ModelError(
            f"model {label}: batch_size {batch_size} was asked, but no input has a dynamic first dimension "
            f"(they are fixed at {', '.join(map(str, fixed)) or 'nothing'}). Leave batch_size out, or use input_shapes."
        )
    symbol = dynamic[0].dim_param
    for dim in dynamic:
        if dim.dim_param == symbol or "batch" in dim.dim_param.lower():
            dim.dim_value = batch_size
    _forget_shapes(proto)


def _forget_shapes(proto: onnx.ModelProto) -> None:
    """Drop the shapes behind the inputs: onnxruntime infers them anew."""
    del proto.graph.value_info[:]
    for value in proto.graph.output:
        for dim in value.type.tensor_type.shape.dim:
            dim.ClearField("dim_value")
            dim.ClearField("dim_param")
