"""How a model is prepared: onnxruntime optimises it, packs its weights, and writes both down.

The graph goes into one file; the weights, as they are and as the kernels want them, into another that is only ever
mapped: see ``session.save_external_prepacked_constant_initializers`` in onnxruntime_session_options_config_keys.h.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import onnx

from deepsched.engine.prepared.entry import MODEL_FILE
from deepsched.engine.prepared.obstacle import NotPreparedError
from deepsched.engine.session import build_session, make_options, open_session
from deepsched.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    import onnxruntime

    from deepsched.engine.model import Model

_SETTINGS = {
    "session.save_external_prepacked_constant_initializers": "1",
    "session.optimized_model_external_initializers_file_name": "weights.bin",
    # Shapes and the like stay in the graph: type inference reads them there.
    "session.optimized_model_external_initializers_min_size_in_bytes": "1024",
}
# All that decides what comes out; the number grows with every change to this file that matters.
RECIPE = [1, "ORT_ENABLE_ALL", _SETTINGS]


def optimise_model(model: Model, folder: Path) -> None:
    """Write the prepared form of `model` into an empty `folder`.

    Raises
    ------
    NotPreparedError
        If onnxruntime cannot write it, or if what it wrote cannot be opened, or takes or gives anything else than the
        model does.
    """
    path = folder / MODEL_FILE
    options = make_options(model, 1)
    options.optimized_model_filepath = str(path)
    for name, value in _SETTINGS.items():
        options.add_session_config_entry(name, value)
    try:
        expected = _describe(open_session(model, options))
    except (ModelError, UnicodeDecodeError) as error:  # UnicodeDecodeError: a name that is no text
        raise NotPreparedError(str(error)) from error
    prepared = model.as_prepared(str(path))
    try:
        _remove_stray_inputs(prepared, {name for name, _, _ in expected["inputs"]})
        found = _describe(build_session(prepared, 1))
    except ModelError as error:
        raise NotPreparedError(f"its prepared form cannot be opened: {error}") from error
    changed = [what for what, value in expected.items() if found[what] != value]
    if changed:
        raise NotPreparedError(f"its prepared form has other {', '.join(changed)}")


def _remove_stray_inputs(prepared: Model, inputs: set[str]) -> None:
    """Take out inputs that are none.

    Up to IR version 3 initializers stand among the inputs. Those that were folded into others are gone from the
    optimised graph, but onnxruntime leaves their names among its inputs.
    """
    proto = prepared.read_proto()
    known = inputs | {tensor.name for tensor in proto.graph.initializer}
    kept = [value for value in proto.graph.input if value.name in known]
    if len(kept) < len(proto.graph.input):
        del proto.graph.input[:]
        proto.graph.input.extend(kept)
        onnx.save(proto, str(prepared.content))


def _describe(session: onnxruntime.InferenceSession) -> dict[str, Any]:
    """All that a session says of its model."""
    meta = session.get_modelmeta()
    values = {
        "inputs": session.get_inputs(),
        "outputs": session.get_outputs(),
        "overridable initializers": session.get_overridable_initializers(),
    }
    return {what: [(node.name, node.type, node.shape) for node in nodes] for what, nodes in values.items()} | {
        "metadata": [
            meta.custom_metadata_map,
            meta.description,
            meta.domain,
            meta.graph_description,
            meta.graph_name,
            meta.producer_name,
            meta.version,
        ]
    }
