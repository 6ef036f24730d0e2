"""A request in the queue: a stream's worker serves it in its turn, and until it is answered it can be taken back."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol

import onnxruntime

if TYPE_CHECKING:
    from deepsched.engine.stream import Stream


class Server(Protocol):
    """What runs requests; see `deepsched.engine.runner.Runner`."""

    def run(self, stream: Stream, queued: float, feeds: dict[str, Any], options: onnxruntime.RunOptions) -> list[Any]:
        """Run a request on a stream that is held for it."""

    def release(self, stream: Stream) -> None:
        """Give the stream back."""

    def withdraw(self, request: QueuedRequest) -> None:
        """Take a request out of the queue."""


class Answer(Protocol):
    """Where the outputs of a request go."""

    def begin(self) -> object:
        """Note that the request runs from now on."""

    def settle(self, outputs: list[Any] | None, error: BaseException | None) -> None:
        """Take the outputs, or what was raised instead. Called once."""


class QueuedRequest:
    """A request in the dispatcher's queue, and then on a stream.

    Parameters
    ----------
    feeds : dict
        The inputs by name.
    queued : float
        When it came, in seconds of `time.perf_counter`.
    server : Server
        What runs it.
    answer : Answer
        Where its outputs go.
    """

    __slots__ = (
        "_answer",
        "_feeds",
        "_lock",
        "_options",
        "_queued",
        "_reason",
        "_running",
        "_server",
        "_settled",
        "_unclaimed",
        "held",
    )

    def __init__(
        self,
        feeds: dict[str, Any],
        queued: float,
        server: Server,
        answer: Answer,
    ) -> None:
        self.held: list[Stream] = []
        self._feeds = feeds
        self._queued = queued
        self._server = server
        self._answer = answer
        self._options = onnxruntime.RunOptions()
        self._lock = threading.Lock()
        self._unclaimed = [True]
        self._running = False
        self._settled = False
        self._reason: BaseException | None = None

    def wake(self) -> None:
        """Have the stream's worker serve it. See `dispatch.Waiter`."""
        self.held[0].worker.put(self)

    def serve(self) -> None:
        """Run it on the stream held, give that back, and then the answer."""
        try:
            self._unclaimed.pop()
        except IndexError:
            return  # the queue may wake a request twice
        stream = self.held[0]
        outputs, failure = None, None
        try:
            if self._begin():
                outputs = self._server.run(stream, self._queued, self._feeds, self._options)
        except BaseException as error:  # noqa: BLE001 - whoever waits for the answer gets it
            failure = error
        finally:
            self._server.release(stream)
        self._settle(outputs, failure)
        # A failure knows this frame: without its inputs and outputs, for they may be large.
        del outputs, failure, self

    def take_back(self, reason: BaseException) -> bool:
        """End it with `reason`, waiting or running; False if that is too late."""
        with self._lock:
            if self._settled or self._reason is not None:
                return not self._settled and type(self._reason) is type(reason)
            self._reason = reason
            if self._running:
                self._options.terminate = True
                return True
        self._server.withdraw(self)
        self._settle(None, None)
        return True

    def _begin(self) -> bool:
        with self._lock:
            self._running = self._reason is None
        if self._running:
            self._answer.begin()
        return self._running

    def _settle(self, outputs: list[Any] | None, failure: BaseException | None) -> None:
        with self._lock:
            if self._settled:
                return
            self._settled = True
        self._answer.settle(outputs, self._reason or failure)
