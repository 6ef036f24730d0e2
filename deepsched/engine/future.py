"""The future of a submitted request, which can be cancelled until it is answered."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class RequestFuture(Future[list[Any]]):
    """The future of a request's outputs. Unlike others, it can also be cancelled while the request runs.

    Callbacks are called in a thread of their own: they may take their time, use the engine, or close it, and keep
    neither a stream nor another request waiting.
    """

    def __init__(self) -> None:
        super().__init__()
        self.take_back: Callable[[BaseException], bool] = _too_late
        self.forget_deadline: Callable[[], object] | None = None
        self.settled = False  # `done` takes a lock that Ctrl-C can leave locked
        self._has_callbacks = False
        self._settling = threading.Lock()

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

    def add_done_callback(self, fn: Callable[[Future[list[Any]]], object]) -> None:
        """Call `fn` with this future when it is done, or now if it is."""
        with self._settling:
            self._has_callbacks = True
            if not self.done():
                super().add_done_callback(fn)
                return
        super().add_done_callback(fn)

    def begin(self) -> None:
        """Count as running; see `queued_request.Answer`."""
        self.set_running_or_notify_cancel()

    def settle(self, outputs: list[Any] | None, error: BaseException | None) -> None:
        """Give the outputs, or what was raised instead, to whoever asks; see `queued_request.Answer`."""
        self.settled = True
        self.untie()
        with self._settling:
            if not self._has_callbacks:
                self._give(outputs, error)
                return
        try:
            threading.Thread(target=self._give, args=(outputs, error), name="deepsched-callbacks").start()
        except RuntimeError:  # no more threads, or the interpreter is about to end
            self._give(outputs, error)

    def untie(self) -> None:
        """Forget the request: the future outlives it, and tied to it both would wait for the garbage collector."""
        self.take_back = _too_late
        forget, self.forget_deadline = self.forget_deadline, None
        if forget is not None:
            forget()

    def _give(self, outputs: list[Any] | None, error: BaseException | None) -> None:
        if error is None:
            self.set_result(outputs or [])
        else:
            self.set_exception(error)


def _too_late(_: BaseException) -> bool:
    return False
