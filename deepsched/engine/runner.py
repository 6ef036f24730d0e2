"""One request's way: a free stream, its pinned session, the stream given back, one record."""

from __future__ import annotations

from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

import onnxruntime

from deepsched.engine.batching import count_items
from deepsched.engine.dispatch import CLOSED
from deepsched.engine.future import RequestFuture
from deepsched.engine.queued_request import QueuedRequest
from deepsched.engine.timeouts import make_timeout_error
from deepsched.engine.waiting import WaitingAnswer
from deepsched.errors import ClosedError, RequestError
from deepsched.telemetry import Totals, Trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.engine.context import Context
    from deepsched.engine.stream import Stream
    from deepsched.telemetry import Counter


class Runner:
    """Runs the checked requests of one model.

    It knows nothing of the engine, so that the threads that run submitted requests do not keep an engine alive.

    Parameters
    ----------
    context : Context
        The streams.
    key : int
        The key of the model's sessions on each stream.
    label : str
        How messages name the model.
    names : sequence of str
        The outputs' names.
    batched : sequence of str
        The inputs with a batch dimension.
    batch_size : int, optional
        Its size, where that is fixed.

    Attributes
    ----------
    trace : Trace
        The records of the last requests.
    totals : Totals
        The counts of all requests.
    """

    __slots__ = (
        "_batched",
        "_context",
        "_deadlines",
        "_items",
        "_key",
        "_label",
        "_names",
        "_record",
        "_take_free",
        "totals",
        "trace",
    )

    def __init__(
        self,
        context: Context,
        key: int,
        label: str,
        names: Sequence[str],
        batched: Sequence[str],
        batch_size: int | None,
    ) -> None:
        self._context = context
        self._key = key
        self._label = label
        self._names = list(names)
        self._batched = batched
        self._items = batch_size if batched else 1
        self.trace = Trace()
        self.totals = Totals()
        self._deadlines = context.deadlines
        # What each request calls stands here directly: a look-up in between would cost it as much again.
        self._take_free = context.take_free
        self._record = self.trace.add

    def serve(self, feeds: dict[str, Any], timeout: float | None = None) -> list[Any]:
        """Run one request in the calling thread, after a wait in the queue if need be, and give its outputs.

        Raises
        ------
        RequestError
            If onnxruntime fails it.
        RequestTimeoutError
            If it was not answered within `timeout` seconds.
        QueueFullError, ClosedError
            See `Dispatcher.enqueue`.
        """
        queued = perf_counter()
        held: list[Stream] = []
        pool = None
        try:
            pool = self._take_free(held)
            if pool is None:
                return self._serve_in_turn(feeds, queued, timeout)
            if not timeout:
                return self.run(held[0], queued, feeds)
            return self._run_until(queued + timeout, held[0], queued, feeds)
        finally:
            # Ctrl-C strikes between calls, and this is none: after it the stream is back.
            if pool is not None:
                pool.free[held[0].index] = held[0]
                try:
                    self._context.settle(pool)
                except BaseException:
                    self._context.settle(pool)  # interrupted: others must not wait for what is there
                    raise
            elif held:
                self._context.release(held[0])

    def run(
        self, stream: Stream, queued: float, feeds: dict[str, Any], options: onnxruntime.RunOptions | None = None
    ) -> list[Any]:
        """Run a request that was queued at `queued` on `stream`, which the caller holds, and give its outputs.

        Raises
        ------
        RequestError
            If onnxruntime fails the request, or stops it because `options` say so.
        ClosedError
            If the model was closed while the request waited.
        """
        totals = stream.totals.get(self._key) or self._open_totals(stream)
        try:
            started = perf_counter()
            outputs = stream.run(self._key, self._names, feeds, options)
            ended = perf_counter()
        except Exception as error:  # noqa: BLE001 - whatever onnxruntime raises, a person sees one kind
            if self._key not in stream.sessions:
                raise ClosedError(CLOSED) from None
            totals.errors += 1
            # Without its traceback: somebody who keeps the error must not keep the session.
            reason = error.with_traceback(None)
            raise RequestError(f"onnxruntime failed a request of {self._label}: {error}") from reason
        items = self._items or count_items(feeds, self._batched)
        self._record((stream.index, queued, started, ended, items))
        totals.requests += 1
        totals.items += items
        totals.run_seconds += ended - started
        return outputs

    def submit(self, feeds: dict[str, Any], timeout: float | None, *, bounded: bool) -> RequestFuture:
        """Put one request into the queue; give a future of its outputs.

        Raises
        ------
        QueueFullError, ClosedError
            See `Dispatcher.enqueue`.
        """
        future = RequestFuture()
        request = QueuedRequest(feeds, perf_counter(), self, future)
        self._context.enqueue(request, bounded=bounded)
        future.take_back = request.take_back
        if timeout is not None and (timeout > 0 or not request.held):
            deadline = self._deadlines.add(timeout, partial(_expire, request, timeout))
            future.forget_deadline = partial(self._deadlines.drop, deadline)
        if future.settled:
            future.untie()
        return future

    def release(self, stream: Stream) -> None:
        """Give a stream back; see `Context`."""
        self._context.release(stream)

    def withdraw(self, request: QueuedRequest) -> None:
        """Take a request out of the queue; see `Context`."""
        self._context.withdraw(request)

    def _serve_in_turn(self, feeds: dict[str, Any], queued: float, timeout: float | None) -> list[Any]:
        """Have a request run by the worker of the first stream that comes free, when those before it have theirs."""
        answer = WaitingAnswer()
        request = QueuedRequest(feeds, queued, self, answer)
        try:
            self._context.enqueue(request)
            # With no time to wait it runs, without a limit, if a stream came free at this moment.
            if not answer.wait(None if timeout == 0 and request.held else timeout):
                _expire(request, timeout or 0.0)
                answer.wait(None)
        except BaseException as interruption:
            request.take_back(interruption)
            raise
        return answer.give()

    def _run_until(self, deadline: float, stream: Stream, queued: float, feeds: dict[str, Any]) -> list[Any]:
        options = onnxruntime.RunOptions()
        number = self._deadlines.add(deadline - perf_counter(), lambda: setattr(options, "terminate", True))
        try:
            return self.run(stream, queued, feeds, options)
        except RequestError:
            if options.terminate:
                raise make_timeout_error(deadline - queued, waited=False) from None
            raise
        finally:
            self._deadlines.drop(number)

    def _open_totals(self, stream: Stream) -> Counter:
        stream.totals[self._key] = self.totals.open(stream.index, stream)
        return stream.totals[self._key]


def _expire(request: QueuedRequest, timeout: float) -> None:
    request.take_back(make_timeout_error(timeout, waited=not request.held))
