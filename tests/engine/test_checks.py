"""Inputs that do not fit are refused before anything runs, in words that name the input, what came and what should."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from deepsched import DeepschedError, compile_model
from deepsched.errors import InputError, InputTypeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onnx import ModelProto

    from deepsched import Engine

IMAGE = np.ones((2, 3), np.float32)
MASK = np.array([True, False])


@pytest.fixture(scope="module")
def engine(make_model: Callable[..., ModelProto]) -> Iterator[Engine]:
    model = make_model("""two_inputs (float[N,3] image, bool[N] mask) => (float[N,3] y, bool[N] z) {
        y = Neg(image)
        z = Not(mask)
    }""")
    with compile_model(model) as engine:
        yield engine


@pytest.mark.parametrize(
    "inputs",
    [
        [IMAGE, MASK],
        (IMAGE, MASK),
        {"image": IMAGE, "mask": MASK},
        {"mask": MASK, "image": IMAGE},
        {"image": IMAGE.view(np.matrix), "mask": MASK},
    ],
)
def test_inputs_come_in_a_list_a_tuple_or_a_dict(engine: Engine, inputs: Any) -> None:
    for run in (engine.run, engine, lambda inputs: engine.run(inputs, val_inp=False)):
        image, mask = run(inputs)
        np.testing.assert_array_equal(image, -IMAGE)
        assert mask.tolist() == [False, True]


@pytest.mark.parametrize(
    ("inputs", "error", "words"),
    [
        ([], InputError, ["0 inputs", "takes 2", "'image'", "'mask'"]),
        ([IMAGE], InputError, ["1 inputs", "takes 2", "'image'", "'mask'"]),
        ([IMAGE, MASK, MASK], InputError, ["3 inputs", "takes 2"]),
        ({"image": IMAGE}, InputError, ["missing 'mask'", "takes 'image', 'mask'"]),
        ({"image": IMAGE, "mask": MASK, "x": MASK}, InputError, ["unknown 'x'", "takes 'image', 'mask'"]),
        ({"Image": IMAGE, "mask": MASK}, InputError, ["missing 'image'", "unknown 'Image'"]),
        ({0: IMAGE, 1: MASK}, InputError, ["missing 'image', 'mask'", "unknown 0, 1"]),
        (IMAGE, InputTypeError, ["given ndarray", "run([array])"]),
        (iter([IMAGE, MASK]), InputTypeError, ["given list_iterator", "list", "dict"]),
        ("image", InputTypeError, ["given str", "'image', 'mask'"]),
        (None, InputTypeError, ["given NoneType"]),
        ([[[1.0, 2.0, 3.0]], MASK], InputTypeError, ["'image'", "given list", "numpy.ndarray", "float32", "[N, 3]"]),
        ([IMAGE, None], InputTypeError, ["'mask'", "given NoneType", "bool", "[N]"]),
        ([IMAGE, True], InputTypeError, ["'mask'", "given bool", "numpy.ndarray"]),
        ([np.ma.array(IMAGE), MASK], InputTypeError, ["'image'", "given MaskedArray"]),
        ([IMAGE.astype(np.float64), MASK], InputError, ["'image'", "given dtype float64", "expected float32"]),
        ([IMAGE.astype(np.float16), MASK], InputError, ["'image'", "given dtype float16", "expected float32"]),
        ([IMAGE.astype(np.int32), MASK], InputError, ["'image'", "given dtype int32", "expected float32"]),
        ([IMAGE.astype(np.complex64), MASK], InputError, ["'image'", "given dtype complex64"]),
        ([IMAGE.astype(object), MASK], InputError, ["'image'", "given dtype object", "expected float32"]),
        ([IMAGE.astype(">f8"), MASK], InputError, ["'image'", "given dtype >f8", "expected float32"]),
        ([IMAGE.astype(str), MASK], InputError, ["'image'", "expected float32"]),
        ([IMAGE.astype(np.dtypes.StringDType()), MASK], InputError, ["'image'", "given dtype", "expected float32"]),
        ([np.zeros((2, 3), [("r", "f4")]), MASK], InputError, ["'image'", "given dtype", "expected float32"]),
        ([IMAGE, MASK.astype(np.uint8)], InputError, ["'mask'", "given dtype uint8", "expected bool"]),
        ([IMAGE[0], MASK], InputError, ["'image'", "given shape [3]", "expected [N, 3]", "rank 2"]),
        ([IMAGE[None], MASK], InputError, ["'image'", "given shape [1, 2, 3]", "expected [N, 3]", "rank 2"]),
        ([IMAGE[:, :2], MASK], InputError, ["'image'", "given shape [2, 2]", "expected [N, 3]"]),
        ([np.float32(1), MASK], InputError, ["'image'", "given shape []", "expected [N, 3]"]),
        ([IMAGE, MASK[0]], InputError, ["'mask'", "given shape []", "expected [N]"]),
    ],
)
def test_the_message_names_the_input_what_came_and_what_was_expected(
    engine: Engine, inputs: Any, error: type[Exception], words: list[str]
) -> None:
    before = engine.trace()
    for run in (engine.run, engine, engine.mapped_run):
        with pytest.raises(error) as raised:
            run(inputs)
        missing = [word for word in words if word not in str(raised.value)]
        assert not missing, f"{raised.value} does not say {missing}"
    assert engine.trace() == before, "nothing ran"


def test_errors_are_pythons_own_too() -> None:
    assert issubclass(InputError, ValueError)
    assert issubclass(InputTypeError, TypeError)
    assert issubclass(InputTypeError, InputError)
    assert issubclass(InputError, DeepschedError)


@pytest.mark.parametrize(("batch", "expected"), [(1, "[2, 3]"), (3, "[2, 3]"), (0, "[2, 3]")])
def test_a_fixed_batch_is_checked(doubling: ModelProto, batch: int, expected: str) -> None:
    with compile_model(doubling, batch_size=2) as engine:
        with pytest.raises(InputError) as raised:
            engine.run([np.ones((batch, 3), np.float32)])
        assert "'x'" in str(raised.value)
        assert f"given shape [{batch}, 3]" in str(raised.value)
        assert f"expected {expected}" in str(raised.value)
        assert engine.run([IMAGE])[0].tolist() == (2 * IMAGE).tolist()


def test_a_dynamic_batch_takes_any_size(doubling: ModelProto) -> None:
    with compile_model(doubling) as engine:
        for batch in (1, 2, 7, 0):
            (output,) = engine.run([np.ones((batch, 3), np.float32)])
            assert output.shape == (batch, 3)


def test_without_checks_onnxruntimes_own_refusal_is_typed(engine: Engine) -> None:
    for inputs in ([IMAGE.astype(np.float64), MASK], [IMAGE[:, :2], MASK], [None, MASK], [IMAGE, "mask"]):
        with pytest.raises(DeepschedError):
            engine.run(inputs, val_inp=False)


def test_a_model_without_inputs(make_model: Callable[..., ModelProto]) -> None:
    model = make_model("constant () => (float[2] y) { y = Constant <value_floats = [1.0, 2.0]> () }")
    with compile_model(model) as engine:
        for nothing in ([], (), {}):
            assert engine.run(nothing)[0].tolist() == [1, 2]
            assert engine.batched_run(nothing)[0].tolist() == [1, 2]
        with pytest.raises(InputError, match="1 inputs were given; the model takes 0: none"):
            engine.run([IMAGE])
        with pytest.raises(InputError, match="unknown 'x'"):
            engine.run({"x": IMAGE})


def test_a_scalar_input_takes_no_array_of_one(make_model: Callable[..., ModelProto]) -> None:
    with compile_model(make_model("scalar (float x) => (float y) { y = Neg(x) }")) as engine:
        assert engine.input_shapes == [()]
        for zero_d in (np.array(2, np.float32), np.float32(2), np.array(2, ">f4")):
            (output,) = engine.run([zero_d])
            assert output.shape == ()
            assert output == -2
        with pytest.raises(InputError, match=r"input 'x': given shape \[1\]; expected \[\] of rank 0"):
            engine.run([np.array([2], np.float32)])
        with pytest.raises(InputTypeError, match="given float; expected a numpy"):
            engine.run([2.0])


@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (0, 4), (1, 2, 3, 4, 5)])
def test_an_input_of_unknown_rank_takes_any(make_model: Callable[..., ModelProto], shape: tuple[int, ...]) -> None:
    with compile_model(make_model("any_rank (float[] x) => (float[] y) { y = Neg(x) }")) as engine:
        assert engine.input_shapes == [None]
        assert engine.run([np.ones(shape, np.float32)])[0].shape == shape
        with pytest.raises(InputError, match="expected float32"):
            engine.run([np.ones(shape)])


def test_a_sequence_passes_through(make_model: Callable[..., ModelProto]) -> None:
    model = make_model("at (seq(float[N]) items, int64 i) => (float[N] y) { y = SequenceAt(items, i) }")
    items = [np.array([n, n], np.float32) for n in range(3)]
    with compile_model(model) as engine:
        assert engine.run([items, np.array(1)])[0].tolist() == [1, 1]
        for wrong in (None, [], items[0], [None], [1.0], tuple(items), [np.zeros(2)]):
            with pytest.raises(DeepschedError):
                engine.run([wrong, np.array(1)])


@pytest.mark.parametrize("layout", [">f4", "strided", "reversed"])
def test_a_sequences_arrays_are_read_right_or_refused(make_model: Callable[..., ModelProto], layout: str) -> None:
    model = make_model("first (seq(float[N]) items, int64 i) => (float[N] y) { y = SequenceAt(items, i) }")
    array = {
        ">f4": np.array([1, 2, 3], ">f4"),
        "strided": np.array([1, 9, 2, 9, 3, 9], np.float32)[::2],
        "reversed": np.array([3, 2, 1], np.float32)[::-1],
    }[layout]
    with compile_model(model) as engine:
        try:
            (output,) = engine.run([[array], np.array(0)])
        except DeepschedError:
            return
        assert output.tolist() == [1, 2, 3]
