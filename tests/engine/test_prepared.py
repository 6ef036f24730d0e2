"""A prepared model is the model: the same signature, and the same bits in every answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnx.backend.test.loader import load_model_tests

from deepsched import compile_model
from deepsched.engine.model import open_model
from deepsched.engine.prepared import NotPreparedError, fingerprint_model, prepare_model
from deepsched.engine.session import build_session
from deepsched.measure import find_example, make_example_input

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import onnxruntime

    MakeModel = Callable[..., ModelProto]

# Every so many of onnx's models for its operators: all 1800 that onnxruntime runs take a few minutes.
STEP = 40
random = np.random.default_rng(0)
ROWS = random.standard_normal((3, 64), np.float32)


def open_both(model: Any) -> tuple[onnxruntime.InferenceSession, onnxruntime.InferenceSession]:
    opened = open_model(model)
    prepared = prepare_model(opened, fingerprint_model(opened))
    assert prepared.prepared
    assert prepared.content != opened.content
    return build_session(opened, 2), build_session(prepared, 2)


def describe(session: onnxruntime.InferenceSession) -> Any:
    nodes = (session.get_inputs(), session.get_outputs(), session.get_overridable_initializers())
    meta = session.get_modelmeta()
    words = (meta.graph_name, meta.producer_name, meta.domain, meta.description, meta.graph_description, meta.version)
    return [[(node.name, node.type, node.shape) for node in part] for part in nodes], words, meta.custom_metadata_map


def freeze(value: Any) -> Any:
    """Put a value into a form in which equal means the same bits."""
    if isinstance(value, list):
        return [freeze(part) for part in value]
    if isinstance(value, dict):
        return {key: freeze(part) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tolist() if value.dtype == object else value.tobytes()
    return value


def check_same(model: Any, feeds: dict[str, Any]) -> None:
    raw, prepared = open_both(model)
    assert describe(prepared) == describe(raw)
    assert freeze(prepared.run(None, feeds)) == freeze(raw.run(None, feeds))


def give_weights(model: ModelProto, **weights: np.ndarray[Any, Any] | TensorProto) -> ModelProto:
    for name, value in weights.items():
        tensor = value if isinstance(value, TensorProto) else numpy_helper.from_array(value, name)
        tensor.name = name
        model.graph.initializer.append(tensor)
    return model


def draw(*shape: int, dtype: Any = np.float32) -> np.ndarray[Any, Any]:
    return random.standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("name", ["light_squeezenet", "light_shufflenet"])
def test_real_models(name: str) -> None:
    raw, prepared = open_both(find_example(name))
    assert describe(prepared) == describe(raw)
    feeds = {raw.get_inputs()[0].name: make_example_input()}
    assert freeze(prepared.run(None, feeds)) == freeze(raw.run(None, feeds))


def read_tensor(path: Path) -> np.ndarray[Any, Any]:
    return numpy_helper.to_array(TensorProto.FromString(path.read_bytes()))


def list_cases() -> Iterator[tuple[str, ModelProto, dict[str, Any]]]:
    """List models with inputs that numpy can hold."""
    for kind in ("simple", "pytorch-converted", "pytorch-operator"):
        for case in load_model_tests(kind=kind):
            data = sorted(Path(case.model_dir, "test_data_set_0").glob("input_*.pb"))
            model = onnx.load(Path(case.model_dir, "model.onnx"))
            initializers = {tensor.name for tensor in model.graph.initializer}
            inputs = [value for value in model.graph.input if value.name not in initializers]
            if len(inputs) == len(data) and all(value.type.HasField("tensor_type") for value in inputs):
                feeds = {value.name: read_tensor(path) for value, path in zip(inputs, data, strict=True)}
                yield case.name, model, feeds
    for case in load_model_tests(kind="node")[::STEP]:
        names = [value.name for value in case.model.graph.input]
        values = case.data_sets[0][0]
        if len(names) == len(values) and all(isinstance(value, np.ndarray | np.generic | list) for value in values):
            arrays = [np.asarray(value) if isinstance(value, np.generic) else value for value in values]
            yield case.name, case.model, dict(zip(names, arrays, strict=True))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # onnx computes its cases on the spot
def test_the_models_that_come_with_onnx() -> None:
    compared, differing = 0, []
    for name, model, feeds in list_cases():
        try:
            raw = build_session(open_model(model), 2)
            expected = freeze(raw.run(None, feeds))
        except Exception:  # noqa: BLE001 - onnxruntime lacks the operator, or Python the element type
            continue
        _, prepared = open_both(model)
        compared += 1
        if describe(prepared) != describe(raw) or freeze(prepared.run(None, feeds)) != expected:
            differing.append(name)
    assert not differing
    assert compared > 100


FLOATS = "(float[N,64] x) => (float[N,M] y)"


@pytest.mark.parametrize(
    ("text", "weights", "feeds"),
    [
        (f"g {FLOATS} {{ y = MatMul(x, w) }}", {"w": draw(64, 512)}, {"x": ROWS}),
        ("g (double[N,64] x) => (double[N,M] y) { y = MatMul(x, w) }", {"w": draw(64, 512, dtype=float)}, None),
        ("g (float16[N,64] x) => (float16[N,M] y) { y = MatMul(x, w) }", {"w": draw(64, 512, dtype=np.float16)}, None),
        (
            "g (uint8[N,64] x) => (int32[N,M] y) { y = MatMulInteger(x, w) }",
            {"w": random.integers(-99, 99, (64, 512), np.int8)},
            None,
        ),
        (
            f"g {FLOATS} {{ v = Cast<to = 1>(w) y = MatMul(x, v) }}",
            {"w": helper.make_tensor("w", TensorProto.BFLOAT16, [64, 512], draw(64 * 512))},
            None,
        ),
        (
            f"g {FLOATS} {{ v = DequantizeLinear(w, s) y = MatMul(x, v) }}",
            {"w": helper.make_tensor("w", TensorProto.INT4, [64, 511], [3, -8] * 32 * 511), "s": np.float32(0.1)},
            None,
        ),
        # Odd sizes put what follows them at odd places in the file.
        (
            f"""g {FLOATS} {{
                i = Cast<to = 7>(x) z = GatherElements(o, i) c = CastLike(z, x) m = MatMul(x, w)
                s = ReduceSum<keepdims = 1>(c) y = Add(m, s)
            }}""",
            {"o": random.integers(-99, 99, (2001, 64), np.int8), "w": draw(64, 511)},
            {"x": np.ones((3, 64), np.float32)},
        ),
        (
            "g (int64[N] i) => (string[N] y) { y = Gather(w, i) }",
            {"w": np.array([f"a word, number {n}" for n in range(500)], object)},
            {"i": np.array([499, 0])},
        ),
        ("g (int64[N] i) => (bool[N] y) { y = Gather(w, i) }", {"w": draw(3000) > 0}, {"i": np.array([2999, 0, 7])}),
        ("g () => (float[M,K] y) { y = Neg(w) }", {"w": draw(40, 50)}, {}),
        ("g (float x) => (float[M,K] y) { y = Mul(x, w) }", {"w": draw(40, 50)}, {"x": np.array(2, np.float32)}),
        ("g (float[1] x) => (float[1] x, float[40,50] w) { unused = Neg(x) }", {"w": draw(40, 50)}, None),
        (
            """g (bool c, float[N,64] x) => (float[N,64] y) {
                y = If (c) <
                    then_branch = yes () => (float[N,64] a) { a = MatMul(x, w) },
                    else_branch = no () => (float[N,64] b) { m = Add(x, w2) b = Relu(m) }
                >
            }""",
            {"w": draw(64, 64), "w2": draw(64)},
            {"c": np.array(True), "x": ROWS},
        ),
        (
            """g (float[N,64] x, int64 times) => (float[N,64] y) {
                yes = Constant <value = bool {1}> ()
                y = Loop (times, yes, x) <body = step (int64 i, bool go, float[N,64] v) => (bool on, float[N,64] u) {
                    on = Identity(go)
                    u = MatMul(v, w)
                }>
            }""",
            {"w": draw(64, 64)},
            {"x": ROWS, "times": np.array(3)},
        ),
        (
            f"g {FLOATS} {{ s = SequenceConstruct(x, w) c = ConcatFromSequence<axis = 0>(s) y = Relu(c) }}",
            {"w": draw(20, 64)},
            None,
        ),
        (
            "g (float[S,B,32] x) => (float[S,1,B,64] y) { y = LSTM<hidden_size = 64>(x, w, r) }",
            {"w": draw(1, 256, 32), "r": draw(1, 256, 64)},
            {"x": draw(5, 2, 32)},
        ),
        (
            "g (float[N,16,H,W] x) => (float[N,33,HO,WO] y) { c = Conv(x, w, b) y = Relu(c) }",
            {"w": draw(33, 16, 3, 3), "b": draw(33)},
            {"x": draw(2, 16, 9, 9)},
        ),
    ],
)
def test_weights_of_many_kinds(
    text: str, weights: dict[str, Any], feeds: dict[str, Any] | None, make_model: MakeModel
) -> None:
    model = give_weights(make_model(text, ir_version=10, opset=21), **weights)
    if feeds is None:
        kind = helper.tensor_dtype_to_np_dtype(model.graph.input[0].type.tensor_type.elem_type)
        shape = [dim.dim_value or 3 for dim in model.graph.input[0].type.tensor_type.shape.dim]
        feeds = {"x": (random.random(shape) * 9).astype(kind)}
    check_same(model, feeds)


@pytest.mark.parametrize("ir_version", [3, 9])
def test_weights_among_the_inputs(make_model: MakeModel, ir_version: int) -> None:
    # GIVEN weights that are folded into others, some that stay, and an input that nothing uses
    model = give_weights(
        make_model(
            "old (float[7] idle, float[N,64] x, float[64,64] a, float[64,64] b, float[64] never) => (float[N,64] y) "
            "{ w = MatMul(a, b) y = MatMul(x, w) }",
            ir_version=ir_version,
            opset=8,
        ),
        a=draw(64, 64),
        b=draw(64, 64),
        never=draw(64),
    )
    check_same(model, {"idle": np.ones(7, np.float32), "x": ROWS})
    with compile_model(model) as engine:
        assert engine.input_names == ["idle", "x"]


def test_what_a_model_says_of_itself(make_model: MakeModel) -> None:
    model = give_weights(make_model(f"named {FLOATS} {{ y = MatMul(x, w) }}"), w=draw(64, 512))
    model.producer_name, model.producer_version, model.domain, model.model_version = "me", "7", "a.b", 5
    model.doc_string, model.graph.doc_string = "of the model", "of the graph"
    helper.set_model_props(model, {"labels": '["cat", "dog"]', "empty": ""})
    check_same(model, {"x": ROWS})


def test_external_weights(make_model: MakeModel, tmp_path: Path) -> None:
    model = give_weights(make_model(f"g {FLOATS} {{ y = MatMul(x, w) }}"), w=draw(64, 512))
    expected = build_session(open_model(model), 2).run(None, {"x": ROWS})[0]
    onnx.save_model(model, tmp_path / "model.onnx", save_as_external_data=True, location="w.bin", size_threshold=0)
    check_same(tmp_path / "model.onnx", {"x": ROWS})
    opened = open_model(tmp_path / "model.onnx", batch_size=3)
    prepared = build_session(prepare_model(opened, fingerprint_model(opened)), 2)
    assert freeze(prepared.run(None, {"x": ROWS})[0]) == freeze(expected)
    # WHEN only the weights change, THEN it is another model
    before = fingerprint_model(open_model(tmp_path / "model.onnx"))
    (tmp_path / "w.bin").write_bytes(draw(64, 512).tobytes())
    assert fingerprint_model(open_model(tmp_path / "model.onnx")) != before
    check_same(tmp_path / "model.onnx", {"x": ROWS})


def test_external_weights_of_a_subgraph_count_too(make_model: MakeModel, tmp_path: Path) -> None:
    model = make_model("""g (bool c, float[N,64] x) => (float[N,64] y) { y = If (c) <
        then_branch = yes () => (float[N,64] a) { a = MatMul(x, w) },
        else_branch = no () => (float[N,64] b) { b = Relu(x) }
    > }""")
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[64, 64], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="w.bin")
    model.graph.node[0].attribute[0].g.initializer.append(tensor)
    (tmp_path / "w.bin").write_bytes(draw(64, 64).tobytes())
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    before = fingerprint_model(open_model(tmp_path / "model.onnx"))
    (tmp_path / "w.bin").write_bytes(draw(64, 64).tobytes())
    assert fingerprint_model(open_model(tmp_path / "model.onnx")) != before
    check_same(tmp_path / "model.onnx", {"c": np.array(True), "x": ROWS})


def test_a_model_that_cannot_be_prepared_runs_as_it_is(make_model: MakeModel, caplog: pytest.LogCaptureFixture) -> None:
    # GIVEN sparse weights, which onnxruntime does not write outside of the model
    model = make_model("sparse (float[N,64] x) => (float[N,M] y) { y = MatMul(x, w) }")
    values = helper.make_tensor("w", TensorProto.FLOAT, [3], [1.0, 2.0, 3.0])
    places = helper.make_tensor("places", TensorProto.INT64, [3], [0, 5, 9])
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [64, 32]))
    opened = open_model(model)
    with pytest.raises(NotPreparedError):
        prepare_model(opened, fingerprint_model(opened))
    with compile_model(model, num_streams=2, scheduler="multi_stream") as engine:
        expected = build_session(opened, 1).run(None, {"x": ROWS})[0]
        assert freeze(engine.run([ROWS])[0]) == freeze(expected)
    assert ["model <ModelProto> cannot be prepared" in message for message in caplog.messages] == [True]
