"""Thirty-two callers with tiny requests, while the number of streams changes under them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

import numpy as np
import pytest

from deepsched import Engine, compile_model

if TYPE_CHECKING:
    from onnx import ModelProto

CALLERS = 32
REQUESTS = 800


@pytest.mark.timeout(120, method="thread")
@pytest.mark.usefixtures("two_cores")
def test_every_request_of_many_callers_is_answered(doubling: ModelProto) -> None:
    def send(engine: Engine, caller: int) -> None:
        for turn in range(REQUESTS):
            number = caller * REQUESTS + turn
            assert engine.run([np.full((1, 3), number, np.float32)])[0].tolist() == [[2 * number] * 3]

    with (
        compile_model(doubling, scheduler="multi_stream", num_streams=2) as engine,
        ThreadPoolExecutor(CALLERS) as callers,
    ):
        futures = [callers.submit(send, engine, caller) for caller in range(CALLERS)]
        turn = 0
        while wait(futures, timeout=0.05).not_done:
            engine.set_num_streams(1 + turn % 2)
            turn += 1
        for future in futures:
            future.result()
        # THEN nobody is left in the queue, and every stream is free
        assert engine.context.queue_depth == 0
        streams = [engine.context.acquire(0) for _ in range(engine.num_streams)]
        assert sorted(stream.index for stream in streams) == list(range(engine.num_streams))
        for stream in streams:
            engine.context.release(stream)
