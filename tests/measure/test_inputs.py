"""Inputs made from nothing but a model's signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import parser

from deepsched import compile_model
from deepsched.engine import Signature, ValueSpec
from deepsched.errors import InputError
from deepsched.measure import find_index_bounds, generate_inputs, read_inputs

if TYPE_CHECKING:
    from pathlib import Path

FLOATS = {"float16": "float16", "float": "float32", "double": "float64"}
INTEGERS = {f"{sign}int{bits}": f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}


def make_signature(*inputs: ValueSpec) -> Signature:
    return Signature(inputs, ())


@pytest.mark.parametrize(("word", "dtype"), [*FLOATS.items(), *INTEGERS.items(), ("bool", "bool")])
def test_every_element_type(word: str, dtype: str) -> None:
    (array,) = generate_inputs(make_signature(ValueSpec("x", f"tensor({word})", (50, 4))))
    assert array.dtype == dtype
    assert array.shape == (50, 4)
    assert array.min() >= 0
    assert array.max() <= 1
    assert len(np.unique(array)) > 1, "a constant would be no test of anything"
    if word not in FLOATS:
        assert set(np.unique(array).tolist()) == {0, 1}


def test_strings() -> None:
    (array,) = generate_inputs(make_signature(ValueSpec("x", "tensor(string)", (2, None))))
    assert array.tolist() == [["a"], ["a"]]
    assert array.dtype == object


@pytest.mark.parametrize(
    ("shape", "made"), [((), ()), ((3,), (3,)), (("N", 3, None), (1, 3, 1)), ((0, 2), (0, 2)), ((None,), (1,))]
)
@pytest.mark.parametrize("word", ["float", "int64", "bool", "string"])
def test_dynamic_dimensions_become_one(word: str, shape: tuple[int | str | None, ...], made: tuple[int, ...]) -> None:
    (array,) = generate_inputs(make_signature(ValueSpec("x", f"tensor({word})", shape)))
    assert isinstance(array, np.ndarray)
    assert array.shape == made


def test_the_same_seed_makes_the_same_inputs() -> None:
    signature = make_signature(ValueSpec("a", "tensor(float)", (5,)), ValueSpec("b", "tensor(float)", (5,)))
    first, again, other = (generate_inputs(signature, seed) for seed in (1, 1, 2))
    assert [array.tolist() for array in first] == [array.tolist() for array in again]
    assert first[0].tolist() != other[0].tolist()
    assert first[0].tolist() != first[1].tolist()


@pytest.mark.parametrize(
    ("type_", "shape"),
    [
        ("seq(tensor(float))", None),
        ("map(int64,tensor(float))", None),
        ("optional(tensor(float))", None),
        ("tensor(bfloat16)", (2,)),
        ("tensor(float)", None),
    ],
)
def test_what_a_signature_does_not_tell(type_: str, shape: tuple[int, ...] | None) -> None:
    with pytest.raises(InputError) as raised:
        generate_inputs(make_signature(ValueSpec("x", type_, shape)))
    assert "'x'" in str(raised.value)
    assert type_ in str(raised.value)
    assert "give the inputs yourself" in str(raised.value)


def test_a_model_without_inputs_needs_none() -> None:
    assert generate_inputs(make_signature()) == []


@pytest.mark.parametrize("word", [*FLOATS, *INTEGERS, "bool", "string"])
def test_an_engine_takes_what_was_made_for_it(word: str) -> None:
    text = f'<ir_version: 9, opset_import: ["": 17]> g ({word}[N,3] x) => ({word}[N,3] y) {{ y = Identity(x) }}'
    with compile_model(parser.parse_model(text)) as engine:
        inputs = generate_inputs(engine.signature)
        assert engine.run(inputs)[0].tolist() == inputs[0].tolist()


@pytest.mark.parametrize("word", INTEGERS)
def test_integers_up_to_a_bound(word: str) -> None:
    signature = make_signature(ValueSpec("x", f"tensor({word})", (1000,)), ValueSpec("y", f"tensor({word})", (1000,)))
    bounded, unbounded = generate_inputs(signature, bounds={"x": 100})
    assert (bounded.min(), bounded.max()) == (0, 99)
    assert unbounded.max() == 1


def test_a_bound_beyond_the_element_type_is_the_types() -> None:
    (array,) = generate_inputs(make_signature(ValueSpec("x", "tensor(int8)", (1000,))), bounds={"x": 50_000})
    assert 0 <= array.min() <= array.max() < 127


@pytest.mark.parametrize("seed", range(20))
def test_integers_are_never_all_zeros(seed: int) -> None:
    (array,) = generate_inputs(make_signature(ValueSpec("x", "tensor(int64)", (1, 1))), seed)
    assert array.tolist() == [[1]]


def test_a_table_of_one_entry_has_but_one_index() -> None:
    (array,) = generate_inputs(make_signature(ValueSpec("x", "tensor(int64)", (5,))), bounds={"x": 1})
    assert array.tolist() == [0] * 5


def parse_graph(text: str) -> Any:
    return parser.parse_model(f'<ir_version: 9, opset_import: ["": 17]> {text}')


WORDS = "float[7,2] words = {0,0, 0,0, 0,0, 0,0, 0,0, 0,0, 0,0}"
KINDS = "float[2,3] kinds = {0,0,0, 0,0,0}"
LOOKUPS = {
    "(int64[N] i) => (float[N,2] y) <WORDS> { y = Gather(words, i) }": {"i": 7},
    "(int64[N] i) => (float[7,N] y) <WORDS> { y = Gather<axis = -1>(words, i) }": {"i": 2},
    "(int32[N] i) => (float[N,2] y) <WORDS> { j = Cast<to = 7>(i) k = Identity(j) y = Gather(words, k) }": {"i": 7},
    "(int64[N] i) => (float[N,2] y, float[2,N] z) <WORDS, KINDS> {"
    " y = Gather(words, i) z = Gather<axis = 1>(kinds, i) }": {"i": 3},
    "(int64[N] i, int64[N] mask) => (float[N,2] y, int64[N] z) <WORDS> { y = Gather(words, i) z = Identity(mask) }": {
        "i": 7
    },
    "(int64[N] i, float[M,2] table) => (float[N,2] y) { y = Gather(table, i) }": {},
    "(int64[N] i) => (float[N,2] y) <WORDS> { j = Add(i, i) y = Gather(words, j) }": {},
    "(float[N] x) => (float[N] y) { y = Identity(x) }": {},
}


@pytest.mark.parametrize(("graph", "bounds"), LOOKUPS.items(), ids=range(len(LOOKUPS)))
def test_tables_bound_their_indices(graph: str, bounds: dict[str, int]) -> None:
    model = parse_graph(f"lookup {graph}".replace("WORDS", WORDS).replace("KINDS", KINDS))
    assert find_index_bounds(model) == bounds


def test_what_is_made_with_bounds_is_taken() -> None:
    graph = "lookup (int64[N] i) => (float[7,N] y) <WORDS> { y = Gather<axis = -1>(words, i) }"
    model = parse_graph(graph.replace("WORDS", WORDS))
    with compile_model(model, input_shapes=[[50]]) as engine:
        inputs = generate_inputs(engine.signature, bounds=find_index_bounds(model))
        assert engine.run(inputs)[0].shape == (7, 50)


TWO = make_signature(ValueSpec("a", "tensor(float)", (2,)), ValueSpec("b", "tensor(int64)", (1,)))
ARRAYS = {"a": np.array([1, 2], np.float32), "b": np.array([3])}


def test_inputs_from_a_file_by_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "inputs.npz", **ARRAYS)
    found = read_inputs(tmp_path / "inputs.npz", TWO)
    assert isinstance(found, dict)
    assert {name: array.tolist() for name, array in found.items()} == {"a": [1, 2], "b": [3]}


def test_inputs_from_a_file_in_order(tmp_path: Path) -> None:
    np.savez(tmp_path / "inputs.npz", *ARRAYS.values())
    assert [array.tolist() for array in read_inputs(tmp_path / "inputs.npz", TWO)] == [[1, 2], [3]]


def test_a_single_input_from_a_file(tmp_path: Path) -> None:
    np.save(tmp_path / "input.npy", ARRAYS["a"])
    (found,) = read_inputs(str(tmp_path / "input.npy"), TWO)
    assert found.tolist() == [1, 2]


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04 cut off", None], ids=str)
def test_what_is_no_file_of_inputs(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "inputs.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"inputs .*inputs\.npz: expected an \.npz or \.npy file"):
        read_inputs(path, TWO)


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "input.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="allow_pickle"):
        read_inputs(tmp_path / "input.npy", TWO)
