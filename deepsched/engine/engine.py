"""A model, compiled for this machine's cores."""

from __future__ import annotations

import asyncio
import operator
import threading
from collections import deque
from functools import cached_property
from pathlib import PurePath
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self

from deepsched.engine.batching import count_items, find_batched, join_outputs, split_batch
from deepsched.engine.checks import check_inputs, name_inputs
from deepsched.engine.context import Context
from deepsched.engine.dispatch import CLOSED
from deepsched.engine.future import RequestFuture
from deepsched.engine.model import open_model
from deepsched.engine.runner import Runner
from deepsched.engine.signature import read_signature
from deepsched.engine.timeouts import check_timeout
from deepsched.errors import ClosedError, InputError, OptionError
from deepsched.planning import Scheduler
from deepsched.telemetry import summarise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType

    from deepsched.engine.placement import ThreadPlacement
    from deepsched.engine.signature import Dimension, Signature
    from deepsched.planning import StreamPlan
    from deepsched.telemetry import RequestRecord, Snapshot
    from deepsched.topology import Topology


class Engine:
    """A model ready to serve requests under one of the two schedulers. All methods may be called from any thread.

    `run` serves a request in the calling thread, on the cores of a free stream, and gives the thread its own cpus
    back. As many callers as there are streams are served at once; others wait in arrival order.

    Parameters
    ----------
    model : path, bytes or onnx.ModelProto
        The model. A file is never changed.
    batch_size : int, optional
        Fixes the model's dynamic batch dimension; None or 0 leaves the model as it is.
    num_cores : int, optional
        Use the first so many cores; None or 0 uses all that this process may use.
    num_streams : int, optional
        How many streams; None or 0 makes one an L3 for multi_stream. More than there are cores is capped.
    scheduler : Scheduler or str, optional
        None stands for single_stream, or for multi_stream where `num_streams` asks for several.
    input_shapes : sequence of sequence of int, optional
        A shape for each input, fixed in memory before `batch_size`.
    context : Context, optional
        Streams shared with other models; then the three values above the shapes and those below are the context's.
    topology : Topology or str, optional
        The machine, as `Topology.load` takes it; this one by default.
    pinning : {"core", "numa", "socket", "none"}
        Where a stream's threads may run; see `Context`.
    max_queue : int, optional
        How many requests may wait for a stream; see `Context`.
    cores : {"free"}, optional
        Plan only with cores that no other process's engine holds; see `Context`.
    weights : {"shared", "private"}
        Whether streams, engines and processes map one copy of the weights, or each stream builds its own.
    threads_per_core : int
        How many hardware threads of each core a stream uses.

    Raises
    ------
    ModelError
        If the model is missing (`ModelNotFoundError`), or onnxruntime cannot load it.
    PlanError, OptionError
        If a value is outside what it can be.
    """

    def __init__(
        self,
        model: Any,
        batch_size: int | None = None,
        num_cores: int | None = None,
        num_streams: int | None = None,
        scheduler: Scheduler | str | None = None,
        input_shapes: Sequence[Sequence[int]] | None = None,
        *,
        context: Context | None = None,
        topology: Topology | str | None = None,
        pinning: str = "core",
        max_queue: int | None = None,
        cores: str | None = None,
        weights: str = "shared",
        threads_per_core: int = 1,
    ) -> None:
        opened = open_model(model, batch_size, input_shapes)
        self._label = opened.label
        self._owns_context = context is None
        if context is None:
            chosen = Scheduler.multi_stream if _asks_several(scheduler, num_streams) else Scheduler.choose(scheduler)
            context = Context(
                num_cores,
                num_streams,
                chosen,
                topology=topology,
                pinning=pinning,
                max_queue=max_queue,
                cores=cores,
                weights=weights,
                threads_per_core=threads_per_core,
            )
        elif not isinstance(context, Context):
            raise OptionError(f"context is {context!r}; expected a deepsched.Context.")
        elif (
            any((num_cores, num_streams, scheduler, topology, cores))
            or (pinning, weights, threads_per_core) != ("core", "shared", 1)
            or max_queue is not None
        ):
            raise OptionError(
                "num_cores, num_streams, scheduler, topology, pinning, max_queue, cores, weights and "
                "threads_per_core belong to the context given."
            )
        self._context = context
        self._closed = False
        self._submitting = threading.Lock()
        self._opened_at = perf_counter()
        try:
            self._key, session = context.attach_model(opened, alone=self._owns_context)
            nameless = any(not node.shape for node in session.get_inputs())
            self._signature = read_signature(session, opened.declared_scalars() if nameless else ())
        except BaseException:
            if self._owns_context:
                context.close()
            raise
        self._output_names = list(self._signature.output_names)
        firsts = {spec.name: spec.shape[0] for spec in self._signature.inputs if spec.shape}
        self._batched = find_batched(firsts) if opened.batched is None else opened.batched
        self._runner = Runner(context, self._key, self._label, self._output_names, self._batched, self.batch_size)
        self._serve = self._runner.serve

    # Requests

    def run(self, inputs: Any, val_inp: bool = True, *, timeout: float | None = None) -> list[Any]:
        """Run one request and give its outputs, in the model's order.

        Parameters
        ----------
        inputs : list of numpy.ndarray, or dict by input name
            A list is in the model's order.
        val_inp : bool
            Check the inputs against the model first. Without it, onnxruntime reads them as they are.
        timeout : float, optional
            How many seconds the request may take, waiting and running. Then it is taken back: out of the queue, or
            stopped after the operator at hand. With 0 it is served only if a stream is free at once.

        Raises
        ------
        InputError
            If the inputs do not fit the model.
        RequestError
            If onnxruntime fails the request.
        RequestTimeoutError
            If it was not answered in time.
        QueueFullError
            If it would have to wait, and as many as may are waiting.
        ClosedError
            If the engine was closed.
        """
        if timeout is not None:
            timeout = check_timeout(timeout)
        feeds = check_inputs(self._signature, inputs) if val_inp else name_inputs(self._signature, inputs)
        return self._serve(feeds, timeout)

    __call__ = run

    def timed_run(self, inputs: Any, val_inp: bool = False, *, timeout: float | None = None) -> tuple[list[Any], float]:
        """Run one request; give its outputs and the seconds it took, its wait in the queue included."""
        start = perf_counter()
        outputs = self.run(inputs, val_inp, timeout=timeout)
        return outputs, perf_counter() - start

    def mapped_run(self, inputs: Any, val_inp: bool = True, *, timeout: float | None = None) -> dict[str, Any]:
        """Run one request; give its outputs by name."""
        return dict(zip(self._output_names, self.run(inputs, val_inp, timeout=timeout), strict=True))

    def batched_run(self, inputs: Any, *, timeout: float | None = None) -> list[Any]:
        """Run a batch of any size: cut over the streams, run in parallel, and put together again.

        With a fixed batch size the last part is filled up and the surplus dropped; otherwise each stream gets
        an equal part. `timeout` is each part's own, in seconds.

        Raises
        ------
        InputError
            If the inputs' first dimensions differ, a part does not fit the model, or an output has no batch dimension.
        """
        feeds = name_inputs(self._signature, inputs)
        if not self._batched:
            return next(self.map([feeds], timeout=timeout))
        requests = split_batch(feeds, self._batched, self.batch_size, self.num_streams)
        outputs = list(self.map((request for request, _ in requests), timeout=timeout))
        sizes = [(count_items(request, self._batched), items) for request, items in requests]
        return join_outputs(
            self._output_names, [(out, size, items) for out, (size, items) in zip(outputs, sizes, strict=True)]
        )

    def submit(self, inputs: Any, val_inp: bool = True, *, timeout: float | None = None) -> RequestFuture:
        """Put one request into the queue; give a future of its outputs, which can be cancelled until it is done.

        Raises
        ------
        QueueFullError
            If it would have to wait, and as many as may are waiting.
        ClosedError
            If the engine was closed.
        """
        return self._submit(inputs, val_inp, timeout, bounded=True)

    async def run_async(
        self,
        inputs: Any,
        val_inp: bool = True,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - it also stops the request, which asyncio.timeout alone could not
    ) -> list[Any]:
        """Run one request without blocking the event loop; cancelling the task takes the request back."""
        return await asyncio.wrap_future(self.submit(inputs, val_inp, timeout=timeout))

    def map(
        self, requests: Iterable[Any], val_inp: bool = True, *, timeout: float | None = None
    ) -> Iterator[list[Any]]:
        """Run many requests in parallel; give their outputs in the order of the requests.

        At most two requests a stream are in flight at a time, so `requests` may be endless. They are not refused where
        the queue is full. `timeout` is each request's own. What is in flight is taken back when nobody asks for more.
        """
        pending: deque[RequestFuture] = deque()
        try:
            for inputs in requests:
                pending.append(self._submit(inputs, val_inp, timeout, bounded=False))
                while len(pending) >= 2 * self.num_streams:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()

    def _submit(self, inputs: Any, val_inp: bool, timeout: float | None, *, bounded: bool) -> RequestFuture:
        timeout = check_timeout(timeout)
        with self._submitting:
            if self.closed:
                raise ClosedError(CLOSED)
        try:
            feeds = check_inputs(self._signature, inputs) if val_inp else dict(name_inputs(self._signature, inputs))
        except InputError as error:
            refused = RequestFuture()
            refused.settle(None, error)
            return refused
        return self._runner.submit(feeds, timeout, bounded=bounded)

    # Streams

    def set_num_streams(self, num_streams: int | None) -> None:
        """Change the number of streams while requests run: none is lost, none refused. See `Context`."""
        self._context.set_num_streams(num_streams)

    def verify_pinning(self, *, repair: bool = False) -> tuple[ThreadPlacement, ...]:
        """Read from the operating system where each worker thread may run, beside what was asked for. See `Context`."""
        return self._context.verify_pinning(repair=repair)

    # What happened

    def stats(self, window: float = 5.0) -> Snapshot:
        """Give the statistics of the requests that ended in the last `window` seconds."""
        at = perf_counter()
        rows, covered = self._runner.trace.recent_rows(at, min(window, at - self._opened_at))
        return summarise(
            rows,
            at=at,
            window=max(covered, 1e-9),
            num_streams=self.num_streams,
            queue_depth=self._context.queue_depth,
            totals=self._runner.totals.read(),
        )

    def trace(self) -> tuple[RequestRecord, ...]:
        """Give the records of the last requests, oldest first."""
        return self._runner.trace.records()

    # What it is

    @property
    def plan(self) -> StreamPlan:
        """The plan in force, with its findings."""
        return self._context.plan

    @property
    def context(self) -> Context:
        """The streams it runs on."""
        return self._context

    @property
    def scheduler(self) -> Scheduler:
        """The scheduler."""
        return self._context.scheduler

    @property
    def num_streams(self) -> int:
        """How many streams there are: the actual number, not the one asked for."""
        return self._context.num_streams

    @property
    def num_cores(self) -> int:
        """How many cores the streams own together."""
        return self._context.num_cores

    @property
    def signature(self) -> Signature:
        """What the model takes and gives."""
        return self._signature

    @cached_property
    def batch_size(self) -> int | None:
        """The batch dimension's fixed size; None if it is dynamic or there is none."""
        shapes = {spec.name: spec.shape for spec in self._signature.inputs}
        first = shapes[self._batched[0]] if self._batched else None
        return first[0] if first and isinstance(first[0], int) else None

    @property
    def model_path(self) -> str:
        """The model's path, or ``<bytes>`` or ``<ModelProto>``."""
        return self._label

    @property
    def input_names(self) -> list[str]:
        """The inputs' names, in the model's order."""
        return list(self._signature.input_names)

    @property
    def input_shapes(self) -> list[tuple[Dimension, ...] | None]:
        """The inputs' shapes; a name or None stands for a dynamic dimension."""
        return [spec.shape for spec in self._signature.inputs]

    @property
    def output_names(self) -> list[str]:
        """The outputs' names, in the model's order."""
        return list(self._signature.output_names)

    @property
    def output_shapes(self) -> list[tuple[Dimension, ...] | None]:
        """The outputs' shapes; a name or None stands for a dynamic dimension."""
        return [spec.shape for spec in self._signature.outputs]

    # Its end

    def close(self) -> None:
        """Finish the requests that are here and let go of all threads. Safe to call twice."""
        with self._submitting:
            already, self._closed = self._closed, True
        if self._owns_context:
            self._context.close()
        elif not already:
            self._context.detach_model(self._key)

    @property
    def closed(self) -> bool:
        """Whether the engine can no longer run requests."""
        return self._closed or self._context.closed

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = ", closed" if self.closed else ""
        return (
            f"Engine({PurePath(self._label).name!r}, scheduler={self.scheduler}, num_streams={self.num_streams}, "
            f"num_cores={self.num_cores}, batch_size={self.batch_size}{state})"
        )


def _asks_several(scheduler: Any, num_streams: Any) -> bool:
    return scheduler is None and hasattr(num_streams, "__index__") and operator.index(num_streams) > 1
