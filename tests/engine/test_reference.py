"""Right answers, from eight threads at once, under both schedulers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from deepsched import Engine, compile_model
from deepsched.measure import find_example, make_example_input, read_example_output

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from onnx import ModelProto

SCHEDULES = pytest.mark.parametrize(
    "schedule", [{"scheduler": "single_stream"}, {"scheduler": "multi_stream", "num_streams": 2}], ids=str
)
pytestmark = pytest.mark.usefixtures("two_cores")


def serve_at_once(engine: Engine, requests: Sequence[list[Any]]) -> list[list[Any]]:
    together = Barrier(len(requests))

    def run(inputs: list[Any]) -> list[Any]:
        together.wait()
        return engine.run(inputs)

    with ThreadPoolExecutor(len(requests)) as callers:
        return list(callers.map(run, requests))


@SCHEDULES
@pytest.mark.parametrize("name", ["light_squeezenet", "light_shufflenet", "light_resnet50"])
def test_real_models_give_the_outputs_that_come_with_them(name: str, schedule: dict[str, Any]) -> None:
    expected = read_example_output(name)
    with compile_model(find_example(name), **schedule) as engine:
        for outputs in serve_at_once(engine, [[make_example_input()]] * 8):
            assert len(outputs) == 1
            assert outputs[0].shape == expected.shape
            assert outputs[0].dtype == expected.dtype
            np.testing.assert_allclose(outputs[0], expected, rtol=1e-5)


@SCHEDULES
def test_each_caller_gets_the_answer_to_its_own_request(
    schedule: dict[str, Any], make_model: Callable[..., ModelProto]
) -> None:
    # The real models' reference outputs are 0.001 everywhere: they cannot tell one request from another.
    random = np.random.default_rng(0)
    requests = [[random.random((64, 64), np.float32), random.random((64, 64), np.float32)] for _ in range(8)]
    product = make_model("product (float[64,64] a, float[64,64] b) => (float[64,64] y) { y = MatMul(a, b) }")
    with compile_model(product, **schedule) as engine:
        for _ in range(10):
            for (a, b), (output,) in zip(requests, serve_at_once(engine, requests), strict=True):
                np.testing.assert_allclose(output, a @ b, rtol=1e-4)
