"""One copy of the weights for all streams, engines and processes, or one for each stream."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import pytest
from onnx import numpy_helper

from deepsched import Context, MultiModelEngine, Topology, compile_model
from deepsched.errors import ModelError, OptionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from onnx import ModelProto

pytestmark = pytest.mark.usefixtures("two_cores")
ROWS = np.random.default_rng(0).standard_normal((3, 64), np.float32)

# 64 MB of weights; further streams that share them cost next to nothing, whichever process they are in.
GROW = """
import sys
import numpy as np
from onnx import ModelProto
from deepsched import compile_model

def read_pss():
    with open("/proc/self/smaps_rollup") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))

def open_engine():
    engine = compile_model(sys.argv[1], num_streams=1, weights=sys.argv[2])
    engine.run([np.ones((1, 2048), np.float32)])
    return engine

engines = [open_engine()]
before = read_pss()
engines += [open_engine() for _ in range(3)]
print((read_pss() - before) / 3 / 64e6)
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DEEPSCHED_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"


@pytest.fixture
def write_product(make_model: Callable[..., ModelProto], tmp_path: Path) -> Callable[..., Path]:
    """Write a model of one product; the same path for every seed."""

    def write(seed: int = 0) -> Path:
        model = make_model("product (float[N,64] x) => (float[N,512] y) { y = MatMul(x, w) }")
        weights = np.random.default_rng(seed).standard_normal((64, 512), np.float32)
        model.graph.initializer.append(numpy_helper.from_array(weights, "w"))
        path = tmp_path / "product.onnx"
        path.write_bytes(model.SerializeToString())
        return path

    return write


def answer(path: Path) -> list[Any]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": ROWS})[0].tolist()  # type: ignore[no-any-return]


def sessions_of(engine: Any, holding: Callable[..., Any]) -> list[Any]:
    with holding(engine.context, engine.num_streams) as streams:
        return [session for stream in streams for session in stream.sessions.values()]


@pytest.mark.parametrize("pinning", ["core", "none"])
def test_streams_of_one_thread_share_a_session(
    pinning: str, write_product: Callable[..., Path], holding: Callable[..., Any]
) -> None:
    path = write_product()
    for weights, number in (("shared", 1), ("private", 2)):
        options = {"num_cores": 2, "num_streams": 2, "pinning": pinning, "weights": weights}
        with compile_model(path, **options) as engine:  # type: ignore[arg-type]
            assert len({id(session) for session in sessions_of(engine, holding)}) == number
            outputs = engine.map([[ROWS]] * 20)
            assert all(output[0].tolist() == answer(path) for output in outputs)


def test_a_shared_session_goes_with_the_last_stream(
    write_product: Callable[..., Path], new_threads: Callable[[], Any], wait_until: Callable[..., None]
) -> None:
    with compile_model(write_product(), num_cores=2, num_streams=2) as engine:
        assert not new_threads()
        engine.set_num_streams(1)
        wait_until(lambda: len(new_threads()) == 1)
        engine.set_num_streams(2)
        wait_until(lambda: not new_threads())
        assert engine.run([ROWS])


def test_each_numa_node_has_its_own(
    write_product: Callable[..., Path], cache: Path, holding: Callable[..., Any]
) -> None:
    # GIVEN two cpus of this machine, described as two NUMA nodes
    cpus = [core.cpus[0] for core in Topology.detect().usable_cores[:2]]
    topology = Topology.from_synthetic(f"numa:2 core:1 pu:1(indexes={cpus[0]},{cpus[1]})")
    with compile_model(write_product(), num_streams=2, scheduler="multi_stream", topology=topology) as engine:
        assert len({id(session) for session in sessions_of(engine, holding)}) == 2
        assert sorted(entry.name.partition("-")[2] for entry in cache.iterdir()) == ["node0", "node1"]


def test_private_weights_never_touch_the_cache(write_product: Callable[..., Path], cache: Path) -> None:
    path = write_product()
    with compile_model(path, weights="private") as engine, Context(weights="private", num_streams=2) as context:
        assert engine.run([ROWS])[0].tolist() == answer(path)
        MultiModelEngine(path, None, context).close()
    assert not cache.exists()


def test_an_engine_outlives_its_entry_in_the_cache(write_product: Callable[..., Path], cache: Path) -> None:
    path = write_product()
    with compile_model(path, num_cores=2, num_streams=2) as engine:
        shutil.rmtree(cache)
        assert engine.run([ROWS])[0].tolist() == answer(path)
        engine.set_num_streams(1)
        assert engine.run([ROWS])[0].tolist() == answer(path)


@pytest.mark.parametrize("weights", ["shared", "private"])
def test_a_file_that_changed_meanwhile(write_product: Callable[..., Path], cache: Path, weights: str) -> None:
    path = write_product()
    expected = answer(path)
    with compile_model(path, num_cores=2, num_streams=2, weights=weights) as engine:
        write_product(seed=1)
        if weights == "shared":
            engine.set_num_streams(1)  # its weights are in the cache
            assert engine.run([ROWS])[0].tolist() == expected
            shutil.rmtree(cache)
        with pytest.raises(ModelError, match="changed since it was compiled"):
            engine.set_num_streams(1 if weights == "private" else 2)
        assert engine.run([ROWS])[0].tolist() == expected
    with compile_model(path, weights=weights) as engine:
        assert engine.run([ROWS])[0].tolist() == answer(path)


def test_weights_belong_to_the_context(write_product: Callable[..., Path]) -> None:
    for nonsense in ("both", None, 1):
        with pytest.raises(OptionError, match="expected one of shared, private"):
            compile_model(write_product(), weights=nonsense)  # type: ignore[arg-type]
    with Context(weights="private", num_streams=1) as context:
        compile_model(write_product(), context=context).close()
        with pytest.raises(OptionError, match="belong to the context"):
            compile_model(write_product(), context=context, weights="private")


def test_further_engines_cost_no_further_weights(make_model: Callable[..., ModelProto], tmp_path: Path) -> None:
    model = make_model("""wide (float[N,2048] x) => (float[N,2048] y) {
        a = MatMul(x, p) b = Relu(a) c = MatMul(b, q) d = Relu(c) e = MatMul(d, r) f = Relu(e) y = MatMul(f, s)
    }""")
    random = np.random.default_rng(0)
    for name in "pqrs":
        model.graph.initializer.append(numpy_helper.from_array(random.random((2048, 2048), np.float32), name))
    (tmp_path / "wide.onnx").write_bytes(model.SerializeToString())

    def grow(weights: str) -> float:
        command = [sys.executable, "-c", GROW, str(tmp_path / "wide.onnx"), weights]
        return float(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)

    assert grow("shared") < 0.15
    assert grow("private") > 0.9
