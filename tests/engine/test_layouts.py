"""Arrays of every element type and memory layout give the right answer, and nothing is cast in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from deepsched import DeepschedError, compile_model
from deepsched.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onnx import ModelProto

    from deepsched import Engine

# ONNX's words and numpy's.
DTYPES = {
    **dict.fromkeys(("bool", "float16"), ""),
    **{f"{sign}int{bits}": "" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "float": "float32",
    "double": "float64",
}
VALUES = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def make_read_only(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    array.setflags(write=False)
    return array


def make_unaligned(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    unaligned = np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    unaligned[...] = array
    assert not unaligned.flags.aligned
    return unaligned


def make_memory_mapped(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    mapped = np.memmap("/dev/zero", dtype=array.dtype, mode="c", shape=array.shape)
    mapped[...] = array
    return mapped


LAYOUTS = {
    "contiguous": np.array,
    "fortran": np.asfortranarray,
    "transposed": lambda a: np.ascontiguousarray(a.T).T,
    "every second": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "inner slice": lambda a: np.pad(a, 1)[1:-1, 1:-1, 1:-1],
    "negative strides": lambda a: np.ascontiguousarray(a[::-1, :, ::-1])[::-1, :, ::-1],
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "big-endian fortran": lambda a: np.asfortranarray(a.astype(a.dtype.newbyteorder(">"))),
    "read-only": lambda a: make_read_only(a.copy()),
    "read-only fortran": lambda a: make_read_only(np.asfortranarray(a)),
    "unaligned": make_unaligned,
    "memory-mapped": make_memory_mapped,
    "matrix of a subclass": lambda a: a.view(type("Sub", (np.ndarray,), {})),
}


@pytest.fixture(scope="module")
def echo(make_model: Callable[..., ModelProto]) -> Iterator[Engine]:
    with compile_model(make_model("echo (float[A,B,C] x) => (float[A,B,C] y) { y = Identity(x) }")) as engine:
        yield engine


@pytest.fixture(scope="module")
def echo_words(make_model: Callable[..., ModelProto]) -> Iterator[Engine]:
    with compile_model(make_model("words (string[N] x) => (string[N] y) { y = Identity(x) }")) as engine:
        yield engine


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_read_right_and_left_alone(echo: Engine, layout: str) -> None:
    given = LAYOUTS[layout](VALUES)
    assert np.array_equal(given, VALUES)
    before = (given.flags.writeable, given.strides, given.dtype)
    (output,) = echo.run([given])
    np.testing.assert_array_equal(output, VALUES)
    assert output.dtype == np.float32
    assert (given.flags.writeable, given.strides, given.dtype) == before
    assert np.array_equal(given, VALUES)


def test_broadcast_arrays_are_read_right(echo: Engine) -> None:
    row = np.array([1, 2, 3, 4], np.float32)
    for given in (np.broadcast_to(row, (5, 3, 4)), np.broadcast_to(np.float32(7), (2, 2, 2))):
        assert 0 in given.strides
        np.testing.assert_array_equal(echo.run([given])[0], given)


@pytest.mark.parametrize("shape", [(0, 3, 4), (2, 0, 4), (0, 0, 0)])
def test_arrays_without_elements_keep_their_shape(echo: Engine, shape: tuple[int, ...]) -> None:
    assert echo.run([np.zeros(shape, np.float32)])[0].shape == shape
    assert echo.run([np.zeros(shape, ">f4", order="F")])[0].shape == shape


@pytest.mark.parametrize("word", DTYPES)
def test_every_element_type_in_both_byte_orders(make_model: Callable[..., ModelProto], word: str) -> None:
    dtype = np.dtype(DTYPES[word] or word)
    info = np.iinfo(dtype) if dtype.kind in "iu" else None
    values = np.array([info.min, 1, info.max] if info else [0, 1, 0.5], dtype)
    with compile_model(make_model(f"echo ({word}[N] x) => ({word}[N] y) {{ y = Identity(x) }}")) as engine:
        for given in (values, values.astype(dtype.newbyteorder(">")), values[::-1].copy()[::-1]):
            (output,) = engine.run([given])
            assert output.dtype == dtype
            assert output.tolist() == values.tolist()
        for other in sorted(set(DTYPES) - {word}):
            with pytest.raises(InputError, match=f"expected {dtype}"):
                engine.run([np.ones(3, DTYPES[other] or other)])


@pytest.mark.parametrize("word", DTYPES)
def test_scalars_stay_scalars(make_model: Callable[..., ModelProto], word: str) -> None:
    dtype = np.dtype(DTYPES[word] or word)
    with compile_model(make_model(f"echo ({word} x) => ({word} y) {{ y = Identity(x) }}")) as engine:
        for given in (dtype.type(1), np.array(1, dtype), np.array(1, dtype.newbyteorder(">"))):
            (output,) = engine.run([given])
            assert output.shape == ()
            assert output.dtype == dtype
            assert output == 1


@pytest.mark.parametrize(
    "words",
    [
        np.array(["ab", "c", "é漢😀", ""], dtype=object),
        np.array(["ab", "c", "é漢😀", ""]),
        np.array(["ab", "c"], dtype=">U2"),
        np.array(["\U00010000"], dtype=">U1"),
        np.array(["ab", "c", "d", "e"])[::-2],
        np.array([np.str_("ab")], dtype=object),
        np.array(["ab", "a longer one"], dtype=np.dtypes.StringDType()),
        np.array(["before\0after"], dtype=object),
        np.array(["before\0after"]),
        np.array([], dtype=object),
        np.array([], dtype=str),
    ],
    ids=lambda words: f"{words.dtype} {words.tolist()!r}",
)
def test_strings_arrive_whole(echo_words: Engine, words: np.ndarray[Any, Any]) -> None:
    assert echo_words.run([words])[0].tolist() == words.tolist()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (np.array(["a", None], dtype=object), "input 'x': holds None, a NoneType; expected only str"),
        (np.array(["a", 1], dtype=object), "input 'x': holds 1, a int; expected only str"),
        (np.array([b"a"], dtype=object), "input 'x': holds b'a', a bytes; expected only str"),
        (np.array([float("nan")], dtype=object), "input 'x': holds nan, a float; expected only str"),
        (np.array([b"a"]), r"input 'x': given dtype \|S1; expected str"),
        (np.array([1.0]), "input 'x': given dtype float64; expected str"),
        (np.array(["a", None], np.dtypes.StringDType(na_object=None)), "input 'x': .*expected.* str"),
    ],
)
def test_what_is_no_string_is_refused(echo_words: Engine, words: np.ndarray[Any, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        echo_words.run([words])


def test_half_a_character_is_a_typed_error(echo_words: Engine) -> None:
    for words in (np.array(["\ud800"]), np.array(["\ud800"], dtype=object)):
        with pytest.raises(DeepschedError):
            echo_words.run([words])
