"""Threads and memory: none of ours is left behind, whatever happened before."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from deepsched import Context, DeepschedError, compile_model
from deepsched.engine import weights as weights_module
from deepsched.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto

    Masks = Callable[[], dict[int, frozenset[int]]]
    WaitUntil = Callable[[Callable[[], bool]], None]

pytestmark = pytest.mark.usefixtures("two_cores")
ONES = [np.ones((1, 3), np.float32)]


def read_resident_pages() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1])


@pytest.mark.parametrize("layout", [{}, {"num_cores": 2}, {"num_streams": 2}], ids=str)
def test_close_ends_all_threads(
    doubling: ModelProto, layout: dict[str, Any], new_threads: Masks, wait_until: WaitUntil
) -> None:
    with compile_model(doubling, **layout) as engine:
        with ThreadPoolExecutor(8) as callers:
            list(callers.map(engine.run, [ONES] * 32))
        list(engine.map([ONES] * 8))
        assert new_threads()
    wait_until(lambda: not new_threads())


def test_switching_ends_the_old_streams_threads(
    doubling: ModelProto, new_threads: Masks, wait_until: WaitUntil
) -> None:
    with compile_model(doubling, scheduler="multi_stream", num_streams=1, num_cores=2) as engine:
        wait_until(lambda: len(new_threads()) == 1)
        engine.set_num_streams(2)
        wait_until(lambda: not new_threads())
        engine.set_num_streams(1)
        wait_until(lambda: len(new_threads()) == 1)


def test_a_model_that_fails_to_load_leaves_nothing(new_threads: Masks, wait_until: WaitUntil) -> None:
    for _ in range(5):
        with pytest.raises(ModelError):
            compile_model(b"no model at all", num_streams=2)
    wait_until(lambda: not new_threads())


def test_a_model_that_loads_on_some_streams_only_leaves_nothing(
    doubling: ModelProto, new_threads: Masks, wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, answers = weights_module.build_session, iter([True, False])

    def build_once(*args: Any) -> Any:
        if next(answers):
            return real(*args)
        raise ModelError("out of memory")

    with Context(num_streams=1) as context, compile_model(doubling, context=context) as first:
        monkeypatch.setattr(weights_module, "build_session", build_once)
        with pytest.raises(ModelError, match="out of memory"):
            compile_model(doubling, num_streams=2, weights="private")
        monkeypatch.undo()
        # Counted by name: the threads that built the streams live a little longer.
        wait_until(lambda: len(new_threads()) == len(first.verify_pinning()))
        assert first.run(ONES)


def test_an_error_that_somebody_keeps_keeps_no_threads(
    lookup: ModelProto, new_threads: Masks, wait_until: WaitUntil
) -> None:
    # A notebook keeps the last error, with all the frames that it passed through, until the next one.
    with compile_model(lookup, num_cores=2) as engine, pytest.raises(DeepschedError) as kept:
        engine.run([np.zeros(3, np.float32), np.array([9])])
    assert kept.value.__traceback__ is not None
    wait_until(lambda: not new_threads())


def test_an_engine_that_is_dropped_ends_its_threads_too(
    doubling: ModelProto, new_threads: Masks, wait_until: WaitUntil
) -> None:
    engine = compile_model(doubling, num_cores=2)
    engine.run(ONES)
    del engine
    gc.collect()
    wait_until(lambda: not new_threads())


def test_fifty_engines_leave_neither_threads_nor_memory(
    make_model: Callable[..., ModelProto], new_threads: Masks, wait_until: WaitUntil
) -> None:
    # 4 MB of weights in each session.
    heavy = make_model("""heavy (float[N,1000] x) => (float[N,1000] y) {
        shape = Constant <value_ints = [1000, 1000]> ()
        weights = ConstantOfShape (shape)
        y = MatMul (x, weights)
    }""")

    def use_one(num_streams: int) -> None:
        with compile_model(heavy, scheduler="multi_stream", num_streams=num_streams) as engine:
            engine.submit([np.ones((1, 1000), np.float32)]).result()

    for _ in range(10):  # until the allocator has its arenas
        use_one(2)
    before = read_resident_pages()
    for turn in range(50):
        use_one(1 + turn % 2)
    # 75 sessions that stayed would be 300 MB.
    assert (read_resident_pages() - before) * 4096 < 100e6
    wait_until(lambda: not new_threads())
