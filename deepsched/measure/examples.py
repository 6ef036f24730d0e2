"""Real models that every installation has: the light ones of the onnx package, with their reference outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from deepsched.errors import ModelNotFoundError

_FOLDER = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"


def list_examples() -> list[str]:
    """Name the models, such as ``"light_squeezenet"``."""
    return sorted(path.stem for path in _FOLDER.glob("light_*.onnx"))


def find_example(name: str) -> str:
    """Give the path of the model `name`.

    Raises
    ------
    ModelNotFoundError
        If there is none of that name; the message lists those there are.
    """
    path = _FOLDER / f"{name}.onnx"
    if not path.is_file():
        known = ", ".join(list_examples()) or "none: this onnx package comes without its test data"
        raise ModelNotFoundError(f"no example model {name!r}; there are {known}.")
    return str(path)


def make_example_input(shape: tuple[int, ...] = (1, 3, 224, 224)) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Give the input that belongs to the reference outputs: a rising ramp from 0 to 1, float32."""
    count = int(np.prod(shape))
    return (np.arange(count).reshape(shape) / count).astype(np.float32)


def read_example_output(name: str) -> np.ndarray[Any, Any]:
    """Read the reference output of the model `name` for `make_example_input`; errors as for `find_example`."""
    find_example(name)
    tensor = onnx.TensorProto()
    tensor.ParseFromString((_FOLDER / f"{name}_output_0.pb").read_bytes())
    return numpy_helper.to_array(tensor)
