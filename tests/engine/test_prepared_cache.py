"""The cache of prepared models: what is trusted, what is made again, and what happens where there is none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import pytest
from onnx import numpy_helper

from deepsched import compile_model
from deepsched.engine.model import open_model
from deepsched.engine.prepared import NotPreparedError, fingerprint_model, prepare_model
from deepsched.engine.prepared.entry import UntrustedError, find_model
from deepsched.engine.prepared.lock import hold_lock
from deepsched.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto

    from deepsched.engine.model import Model

ROWS = np.random.default_rng(0).standard_normal((3, 64), np.float32)

# A process of its own: what one process has checked, it does not check again.
SERVE = """
import sys
import numpy as np
from deepsched import compile_model
print("ready", flush=True)
sys.stdin.readline()
with compile_model(sys.argv[1]) as engine:
    print(engine.run([np.ones((3, 64), np.float32)])[0].tobytes().hex())
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DEEPSCHED_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"


@pytest.fixture
def make_product(make_model: Callable[..., ModelProto], tmp_path: Path) -> Callable[..., Path]:
    """Write a model of ``64 * width`` weights."""

    def make(seed: int = 0, width: int = 512) -> Path:
        model = make_model("product (float[N,64] x) => (float[N,M] y) { y = MatMul(x, w) }")
        weights = np.random.default_rng(seed).standard_normal((64, width), np.float32)
        model.graph.initializer.append(numpy_helper.from_array(weights, "w"))
        path = tmp_path / f"product{seed}.onnx"
        path.write_bytes(model.SerializeToString())
        return path

    return make


def prepare(path: Path, numa_node: int | None = None) -> Model:
    opened = open_model(path)
    return prepare_model(opened, fingerprint_model(opened), numa_node)


def find_entry(model: Model) -> Path:
    return Path(str(model.content)).parent


def check_answers(path: Path) -> None:
    raw = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    with compile_model(path, num_cores=1) as engine:
        np.testing.assert_array_equal(engine.run([ROWS])[0], raw.run(None, {"x": ROWS})[0])


def start_serving(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SERVE, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_an_entry_is_private_and_read_only(make_product: Callable[..., Path], cache: Path) -> None:
    entry = find_entry(prepare(make_product()))
    assert entry.parent == cache
    assert cache.stat().st_mode & 0o777 == entry.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in entry.iterdir()} == dict.fromkeys(
        ["manifest.json", "model.onnx", "weights.bin"], 0o400
    )
    assert [path.name for path in cache.iterdir()] == [entry.name], "no lock and nothing unfinished is left"


def test_an_entry_is_found_again(make_product: Callable[..., Path]) -> None:
    path = make_product()
    first = prepare(path)
    written = find_entry(first).stat().st_ino
    assert prepare(path) == first
    assert prepare_model(open_model(path.read_bytes()), fingerprint_model(open_model(path))).content == first.content
    assert find_entry(first).stat().st_ino == written
    assert prepare(make_product(1)).content != first.content
    assert prepare(path, numa_node=1).content != first.content, "each NUMA node has its own"


