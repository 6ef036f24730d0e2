"""The models that are measured: some that come with onnx, and one that costs next to nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from deepsched.measure import find_example, make_example_input

EXAMPLES = ("light_squeezenet", "light_shufflenet", "light_resnet50")


def load_examples() -> dict[str, tuple[Any, Any]]:
    """Give each example's path and one input."""
    return {name: (find_example(name), make_example_input()) for name in EXAMPLES}


def make_tiny_model() -> tuple[bytes, Any]:
    """Make a model of one small MatMul: what it takes beside that is the scheduler's cost."""
    weight = numpy_helper.from_array(np.ones((8, 8), dtype=np.float32), "weight")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "weight"], ["y"])],
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 8])],
        [weight],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return model.SerializeToString(), np.ones((1, 8), dtype=np.float32)
