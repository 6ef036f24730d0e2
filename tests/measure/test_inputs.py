"""Inputs made from nothing but a model's signature."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import parser

from deepsched import compile_model
from deepsched.engine import Signature, ValueSpec
from deepsched.errors import InputError
from deepsched.measure import generate_inputs

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
