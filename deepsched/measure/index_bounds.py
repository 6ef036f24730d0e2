"""How large an integer input may be: what the model looks up with it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onnx import helper

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnx

# What hands its first input's values on as they are.
_PASSED_ON = {"Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"}


def find_index_bounds(model: onnx.ModelProto) -> dict[str, int]:
    """Give, for each input that is an index into a table of the model's, how many entries the table has.

    Where it is an index into several, the smallest counts. Tables that are not initializers, and inputs that are
    computed with before they are looked up, are left out.

    Parameters
    ----------
    model : onnx.ModelProto
        The model; its external data is not needed.
    """
    tables = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    origin = {value.name: value.name for value in model.graph.input if value.name not in tables}
    bounds: dict[str, int] = {}
    for node in model.graph.node:  # ONNX wants them in an order in which each comes after its inputs
        if node.op_type in _PASSED_ON and node.input and node.input[0] in origin:
            origin[node.output[0]] = origin[node.input[0]]
        for index, entries in _find_lookups(node, tables):
            if index in origin and entries:
                name = origin[index]
                bounds[name] = min(entries, bounds.get(name, entries))
    return bounds


def _find_lookups(node: Any, tables: dict[str, tuple[int, ...]]) -> Iterator[tuple[str, int]]:
    if node.op_type not in {"Gather", "GatherElements"} or node.input[0] not in tables:
        return
    axis = next((helper.get_attribute_value(a) for a in node.attribute if a.name == "axis"), 0)
    shape = tables[node.input[0]]
    if -len(shape) <= axis < len(shape):
        yield node.input[1], shape[axis]
