"""A batch of any size, cut over the streams and put together again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from deepsched import DeepschedError, Engine, compile_model
from deepsched.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onnx import ModelProto

pytestmark = [pytest.mark.usefixtures("two_cores"), pytest.mark.timeout(60, method="thread")]


def count_up(items: int) -> np.ndarray[Any, Any]:
    return np.arange(items * 3, dtype=np.float32).reshape(items, 3)


@pytest.fixture(params=[None, 1, 2, 4], ids="batch_size={}".format)
def engine(request: pytest.FixtureRequest, doubling: ModelProto) -> Iterator[Engine]:
    with compile_model(doubling, batch_size=request.param, num_streams=2) as engine:
        yield engine


@pytest.mark.parametrize("items", [1, 2, 3, 4, 5, 8, 17])
def test_a_batch_of_any_size(engine: Engine, items: int) -> None:
    batch = count_up(items)
    for inputs in ([batch], {"x": batch}, (np.asfortranarray(batch),), [batch.astype(">f4")]):
        (output,) = engine.batched_run(inputs)
        assert output.dtype == np.float32
        np.testing.assert_array_equal(output, 2 * batch)


@pytest.mark.parametrize(("batch_size", "sizes"), [(None, [3, 4]), (1, [1] * 7), (2, [2] * 4), (4, [4, 4]), (9, [9])])
def test_how_a_batch_is_cut(doubling: ModelProto, batch_size: int | None, sizes: list[int]) -> None:
    with compile_model(doubling, batch_size=batch_size, num_streams=2) as engine:
        engine.batched_run([count_up(7)])
        assert sorted(record.items for record in engine.trace()) == sizes


def test_one_item_and_two_streams_are_one_request(doubling: ModelProto) -> None:
    with compile_model(doubling, num_streams=2) as engine:
        engine.batched_run([count_up(1)])
        assert len(engine.trace()) == 1


def test_a_batch_of_nothing(doubling: ModelProto) -> None:
    with compile_model(doubling, num_streams=2) as dynamic:
        assert dynamic.batched_run([count_up(0)])[0].shape == (0, 3)
    with compile_model(doubling, batch_size=2) as fixed, pytest.raises(InputError, match="'x'"):
        fixed.batched_run([count_up(0)])


def test_only_what_has_the_batch_is_cut(make_model: Callable[..., ModelProto]) -> None:
    model = make_model("""g (float[N,3] a, float[N] b, float[3] shift) => (float[N,3] y, float[N] z) {
        y = Add(a, shift)
        z = Neg(b)
    }""")
    inputs = [count_up(7), np.arange(7, dtype=np.float32), np.array([1, 2, 3], np.float32)]
    for batch_size in (None, 2):
        with compile_model(model, batch_size=batch_size, num_streams=2) as engine:
            y, z = engine.batched_run(inputs)
            np.testing.assert_array_equal(y, inputs[0] + inputs[2])
            np.testing.assert_array_equal(z, -inputs[1])
            with pytest.raises(InputError, match="'a' 7, 'b' 6"):
                engine.batched_run([inputs[0], inputs[1][:6], inputs[2]])


@pytest.mark.parametrize(
    "signature", ["float[3] shift, float[N,3] a", "float[N,3] a, float[3] shift", "float[N,M] a, float[M] shift"]
)
@pytest.mark.parametrize("batch_size", [None, 2, 3])
def test_an_input_as_long_as_the_batch_is_not_the_batch(
    make_model: Callable[..., ModelProto], signature: str, batch_size: int | None
) -> None:
    # batch_size 3 makes the batch as long as the other input, which has no batch dimension.
    model = make_model(f"g ({signature}) => (float[] y) {{ y = Add(a, shift) }}")
    inputs = {"a": count_up(7), "shift": np.array([1, 2, 3], np.float32)}
    with compile_model(model, batch_size=batch_size, num_streams=2) as engine:
        assert engine.batch_size == batch_size
        np.testing.assert_array_equal(engine.batched_run(inputs)[0], inputs["a"] + inputs["shift"])


def test_a_fixed_models_own_batch_counts(make_model: Callable[..., ModelProto]) -> None:
    with compile_model(make_model("g (float[2,3] x) => (float[2,3] y) { y = Neg(x) }"), num_streams=2) as engine:
        np.testing.assert_array_equal(engine.batched_run([count_up(5)])[0], -count_up(5))
        assert [record.items for record in engine.trace()] == [2, 2, 2]


def test_a_model_without_a_batch_runs_once(make_model: Callable[..., ModelProto]) -> None:
    with compile_model(make_model("g (float x) => (float y) { y = Neg(x) }")) as engine:
        assert engine.batched_run([np.float32(2)])[0] == -2
        assert len(engine.trace()) == 1


@pytest.mark.parametrize("items", [1, 4])
@pytest.mark.parametrize(
    "body",
    [
        "float y) { y = ReduceSum <keepdims = 0> (x)",
        "float[5] y) <float[5] y = {1, 2, 3, 4, 5}> { unused = Neg(x)",
        "float[1,3] y) <int64[1] axes = {0}> { y = ReduceMax <keepdims = 1> (x)",
    ],
    ids=["scalar", "constant", "reduced"],
)
def test_an_output_without_the_batch_is_never_cut_or_joined_in_silence(
    make_model: Callable[..., ModelProto], body: str, items: int
) -> None:
    model = make_model(f"g (float[N,3] x) => ({body} }}")
    batch = count_up(items)
    with compile_model(model, num_streams=2) as engine:
        (whole,) = engine.run([batch])
        try:
            (output,) = engine.batched_run([batch])
        except DeepschedError:
            return
        assert output.shape == whole.shape


@pytest.mark.parametrize(
    "inputs",
    [[np.float32(1)], [np.array(1, np.float32)], [None], [3], {"x": None}, [[[1, 2, 3]]], [np.ones((5, 2))], [], None],
    ids=repr,
)
def test_what_is_no_batch_is_refused_in_words(doubling: ModelProto, inputs: Any) -> None:
    with compile_model(doubling) as engine, pytest.raises(InputError):
        engine.batched_run(inputs)


def test_one_bad_part_fails_the_whole_batch(lookup: ModelProto) -> None:
    indices = np.array([0, 1, 2, 9])
    with compile_model(lookup, num_streams=2) as engine, pytest.raises(DeepschedError, match="data bounds"):
        engine.batched_run([np.arange(3, dtype=np.float32), indices])


def test_batches_from_many_threads_while_streams_change(doubling: ModelProto) -> None:
    with compile_model(doubling, batch_size=2, num_streams=2) as engine, ThreadPoolExecutor(4) as callers:
        batches = [count_up(items) for items in range(1, 40)]
        futures = [callers.submit(engine.batched_run, [batch]) for batch in batches]
        for turn in range(10):
            engine.set_num_streams(1 + turn % 2)
        for batch, future in zip(batches, futures, strict=True):
            np.testing.assert_array_equal(future.result()[0], 2 * batch)
