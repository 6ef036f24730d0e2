"""How long idle workers spin: chosen by who else may need their cores."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import pytest

from deepsched import Context, Engine, Topology, compile_model
from deepsched.engine.spinning import choose_spinning
from deepsched.topology import Limits

if TYPE_CHECKING:
    from onnx import ModelProto

NEVER = {"session.intra_op.allow_spinning": "0"}
BRIEFLY = {"session.intra_op.spin_duration_us": "400", "session.intra_op.spin_backoff_max": "8"}
KEYS = (*NEVER, *BRIEFLY)


@pytest.mark.parametrize(
    ("quota", "pinning", "shares_streams", "chosen"),
    [
        (None, "core", False, {}),
        (None, "core", True, BRIEFLY),
        (None, "numa", False, BRIEFLY),
        (None, "socket", False, BRIEFLY),
        (None, "none", False, BRIEFLY),
        (1.5, "core", False, NEVER),
        (1.5, "none", True, NEVER),
    ],
)
def test_spinning_is_chosen_by_who_else_may_need_the_cores(
    quota: float | None, pinning: str, shares_streams: bool, chosen: dict[str, str]
) -> None:
    assert choose_spinning(Limits((0, 1), quota), pinning=pinning, shares_streams=shares_streams) == chosen


def read_entries(engine: Engine) -> list[dict[str, str]]:
    """Read what each stream's session was built with."""
    streams = [engine.context.acquire() for _ in range(engine.num_streams)]
    try:
        options = [session.get_session_options() for stream in streams for session in stream.sessions.values()]
        return [{key: one.get_session_config_entry(key) for key in KEYS if has_entry(one, key)} for one in options]
    finally:
        for stream in streams:
            engine.context.release(stream)


def has_entry(options: onnxruntime.SessionOptions, key: str) -> bool:
    try:
        options.get_session_config_entry(key)
    except Exception:  # noqa: BLE001 - onnxruntime's errors have no common base
        return False
    return True


def limit(quota: float) -> Topology:
    here = Topology.detect()
    return replace(here, limits=replace(here.limits, quota_cpus=quota))


@pytest.mark.parametrize("weights", ["shared", "private"])
def test_every_session_is_built_so(doubling: ModelProto, weights: str) -> None:
    def check(chosen: dict[str, str], engine: Engine) -> None:
        with engine:
            assert read_entries(engine) == [chosen] * engine.num_streams
            engine.set_num_streams(engine.num_cores)
            assert read_entries(engine) == [chosen] * engine.num_streams

    with Context(weights=weights) as context:
        check(BRIEFLY, compile_model(doubling, context=context))
    check({}, compile_model(doubling, scheduler="multi_stream"))
    check(BRIEFLY, compile_model(doubling, scheduler="multi_stream", pinning="numa"))
    check(NEVER, compile_model(doubling, scheduler="multi_stream", topology=limit(1.0)))


@pytest.mark.usefixtures("two_cores")
def test_a_quota_is_not_spent_on_waiting(repeating: ModelProto) -> None:
    inputs: list[Any] = [np.ones((256, 256), np.float32), np.array(5)]

    def measure_idle(**options: Any) -> float:
        with compile_model(repeating, num_cores=2, **options) as engine:
            spent = []
            for _ in range(5):
                engine.run(inputs)
                before = time.process_time()
                time.sleep(0.02)
                spent.append(time.process_time() - before)
            return sorted(spent)[2]

    assert measure_idle(topology=limit(1.0)) < measure_idle() / 2


def test_onnxruntime_takes_keys_that_it_does_not_know(doubling: ModelProto) -> None:
    # Versions before 1.26 know no duration: there workers spin as they always did.
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.a_key_of_tomorrow", "1")
    onnxruntime.InferenceSession(doubling.SerializeToString(), options, providers=["CPUExecutionProvider"])
