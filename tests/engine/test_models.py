"""A model in every form, and what is no model."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest

from deepsched import DeepschedError, compile_model
from deepsched.engine import MultiModelEngine
from deepsched.errors import ModelError, ModelNotFoundError, OptionError
from deepsched.measure import find_example

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from onnx import ModelProto

ONES = [np.ones((1, 3), np.float32)]

# Run apart from the tests, so that a crash of onnxruntime's parser is seen as one.
TRY_EACH = """
import sys
from deepsched import compile_model
from deepsched.errors import ModelError

whole = open(sys.argv[1], "rb").read()
for length in range(0, len(whole), len(whole) // 20):
    for batch_size in (None, 2):
        try:
            compile_model(whole[:length], batch_size=batch_size).close()
        except ModelError as error:
            assert str(error).startswith("model <bytes>: "), error
        else:
            raise SystemExit(f"a model cut at {length} of {len(whole)} bytes was loaded")
print("all refused")
"""

FLIP_BITS = """
import random, sys
from deepsched import compile_model
from deepsched.errors import ModelError

whole = open(sys.argv[1], "rb").read()
choice = random.Random(0)
for _ in range(300):
    broken = bytearray(whole)
    for _ in range(choice.randint(1, 4)):
        broken[choice.randrange(len(broken))] = choice.randrange(256)
    for batch_size in (None, 2):
        try:
            compile_model(broken, batch_size=batch_size).close()
        except ModelError:
            pass
print("all loaded or refused")
"""


@pytest.fixture
def path(doubling: ModelProto, tmp_path: Path) -> Path:
    path = tmp_path / "a model.onnx"
    path.write_bytes(doubling.SerializeToString())
    return path


@pytest.mark.parametrize("batch_size", [None, 1])
@pytest.mark.parametrize("form", ["str", "Path", "bytes", "bytearray", "memoryview", "ModelProto"])
def test_a_model_comes_in_many_forms(path: Path, doubling: ModelProto, form: str, batch_size: int | None) -> None:
    content = path.read_bytes()
    model: Any = {
        "str": str(path),
        "Path": path,
        "bytes": content,
        "bytearray": bytearray(content),
        "memoryview": memoryview(content),
        "ModelProto": doubling,
    }[form]
    with compile_model(model, batch_size=batch_size) as engine:
        assert engine.run(ONES)[0].tolist() == [[2, 2, 2]]
        assert engine.model_path == (
            str(path) if form in {"str", "Path"} else "<ModelProto>" if form == "ModelProto" else "<bytes>"
        )
    assert path.read_bytes() == content == doubling.SerializeToString(), "the model given is left as it was"


def test_a_model_may_be_read_only(path: Path) -> None:
    path.chmod(0o400)
    before = path.stat()
    with compile_model(path, batch_size=4, input_shapes=[[4, 3]]) as engine:
        assert engine.batch_size == 4
    after = path.stat()
    assert (before.st_mtime_ns, before.st_size, before.st_mode) == (after.st_mtime_ns, after.st_size, after.st_mode)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("batch_size", [None, 2])
@pytest.mark.parametrize("given", ["no such model.onnx", "no/such/folder/model.onnx", "a\0b", "n" * 300], ids=len)
def test_a_missing_model(given: str, batch_size: int | None) -> None:
    with pytest.raises(ModelNotFoundError, match="there is no such file") as raised:
        compile_model(given, batch_size=batch_size)
    assert isinstance(raised.value, FileNotFoundError)
    assert isinstance(raised.value, ModelError)


@pytest.mark.parametrize("batch_size", [None, 2])
def test_what_is_no_model_is_a_model_error(
    tmp_path: Path, make_model: Callable[..., ModelProto], batch_size: Any
) -> None:
    random = np.random.default_rng(0)
    (tmp_path / "empty.onnx").touch()
    (tmp_path / "text.onnx").write_text("this is no model")
    (tmp_path / "random.onnx").write_bytes(random.bytes(5000))
    unknown_op = make_model("unknown (float[N] x) => (float[N] y) { y = NoSuchOperator(x) }")
    unknown_domain = make_model("unknown (float[N] x) => (float[N] y) { y = nowhere.Op(x) }")
    broken_types = make_model("broken (float[N] x, int64[N] i) => (float[N] y) { y = Add(x, i) }")
    for given, reason in [
        (tmp_path, "is not a file"),
        ("", "is not a file"),
        ("/dev/null", "is not a file"),
        (tmp_path / "empty.onnx", "is empty"),
        (tmp_path / "text.onnx", "^model "),
        (tmp_path / "random.onnx", "^model "),
        (b"", "is empty"),
        (b"\0", "^model "),
        (b"\x08", "^model "),
        (random.bytes(17), "^model "),
        (random.bytes(100_000), "^model "),
        (onnx.ModelProto(), "^model "),
        (unknown_op, "NoSuchOperator"),
        (unknown_domain, "^model "),
        (broken_types, "^model "),
        (None, "cannot be NoneType"),
        (3, "cannot be int"),
        ([tmp_path], "cannot be list"),
        (np.ones(3), "cannot be ndarray"),
    ]:
        with pytest.raises(ModelError, match=reason):
            compile_model(given, batch_size=batch_size)


@pytest.mark.parametrize(("script", "words"), [(TRY_EACH, "all refused"), (FLIP_BITS, "all loaded or refused")])
def test_broken_models_never_crash(
    script: str, words: str, tmp_path: Path, make_model: Callable[..., ModelProto]
) -> None:
    if script is TRY_EACH:
        path = find_example("light_squeezenet")
    else:
        model = make_model("""small (float[N,3,8,8] x) => (float[N,2,6,6] y) <float[2,3,3,3] w = {1}> {
            filtered = Conv(x, w)
            y = Relu(filtered)
        }""")
        path = str(tmp_path / "small.onnx")
        (tmp_path / "small.onnx").write_bytes(model.SerializeToString())
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, path], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == words


def test_a_name_that_is_no_text_is_a_model_error(make_model: Callable[..., ModelProto]) -> None:
    model = make_model("garbled (float[N] xxxx) => (float[N] y) { y = Neg(xxxx) }").SerializeToString()
    with pytest.raises(ModelError):
        compile_model(model.replace(b"xxxx", b"xx\xf0x"))


@pytest.mark.parametrize("batch_size", [None, 2])
def test_external_weights_lie_beside_the_model(
    make_model: Callable[..., ModelProto], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_size: int | None
) -> None:
    weights = np.arange(1200, dtype=np.float32).reshape(3, 400)
    model = make_model("scale (float[N,3] x, float[3,400] w) => (float[N,400] y) { y = MatMul(x, w) }")
    model.graph.initializer.append(onnx.numpy_helper.from_array(weights, "w"))
    del model.graph.input[1]
    path = tmp_path / "model.onnx"
    onnx.save_model(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["model.onnx", "weights.bin"]
    inputs = np.ones((2, 3), np.float32)
    monkeypatch.chdir(tmp_path)
    for given in (path, "model.onnx"):
        with compile_model(given, batch_size=batch_size) as engine:
            assert engine.batch_size == batch_size
            np.testing.assert_allclose(engine.run([inputs])[0], inputs @ weights)
    # WHEN only the model is given, or the weights are gone
    monkeypatch.chdir("/")
    with pytest.raises(ModelError):
        compile_model(path.read_bytes(), batch_size=batch_size)
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(ModelError, match=r"weights\.bin"):
        compile_model(path, batch_size=batch_size)


@pytest.mark.parametrize("batch_size", [None, 2])
def test_old_models_list_their_weights_among_the_inputs(
    make_model: Callable[..., ModelProto], batch_size: int | None
) -> None:
    model = make_model(
        "old (float[N,2] x, float[2] w = {10, 20}) => (float[N,2] y) { y = Add(x, w) }", ir_version=3, opset=8
    )
    assert [value.name for value in model.graph.input] == ["x", "w"]
    with compile_model(model, batch_size=batch_size) as engine:
        assert engine.input_names == ["x"]
        assert engine.batch_size == batch_size
        assert engine.run([np.ones((2, 2), np.float32)])[0].tolist() == [[11, 21], [11, 21]]
    with compile_model(model, input_shapes=[[2, 2]]) as engine:
        assert engine.input_shapes == [(2, 2)]


def test_a_model_is_said_by_name_in_every_error(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])
    for options in ({}, {"batch_size": 2}, {"input_shapes": [[1, 3]]}):
        with pytest.raises(ModelError) as raised:
            compile_model(path, **options)
        assert str(raised.value).startswith(f"model {path}: ")


def test_a_context_must_be_one(doubling: ModelProto) -> None:
    for nothing in (None, "context", 2):
        with pytest.raises(OptionError, match="Context"):
            MultiModelEngine(doubling, None, nothing)  # type: ignore[arg-type]


def test_every_error_is_a_deepsched_error() -> None:
    for error in (ModelError, ModelNotFoundError, OptionError):
        assert issubclass(error, DeepschedError)
        assert issubclass(error, ValueError)
