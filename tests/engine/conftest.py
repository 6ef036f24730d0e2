"""Small models written as ONNX text, callers that queue one after the other, and what /proc says of our threads."""

from __future__ import annotations

import time
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import ModelProto, parser

from deepsched.topology import parse_cpu_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_PATIENCE = 10.0


@pytest.fixture(scope="session")
def make_model() -> Callable[..., ModelProto]:
    """Parse a model; see https://onnx.ai/onnx/repo-docs/Syntax.html."""

    def make(text: str, ir_version: int = 9, opset: int = 17) -> ModelProto:
        return parser.parse_model(f'<ir_version: {ir_version}, opset_import: ["": {opset}]> {text}')

    return make


@pytest.fixture(scope="session")
def doubling(make_model: Callable[..., ModelProto]) -> ModelProto:
    """The cheapest model: an answer tells which request it belongs to."""
    return make_model("doubling (float[N,3] x) => (float[N,3] y) { y = Add(x, x) }")


@pytest.fixture(scope="session")
def lookup(make_model: Callable[..., ModelProto]) -> ModelProto:
    """A model that passes every check and fails while it runs, where an index lies outside the table."""
    return make_model("lookup (float[N] table, int64[K] indices) => (float[K] y) { y = Gather(table, indices) }")


@pytest.fixture(scope="session")
def repeating(make_model: Callable[..., ModelProto]) -> ModelProto:
    """A model whose request takes as long as its input says, on all threads of its stream."""
    return make_model("""repeating (float[N,N] x, int64 times) => (float[N,N] y) {
        yes = Constant <value = bool {1}> ()
        y = Loop (times, yes, x) <body = step (int64 i, bool go, float[N,N] v) => (bool goes_on, float[N,N] w) {
            goes_on = Identity(go)
            product = MatMul(v, v)
            w = Tanh(product)
        }>
    }""")


@pytest.fixture(scope="session")
def slow_inputs() -> list[Any]:
    """Inputs that keep `repeating` busy for long enough to be watched."""
    return [np.ones((256, 256), np.float32), np.array(200)]


@pytest.fixture(scope="session")
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Wait for what must happen, however slow the machine."""

    def wait(holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not holds():
            assert time.monotonic() < deadline, "what the test waits for does not happen"
            time.sleep(0.001)

    return wait


@pytest.fixture(scope="session")
def holding() -> Callable[..., Any]:
    """Keep streams of a context from everybody else for a while."""

    @contextmanager
    def hold(context: Any, count: int = 1) -> Iterator[list[Any]]:
        streams = [context.acquire() for _ in range(count)]
        try:
            yield streams
        finally:
            for stream in streams:
                context.release(stream)

    return hold


@pytest.fixture(scope="session")
def start() -> Callable[..., Future[Any]]:
    """Call something in a thread of its own, which keeps no test from ending should it wait for ever."""

    def begin(work: Callable[..., Any], *arguments: Any, **options: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def call() -> None:
            try:
                future.set_result(work(*arguments, **options))
            except BaseException as error:  # noqa: BLE001 - it is raised again by the future
                future.set_exception(error)

        Thread(target=call, daemon=True).start()
        return future

    return begin


@pytest.fixture(scope="session")
def queue_up(
    start: Callable[..., Future[Any]], wait_until: Callable[[Callable[[], bool]], None]
) -> Callable[..., list[Future[Any]]]:
    """Send requests while no stream is free, each one when the last one stands in the queue."""

    def queue(requests: Iterable[tuple[Any, list[Any]]]) -> list[Future[Any]]:
        futures = []
        for engine, inputs in requests:
            depth = engine.context.queue_depth
            futures.append(start(engine.run, inputs))
            wait_until(lambda engine=engine, depth=depth: engine.context.queue_depth > depth)
        return futures

    return queue


@pytest.fixture(scope="session")
def read_masks() -> Callable[[], dict[int, frozenset[int]]]:
    """Read which cpus each thread of this process may run on, by the thread's number."""

    def read() -> dict[int, frozenset[int]]:
        masks = {}
        for task in Path("/proc/self/task").iterdir():
            try:
                status = (task / "status").read_text()
            except OSError:  # it ended meanwhile
                continue
            field = next(line for line in status.splitlines() if line.startswith("Cpus_allowed_list:"))
            masks[int(task.name)] = frozenset(parse_cpu_list(field.split()[1]))
        return masks

    return read


@pytest.fixture
def new_threads(read_masks: Callable[[], dict[int, frozenset[int]]]) -> Callable[[], dict[int, frozenset[int]]]:
    """Read the masks of the threads that were not there when the test began."""
    before = read_masks().keys()
    return lambda: {number: mask for number, mask in read_masks().items() if number not in before}
