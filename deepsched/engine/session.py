"""onnxruntime sessions, built so that every thread is counted and pinned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnxruntime

from deepsched.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deepsched.engine.model import Model

# Fatal errors only: the others are raised here, and onnxruntime's lines on stderr would end up in people's notebooks.
_FATAL_ONLY = 4


def build_session(
    model: Model, num_threads: int, spinning: Mapping[str, str] | None = None
) -> onnxruntime.InferenceSession:
    """Open `model` with a pool of its own: `num_threads` counts the calling thread, the others are workers.

    `spinning` is what `deepsched.engine.spinning.choose_spinning` chose for the workers.

    Workers inherit name and cpus from the thread that calls this; see `deepsched.engine.affinity.call_pinned`.

    Raises
    ------
    ModelError
        If onnxruntime cannot load the model; the message carries its reason.
    """
    options = make_options(model, num_threads)
    for key, value in (spinning or {}).items():
        options.add_session_config_entry(key, value)
    return open_session(model, options)


def make_options(model: Model, num_threads: int) -> onnxruntime.SessionOptions:
    """Say how `model` is to be opened; see `build_session`."""
    options = onnxruntime.SessionOptions()
    # Never 0: onnxruntime would count the whole machine's cores and pin to cpus that are not ours.
    options.intra_op_num_threads = num_threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _FATAL_ONLY
    if model.prepared:  # it was optimised before it was written; its packed weights fit that graph only
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    if isinstance(model.content, bytes) and model.folder is not None:
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", model.folder)
    return options


def open_session(model: Model, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    """Open `model` as `options` say.

    Raises
    ------
    ModelError
        See `build_session`.
    """
    try:
        # Without enable_fallback=0 a failure prints a banner and is tried a second time.
        return onnxruntime.InferenceSession(
            model.content, options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
    except Exception as error:  # noqa: BLE001 - onnxruntime's errors have no common base
        raise ModelError(f"model {model.label}: onnxruntime cannot load it ({error}).") from error.with_traceback(None)
