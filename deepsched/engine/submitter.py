"""Submitted requests: into the queue without a thread, and run by one of a few threads when a stream is theirs."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from deepsched.engine.submission import Submission
from deepsched.engine.timeouts import make_timeout_error

if TYPE_CHECKING:
    from deepsched.engine.context import Context
    from deepsched.engine.runner import Runner
    from deepsched.engine.submission import RequestFuture

_THREADS = "deepsched-submit"


class Submitter:
    """Takes requests of one engine and gives futures.

    Parameters
    ----------
    context : Context
        The streams, and the queue in front of them.
    runner : Runner
        Runs a request on a stream.
    """

    def __init__(self, context: Context, runner: Runner) -> None:
        self._context = context
        self._runner = runner
        # As many threads as there can ever be streams; they start only as they are needed.
        self._executor = ThreadPoolExecutor(len(context.plan.topology.usable_cores), thread_name_prefix=_THREADS)
        self._stranded: deque[Submission] = deque()

    def submit(self, feeds: dict[str, Any], timeout: float | None, *, bounded: bool) -> RequestFuture:
        """Put a request into the queue.

        Raises
        ------
        QueueFullError, ClosedError
            See `Dispatcher.enqueue`.
        """
        submission = Submission(feeds, self._hand_over, self._context.withdraw)
        self._context.enqueue(submission, bounded=bounded)
        if timeout is not None:
            number = self._runner.deadlines.add(timeout, lambda: submission.take_back(make_timeout_error(timeout)))
            submission.future.add_done_callback(lambda _: self._runner.deadlines.drop(number))
        return submission.future

    def close(self) -> None:
        """Wait for the threads; every submission was served or taken back before."""
        # A future's callback may close the engine: a thread cannot wait for itself.
        self._executor.shutdown(wait=not threading.current_thread().name.startswith(_THREADS))

    def _hand_over(self, submission: Submission) -> None:
        try:
            self._executor.submit(self._serve, submission)
        except RuntimeError:  # the interpreter is ending; the thread that just gave its stream back goes on with it
            self._stranded.append(submission)

    def _serve(self, submission: Submission | None) -> None:
        while submission is not None:
            if submission.claim():
                self._run(submission)
            submission = self._stranded.popleft() if self._stranded else None

    def _run(self, submission: Submission) -> None:
        stream = submission.held[0]
        outputs, failure = None, None
        try:
            if submission.begin():
                outputs = self._runner.run(stream, submission.queued, submission.feeds, submission.options)
        except BaseException as error:  # noqa: BLE001 - whoever has the future gets it
            failure = error
        finally:
            self._context.release(stream)
        submission.finish(outputs, failure)
