"""Models made from nothing but sizes and a seed: the same bytes each time, with weights that keep numbers ordinary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    import onnx

_OPSET = 17
_IR_VERSION = 9
_SQRT_HALF = 0.5**0.5


class _Graph:
    """A graph in the making: each call adds one node and gives the name of its output."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"{operator.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        name = f"constant_{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.asarray(value, dtype=dtype), name))
        return name

    def weight(self, rows: int, columns: int) -> str:
        """Draw a matrix that keeps the variance of what it is multiplied with."""
        return self.constant(self._random.standard_normal((rows, columns), dtype=np.float32) * rows**-0.5)

    def linear(self, value: str, rows: int, columns: int) -> str:
        return self.add("Add", self.add("MatMul", value, self.weight(rows, columns)), self.constant(np.zeros(columns)))

    def finish(self, name: str, shape: tuple[int, ...], last: str) -> bytes:
        """Give the serialised model from the input ``x`` of `shape` to the output `last` of the same shape."""
        values = [helper.make_tensor_value_info(value, TensorProto.FLOAT, shape) for value in ("x", last)]
        graph = helper.make_graph(self._nodes, name, values[:1], values[1:], self._weights)
        opset = helper.make_opsetid("", _OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION)
        return bytes(model.SerializeToString())


def make_mlp(width: int, layers: int, batch: int = 1, seed: int = 0) -> bytes:
    """Make `layers` MatMuls of `width` x `width`, a Relu between each two: float32 ``x`` of (batch, width).

    The weights take ``4 * layers * width**2`` bytes.
    """
    graph = _Graph(seed)
    value = "x"
    for layer in range(layers):
        value = graph.add("Relu", value) if layer else value
        value = graph.add("MatMul", value, graph.weight(width, width))
    return graph.finish(f"mlp-{width}x{layers}", (batch, width), value)


def make_transformer(layers: int = 4, width: int = 256, heads: int = 4, sequence: int = 64, seed: int = 0) -> bytes:
    """Make a stack of encoder layers: float32 ``x`` of (1, sequence, width), already embedded.

    Each layer is softmax attention and a GELU feed-forward block four times as wide, a layer norm before each
    and a sum around it (Xiong et al. 2020, "On Layer Normalization in the Transformer Architecture").
    """
    graph = _Graph(seed)
    value = "x"
    for _ in range(layers):
        value = graph.add("Add", value, _attend(graph, _normalise(graph, value, width), width, heads))
        value = graph.add("Add", value, _feed_forward(graph, _normalise(graph, value, width), width))
    return graph.finish(f"transformer-{width}x{layers}", (1, sequence, width), _normalise(graph, value, width))


def _normalise(graph: _Graph, value: str, width: int) -> str:
    return graph.add(
        "LayerNormalization", value, graph.constant(np.ones(width)), graph.constant(np.zeros(width)), axis=-1
    )


def _attend(graph: _Graph, value: str, width: int, heads: int) -> str:
    split = graph.constant([0, 0, heads, width // heads], np.int64)
    query, key, content = (
        graph.add("Transpose", graph.add("Reshape", graph.linear(value, width, width), split), perm=perm)
        for perm in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
    )
    scores = graph.add("Mul", graph.add("MatMul", query, key), graph.constant((width / heads) ** -0.5))
    mixed = graph.add("MatMul", graph.add("Softmax", scores, axis=-1), content)
    joined = graph.add(
        "Reshape", graph.add("Transpose", mixed, perm=[0, 2, 1, 3]), graph.constant([0, 0, width], np.int64)
    )
    return graph.linear(joined, width, width)


def _feed_forward(graph: _Graph, value: str, width: int) -> str:
    """GELU by its definition, x * (1 + erf(x / sqrt 2)) / 2: runtimes recognise it and fuse it."""
    inner = graph.linear(value, width, 4 * width)
    bell = graph.add("Erf", graph.add("Mul", inner, graph.constant(_SQRT_HALF)))
    gelu = graph.add("Mul", graph.add("Mul", inner, graph.add("Add", bell, graph.constant(1.0))), graph.constant(0.5))
    return graph.linear(gelu, 4 * width, width)
