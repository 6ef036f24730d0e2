"""Fixing the batch and other dimensions, in memory only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from deepsched import DeepschedError, compile_model
from deepsched.errors import InputError, ModelError, OptionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto


@pytest.mark.parametrize("dimension", ["N", "batch_size", "?"])
def test_a_dynamic_batch_is_kept_or_fixed(make_model: Callable[..., ModelProto], dimension: str) -> None:
    model = make_model(f"g (float[{dimension},3] x) => (float[{dimension},3] y) {{ y = Neg(x) }}")
    name = None if dimension == "?" else dimension
    for nothing in (None, 0):
        with compile_model(model, batch_size=nothing) as engine:
            assert engine.batch_size is None
            assert engine.input_shapes == [(name, 3)]
            assert engine.run([np.ones((5, 3), np.float32)])[0].shape == (5, 3)
    with compile_model(model, batch_size=4) as engine:
        assert engine.batch_size == 4
        assert engine.input_shapes == [(4, 3)]
        assert engine.output_shapes == [(4, 3)]
        assert engine.run([np.ones((4, 3), np.float32)])[0].shape == (4, 3)
        with pytest.raises(InputError, match=r"input 'x': given shape \[5, 3\]; expected \[4, 3\]"):
            engine.run([np.ones((5, 3), np.float32)])


@pytest.mark.parametrize(
    ("signature", "fixed"),
    [
        ("float[N,3] a, float[N,3] b", [(4, 3), (4, 3)]),
        ("float[?,3] a, float[?,3] b", [(4, 3), (4, 3)]),
        ("float[N,3] a, float[batch,3] b", [(4, 3), (4, 3)]),
        ("float[N,3] a, float[3] b", [(4, 3), (3,)]),
        ("float[3] a, float[N,3] b", [(3,), (4, 3)]),
        ("float[N,3] a, float[1,3] b", [(4, 3), (1, 3)]),
        ("float[N,3] a, float b", [(4, 3), ()]),
        ("float[N,M] a, float[M] b", [(4, "M"), ("M",)]),
    ],
)
def test_only_the_batch_is_fixed(make_model: Callable[..., ModelProto], signature: str, fixed: list[Any]) -> None:
    with compile_model(make_model(f"g ({signature}) => (float[] y) {{ y = Add(a, b) }}"), batch_size=4) as engine:
        assert engine.input_shapes == fixed
        assert engine.batch_size == 4
        sizes = [tuple(3 if isinstance(size, str) else size for size in shape) for shape in fixed]
        assert engine.run([np.ones(size, np.float32) for size in sizes])[0].tolist() == [[2, 2, 2]] * 4


def test_a_fixed_model_stays_as_it_is(make_model: Callable[..., ModelProto]) -> None:
    model = make_model("g (float[2,3] x) => (float[2,3] y) { y = Neg(x) }")
    for batch_size in (None, 0, 2):
        with compile_model(model, batch_size=batch_size) as engine:
            assert engine.batch_size == 2
            assert engine.input_shapes == [(2, 3)]
    with pytest.raises(ModelError, match=r"batch_size 3 was asked.*fixed at 2"):
        compile_model(model, batch_size=3)


@pytest.mark.parametrize("signature", ["float[] x", "float x"])
def test_without_a_batch_there_is_none_to_fix(make_model: Callable[..., ModelProto], signature: str) -> None:
    model = make_model(f"g ({signature}) => (float[] y) {{ y = Neg(x) }}")
    with compile_model(model) as engine:
        assert engine.batch_size is None
    with pytest.raises(ModelError, match="batch_size 2 was asked"):
        compile_model(model, batch_size=2)


def test_shapes_that_the_model_remembers_do_not_stand_in_the_way(make_model: Callable[..., ModelProto]) -> None:
    # GIVEN a model that states its outputs' and its inner values' dimensions, both dynamic and fixed
    values = "float[N,2,3] cut, int64[3] shape = {-1, 2, 3}"
    model = make_model(f"""g (float[N,6] x) => (float[N,6] y, float[N,2,3] z) <{values}> {{
        cut = Reshape(x, shape)
        z = Relu(cut)
        y = Neg(x)
    }}""")
    assert model.graph.value_info
    with compile_model(model, batch_size=4) as engine:
        assert engine.output_shapes == [(4, 6), (4, 2, 3)]
        assert [output.shape for output in engine.run([np.ones((4, 6), np.float32)])] == [(4, 6), (4, 2, 3)]


def test_input_shapes_fix_every_dimension(make_model: Callable[..., ModelProto]) -> None:
    model = make_model("g (float[N,M] a, float[N,M] b) => (float[N,M] y) { y = Add(a, b) }")
    for shapes in ([[2, 5], [2, 5]], ((2, 5), (2, 5)), [np.array([2, 5]), (2, np.int64(5))]):
        with compile_model(model, input_shapes=shapes) as engine:
            assert engine.input_shapes == [(2, 5), (2, 5)]
            assert engine.output_shapes == [(2, 5)]
            assert engine.batch_size == 2
    with compile_model(model, input_shapes=[]) as engine:
        assert engine.input_shapes == [("N", "M"), ("N", "M")]
    with compile_model(model, batch_size=2, input_shapes=[[2, 5], [2, 5]]) as engine:
        assert engine.batch_size == 2


def test_input_shapes_change_fixed_dimensions_too(make_model: Callable[..., ModelProto]) -> None:
    model = make_model("g (float[1,3,8,8] x) => (float[1,3,8,8] y) { y = Relu(x) }")
    with compile_model(model, input_shapes=[[2, 3, 4, 4]]) as engine:
        assert engine.run([np.ones((2, 3, 4, 4), np.float32)])[0].shape == (2, 3, 4, 4)


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ([[2, 5]], "1 input_shapes for 2 inputs"),
        ([[2, 5]] * 3, "3 input_shapes for 2 inputs"),
        ([[2], [2, 5]], "'a' has rank 2"),
        ([[2, 5], [2, 5, 1]], "'b' has rank 2"),
        ([[2, -1], [2, 5]], r"'a'.*\[2, -1\]"),
        ([[2, "M"], [2, 5]], r"'a'.*\[2, 'M'\]"),
        ([[2, 5.0], [2, 5]], "'a'"),
        ([None, [2, 5]], "input_shapes"),
        ([3, 5], "input_shapes"),
        (3, "input_shapes"),
        ("23", "input_shapes"),
        ([[2, 5], [3, 5]], "Incompatible dimensions"),
    ],
    ids=str,
)
def test_input_shapes_that_do_not_fit(make_model: Callable[..., ModelProto], shapes: Any, words: str) -> None:
    model = make_model("g (float[N,M] a, float[N,M] b) => (float[N,M] y) { y = Add(a, b) }")
    with pytest.raises(DeepschedError, match=words):
        compile_model(model, input_shapes=shapes)


def test_a_wrong_size_is_not_called_a_wrong_rank(make_model: Callable[..., ModelProto]) -> None:
    model = make_model("g (float[N,M] x) => (float[N,M] y) { y = Neg(x) }")
    with pytest.raises(ModelError) as raised:
        compile_model(model, input_shapes=[[-1, 3]])
    assert "rank" not in str(raised.value)


@pytest.mark.parametrize("batch_size", ["4", 4.0, [4], np.float32(4)])
def test_what_is_no_batch_size(doubling: ModelProto, batch_size: Any) -> None:
    with pytest.raises(OptionError, match="batch_size is"):
        compile_model(doubling, batch_size=batch_size)


def test_numpys_integers_are_integers(doubling: ModelProto) -> None:
    with compile_model(doubling, batch_size=np.int64(4)) as engine:  # type: ignore[arg-type]
        assert engine.batch_size == 4
