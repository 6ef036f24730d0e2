"""The model given: a path, bytes or a ModelProto, with dimensions fixed as asked. A file is never changed."""

from __future__ import annotations

import operator
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx

from deepsched.engine.batching import find_batched
from deepsched.errors import ModelError, ModelNotFoundError, OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.engine.signature import Dimension


@dataclass(frozen=True)
class Model:
    """A model as onnxruntime will open it.

    Parameters
    ----------
    label : str
        How messages name it: its path as it was given, or ``"<bytes>"``.
    content : str or bytes
        The absolute path, or the serialised model.
    folder : str or None
        Where the external data of a serialised model lies.
    batched : tuple of str or None
        The inputs with a batch dimension, where fixing dimensions hides which they were.
    stamp : tuple of int or None
        The file's time of change, size and number when it was given.
    prepared : bool
        Whether it is already optimised; see `deepsched.engine.prepared`.
    """

    label: str
    content: str | bytes
    folder: str | None = None
    batched: tuple[str, ...] | None = None
    stamp: tuple[int, ...] | None = None
    prepared: bool = False

    def as_prepared(self, path: str) -> Model:
        """Name the file at `path` as this model's prepared form."""
        return replace(self, content=path, folder=None, stamp=None, prepared=True)

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

    def check_unchanged(self) -> None:
        """Refuse to open a file again that is another one by now: streams must not answer differently.

        Raises
        ------
        ModelError
            If the file was changed, replaced or removed.
        """
        if self.stamp is not None and self.stamp != _read_stamp(str(self.content)):
            raise ModelError(f"model {self.label}: the file was changed since it was compiled; compile it again.")


def open_model(model: Any, batch_size: int | None = None, input_shapes: Sequence[Sequence[int]] | None = None) -> Model:
    """Accept a model in any of its forms, with `input_shapes` and then `batch_size` fixed in it.

    Raises
    ------
    ModelNotFoundError
        If there is no file at the path.
    ModelError
        If it is of another kind or empty, or the dimensions cannot be fixed as asked.
    OptionError
        If `batch_size` is no positive integer; None and 0 leave the model as it is.
    """
    opened = _open(model)
    batch_size = _check_batch_size(batch_size)
    shapes = [] if input_shapes is None else _read_shapes(opened.label, input_shapes)
    if batch_size is None and not shapes:
        return opened
    proto = opened.read_proto()
    inputs = _true_inputs(proto)
    batched = find_batched({v.name: _first_dimension(v) for v in inputs if v.type.tensor_type.shape.dim})
    if shapes:
        _fix_shapes(opened.label, inputs, shapes)
    if batch_size is not None:
        _fix_batch(opened.label, [value for value in inputs if value.name in batched], batch_size)
    _forget_shapes(proto)
    return Model(opened.label, proto.SerializeToString(), opened.folder, batched)


def _check_batch_size(batch_size: Any) -> int | None:
    if batch_size is None:
        return None
    if isinstance(batch_size, bool) or not hasattr(batch_size, "__index__") or batch_size < 0:
        raise OptionError(f"batch_size is {batch_size!r}; expected an integer from 1 up, or None to keep the model's.")
    return operator.index(batch_size) or None


def _open(model: Any) -> Model:
    if isinstance(model, onnx.ModelProto):
        return Model("<ModelProto>", _serialise(model))
    if isinstance(model, bytes | bytearray | memoryview):
        content = bytes(model)
        if not content:
            raise ModelError("model <bytes>: is empty; expected a serialised ONNX model.")
        return Model("<bytes>", content)
    if not isinstance(model, str | os.PathLike):
        raise ModelError(f"a model cannot be {type(model).__name__}; expected a path, bytes or an onnx.ModelProto.")
    label = os.fsdecode(model)
    stamp = _read_stamp(label)
    if stamp is None:
        raise ModelNotFoundError(f"model {label}: there is no such file.")
    path = Path(label).absolute()
    if not path.is_file():
        raise ModelError(f"model {label}: is not a file; expected an .onnx file.")
    if path.stat().st_size == 0:
        raise ModelError(f"model {label}: is empty; expected an ONNX model.")
    return Model(label, str(path), str(path.resolve().parent), stamp=stamp)


def _serialise(model: onnx.ModelProto) -> bytes:
    try:
        content: bytes = model.SerializeToString()
    except Exception as error:
        raise ModelError(
            f"model <ModelProto>: cannot be serialised ({error}). Save one of 2 GB and more with external data "
            f"(onnx.save_model(..., save_as_external_data=True)) and give its path."
        ) from error
    return content


def _read_stamp(path: str) -> tuple[int, ...] | None:
    try:
        status = Path(path).stat()
    except (OSError, ValueError):  # missing, or a name that no file can have
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _true_inputs(proto: onnx.ModelProto) -> list[Any]:
    """List the inputs that a request gives: up to IR version 3 initializers stand among the inputs too."""
    initializers = {tensor.name for tensor in proto.graph.initializer}
    return [value for value in proto.graph.input if value.name not in initializers]


def _first_dimension(value: Any) -> Dimension:
    first = value.type.tensor_type.shape.dim[0]
    return first.dim_value if first.HasField("dim_value") else first.dim_param or None


def _fix_shapes(label: str, inputs: list[Any], shapes: list[Any]) -> None:
    if len(shapes) != len(inputs):
        raise ModelError(f"model {label}: {len(shapes)} input_shapes for {len(inputs)} inputs; give one each.")
    for value, given in zip(inputs, shapes, strict=True):
        where = f"model {label}, input_shapes for {value.name!r}"
        dims = value.type.tensor_type.shape.dim
        shape = _read_shape(where, given)
        if len(dims) != len(shape):
            raise ModelError(f"{where}: {shape} has {len(shape)} dimensions; {value.name!r} has rank {len(dims)}.")
        for dim, size in zip(dims, shape, strict=True):
            dim.dim_value = size


def _read_shapes(label: str, given: Any) -> list[Any]:
    try:
        return list(given)
    except TypeError:
        raise ModelError(
            f"model {label}: input_shapes is {given!r}; expected a list, a shape for each input."
        ) from None


def _read_shape(where: str, given: Any) -> list[int]:
    try:
        shape = [operator.index(size) for size in given]
    except TypeError:
        shape = [-1]
    if any(size < 0 for size in shape):
        raise ModelError(f"{where}: given {given!r}; expected whole numbers from 0 up, such as [1, 3].")
    return shape


def _fix_batch(label: str, batched: list[Any], batch_size: int) -> None:
    """Fix the first dimension of the batched inputs; inputs that have no batch dimension are left alone."""
    firsts = [value.type.tensor_type.shape.dim[0] for value in batched]
    fixed = sorted({dim.dim_value for dim in firsts if dim.HasField("dim_value")})
    if not firsts or (fixed and fixed != [batch_size]):
        raise ModelError(
            f"model {label}: batch_size {batch_size} was asked, but no input has a dynamic first dimension "
            f"(fixed at {', '.join(map(str, fixed)) or 'nothing'}). Leave batch_size out, or use input_shapes."
        )
    for dim in firsts:
        dim.dim_value = batch_size


def _forget_shapes(proto: onnx.ModelProto) -> None:
    """Drop the shapes behind the inputs: onnxruntime infers them anew."""
    del proto.graph.value_info[:]
    for value in proto.graph.output:
        for dim in value.type.tensor_type.shape.dim:
            dim.ClearField("dim_value")
            dim.ClearField("dim_param")