def flip_a_byte(entry: Path) -> None:
    content = bytearray((entry / "weights.bin").read_bytes())
    content[len(content) // 2] ^= 1
    (entry / "weights.bin").chmod(0o600)
    (entry / "weights.bin").write_bytes(content)
    (entry / "weights.bin").chmod(0o400)


def cut_short(entry: Path) -> None:
    os.truncate(entry / "weights.bin", 1000)


def remove_weights(entry: Path) -> None:
    (entry / "weights.bin").unlink()


def remove_manifest(entry: Path) -> None:
    (entry / "manifest.json").unlink()


def scribble_over_the_manifest(entry: Path) -> None:
    (entry / "manifest.json").chmod(0o600)
    (entry / "manifest.json").write_bytes(b"\xff{[" * 99)


def write_another_kind_of_manifest(entry: Path) -> None:
    (entry / "manifest.json").chmod(0o600)
    (entry / "manifest.json").write_text(json.dumps({"name": entry.name, "files": [1]}))


def add_a_file(entry: Path) -> None:
    (entry / "more").touch()


def let_others_write(entry: Path) -> None:
    (entry / "weights.bin").chmod(0o620)


def let_others_in(entry: Path) -> None:
    entry.chmod(0o777)


def put_a_link(entry: Path) -> None:
    (entry / "weights.bin").rename(entry.parent.parent / "elsewhere")
    (entry / "weights.bin").symlink_to(entry.parent.parent / "elsewhere")


def put_a_pipe(entry: Path) -> None:
    (entry / "manifest.json").unlink()
    os.mkfifo(entry / "manifest.json")


def put_a_file_in_its_place(entry: Path) -> None:
    entry.rename(entry.parent.parent / "elsewhere")
    entry.touch()


def put_a_dangling_link_in_its_place(entry: Path) -> None:
    entry.rename(entry.parent.parent / "elsewhere")
    entry.symlink_to("nowhere")


DAMAGES = [
    flip_a_byte,
    cut_short,
    remove_weights,
    remove_manifest,
    scribble_over_the_manifest,
    write_another_kind_of_manifest,
    add_a_file,
    let_others_write,
    let_others_in,
    put_a_link,
    put_a_pipe,
    put_a_file_in_its_place,
    put_a_dangling_link_in_its_place,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_made_again(
    damage: Callable[[Path], None], make_product: Callable[..., Path], cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = make_product()
    entry = find_entry(prepare(path))
    good = (entry / "weights.bin").read_bytes()
    damage(entry)
    check_answers(path)
    assert [message.partition(" cannot be trusted")[1] for message in caplog.messages] == [" cannot be trusted"]
    assert find_entry(prepare(path)) == entry
    assert (entry / "weights.bin").read_bytes() == good
    assert [path.name for path in cache.iterdir()] == [entry.name]


def test_the_files_of_another_model_are_no_entry(make_product: Callable[..., Path]) -> None:
    one, other = (find_entry(prepare(make_product(seed))) for seed in (1, 2))
    one.rename(one.with_name("aside"))
    other.rename(one)
    check_answers(make_product(1))


def test_what_belongs_to_others_is_never_used(
    make_product: Callable[..., Path], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, me = make_product(), os.geteuid()
    entry = find_entry(prepare(path))
    if me == 0:  # only root can give files to others
        os.chown(entry / "weights.bin", 12345, -1)
        check_answers(path)
        assert (entry / "weights.bin").stat().st_uid == 0, "it was made again"
    # WHEN this process is somebody else's
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    with pytest.raises(UntrustedError, match="can be written by others"):
        find_model(entry)
    check_answers(path)
    assert "belongs to another user" in caplog.text


def test_the_entry_used_longest_ago_goes_first(
    make_product: Callable[..., Path], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSCHED_CACHE_SIZE", "600K")  # an entry takes 256 KiB and a little
    paths = [make_product(seed) for seed in range(3)]
    first, second = (find_entry(prepare(path)) for path in paths[:2])
    # GIVEN that the first was used after the second
    os.utime(first, (time.time() - 50, time.time() - 50))
    os.utime(second, (time.time() - 100, time.time() - 100))
    third = find_entry(prepare(paths[2]))
    assert set(cache.iterdir()) == {first, third}
    # An engine that has mapped an entry keeps it, and its next stream brings it back.
    with compile_model(paths[0]) as engine:
        monkeypatch.setenv("DEEPSCHED_CACHE_SIZE", "300K")
        prepare(paths[1])
        assert not first.exists()
        engine.run([ROWS])
    check_answers(paths[0])


def test_a_model_larger_than_the_cache_is_not_kept(
    make_product: Callable[..., Path], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSCHED_CACHE_SIZE", "100K")
    with pytest.raises(NotPreparedError, match="DEEPSCHED_CACHE_SIZE"):
        prepare(make_product())
    assert list(cache.iterdir()) == []
    check_answers(make_product())


def test_a_size_that_is_none_is_refused(make_product: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPSCHED_CACHE_SIZE", "a lot")
    with pytest.raises(OptionError, match="expected a number of bytes"):
        compile_model(make_product())


@pytest.mark.parametrize("place", ["/proc/nowhere", "/dev/null", "/dev/full/x", "a file"])
def test_where_there_is_no_cache_each_stream_has_its_own_weights(
    place: str,
    make_product: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEEPSCHED_CACHE_DIR", place)
    check_answers(make_product())
    assert ["cannot be prepared" in message for message in caplog.messages] == [True]


def test_a_user_without_a_home_has_no_cache(
    make_product: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEEPSCHED_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "~nobody-of-that-name/cache")
    monkeypatch.chdir(tmp_path)
    check_answers(make_product())
    assert not list(tmp_path.glob("~*"))


def test_two_processes_prepare_a_model_once(make_product: Callable[..., Path], cache: Path) -> None:
    path = make_product(width=20_000)
    processes = [start_serving(path) for _ in range(4)]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    said = [process.communicate("go\n", timeout=60) for process in processes]
    assert len({answer for answer, _ in said}) == 1
    assert [errors for _, errors in said] == [""] * 4
    assert [process.returncode for process in processes] == [0] * 4
    (entry,) = cache.iterdir()
    assert find_model(entry) is not None


def test_a_process_killed_while_it_prepares_leaves_no_trap(make_product: Callable[..., Path], cache: Path) -> None:
    path = make_product(width=50_000)
    process = start_serving(path)
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    deadline = time.monotonic() + 60
    while not list(cache.glob("*.part")):
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGKILL)
    process.communicate()
    check_answers(path)
    (entry,) = cache.iterdir()
    assert find_model(entry) is not None


def test_who_waits_too_long_for_a_builder_goes_on_without(
    make_product: Callable[..., Path], cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = make_product()
    monkeypatch.setattr("deepsched.engine.prepared.prepare._PATIENCE_S", 0.1)
    cache.mkdir(parents=True)
    with hold_lock(cache / f"{fingerprint_model(open_model(path))}.lock", 0):
        check_answers(path)
        assert "has been preparing it" in caplog.text
    assert list(cache.iterdir()) == []
    prepare(path)


def test_a_model_whose_prepared_form_cannot_be_opened(
    make_model: Callable[..., ModelProto], cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # GIVEN a shape of 1040 bytes: it is written with the weights, where onnxruntime's type inference does not look
    model = make_model("ranks (float[1] x) => (float[N] flat) { y = Reshape(x, s) flat = Flatten(y) }")
    model.graph.initializer.append(numpy_helper.from_array(np.ones(130, np.int64), "s"))
    model.graph.output[0].type.tensor_type.ClearField("shape")
    with compile_model(model, num_cores=1) as engine:
        assert engine.run([np.ones(1, np.float32)])[0].tolist() == [[1]]
    assert ["its prepared form cannot be opened" in message for message in caplog.messages] == [True]
    assert list(cache.iterdir()) == []
