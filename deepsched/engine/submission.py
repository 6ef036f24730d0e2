"""A request that stands in the queue without a thread, and can be taken back until it is answered."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Future
from time import perf_counter
from typing import TYPE_CHECKING, Any

import onnxruntime

if TYPE_CHECKING:
    from collections.abc import Callable

    from deepsched.engine.stream import Stream


class RequestFuture(Future[list[Any]]):
    """The future of a request's outputs. Unlike others, it can also be cancelled while the request runs."""

    take_back: Callable[[BaseException], bool]

    def cancel(self) -> bool:
        """Take the request back, also while it runs: onnxruntime then stops after the operator at hand.

        Returns
        -------
        bool
            Whether it was in time. Then `result` raises `concurrent.futures.CancelledError`.
        """
        return self.cancelled() or self.take_back(CancelledError())

    def cancelled(self) -> bool:
        """Whether the request was taken back by `cancel`."""
        return self.done() and isinstance(super().exception(), CancelledError)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Give what the request raised, or None; raises `concurrent.futures.CancelledError` if it was cancelled."""
        error = super().exception(timeout)
        if isinstance(error, CancelledError):
            raise error
        return error


class Submission:
    """A submitted request in the dispatcher's queue, and then on a stream.

    Parameters
    ----------
    feeds : dict
        The inputs by name.
    hand_over : callable
        Called with the submission when it holds a stream: has it run in another thread. Never blocks.
    withdraw : callable
        Takes the submission out of the queue.
    """

    def __init__(
        self,
        feeds: dict[str, Any],
        hand_over: Callable[[Submission], object],
        withdraw: Callable[[Submission], object],
    ) -> None:
        self.feeds = feeds
        self.queued = perf_counter()
        self.held: list[Stream] = []
        self.options = onnxruntime.RunOptions()
        self.future = RequestFuture()
        self.future.take_back = self.take_back
        self._hand_over = hand_over
        self._withdraw = withdraw
        self._lock = threading.Lock()
        self._unclaimed = [True]
        self._running = False
        self._settled = False
        self._reason: BaseException | None = None

    def wake(self) -> None:
        """Go on: the stream is in `held`. See `dispatch.Waiter`."""
        self._hand_over(self)

    def claim(self) -> bool:
        """Whether this is the first call: the queue may wake a submission twice."""
        try:
            return self._unclaimed.pop()
        except IndexError:
            return False

    def begin(self) -> bool:
        """Whether it is still wanted; if so, it counts as running from now on."""
        with self._lock:
            self._running = self._reason is None
        return self._running and self.future.set_running_or_notify_cancel()

    def take_back(self, reason: BaseException) -> bool:
        """End it with `reason`, waiting or running; False if that is too late."""
        with self._lock:
            if self._settled or self._reason is not None:
                return False
            self._reason = reason
            if self._running:
                self.options.terminate = True
                return True
        self._withdraw(self)
        self.finish(None)
        return True

    def finish(self, outputs: list[Any] | None, error: BaseException | None = None) -> None:
        """Give the answer to whoever has the future, unless the request was taken back."""
        with self._lock:
            if self._settled:
                return
            self._settled = True
        # The future outlives this; without it, each request would be a cycle for the garbage collector.
        self.future.take_back = _too_late
        error = self._reason or error
        if error is None:
            self.future.set_result(outputs or [])
        else:
            self.future.set_exception(error)


def _too_late(_: BaseException) -> bool:
    return False
