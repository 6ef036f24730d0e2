"""The runtimes that can be measured: one module each, which opens a model and gives an `OpenModel`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from deepsched.measure.runtimes.deepsched import open_in_deepsched
from deepsched.measure.runtimes.onnxruntime import open_in_onnxruntime
from deepsched.measure.runtimes.openvino import open_in_openvino

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deepsched.measure.request import RequestSource
    from deepsched.measure.runtimes.open_model import OpenModel
    from deepsched.measure.setting import Setting

__all__ = ["open_setting"]

_OPENERS = {"deepsched": open_in_deepsched, "onnxruntime": open_in_onnxruntime, "openvino": open_in_openvino}


@contextmanager
def open_setting(model: Any, setting: Setting, source: RequestSource) -> Iterator[OpenModel]:
    """Open `model` as `setting` says, see that it serves a request, and close it in the end.

    Parameters
    ----------
    model : path, bytes or onnx.ModelProto
        The model.
    setting : Setting
        How to run it.
    source : RequestSource
        Where the inputs come from.

    Raises
    ------
    ModelError, PlanError, OptionError, InputError
        If the model cannot be opened so, or the inputs do not fit it or cannot be generated.
    """
    with _OPENERS[setting.engine](model, setting, source) as opened:
        yield opened
