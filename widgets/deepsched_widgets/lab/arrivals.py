"""Open-loop load for a live run: requests that come at a rate, whether or not earlier ones are answered."""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import wait
from typing import TYPE_CHECKING

import numpy as np

from deepsched.engine.checks import check_inputs
from deepsched.errors import OptionError
from deepsched.measure.inputs import generate_inputs

if TYPE_CHECKING:
    from concurrent.futures import Future
    from typing import Any

    from deepsched.engine import Engine

LEAST_RATE = 0.01  # requests/s
MOST_RATE = 5000.0  # a thread of Python sends hardly more
_MOST_WAITING = 5000


class Arrivals:
    """Sends requests to an engine from `start` to `stop`, with exponentially distributed gaps between them.

    `deepsched.measure.OpenLoop` keeps the times of a schedule that is fixed beforehand; this one goes on until it is
    stopped, and leaves the times to the engine's own telemetry.

    Parameters
    ----------
    engine : Engine
        What to load.
    rate : float
        Requests per second.
    inputs : list or dict, optional
        Each request's inputs; generated from the model's signature by default.

    Raises
    ------
    InputError
        If the inputs do not fit the model, or cannot be generated.
    """

    def __init__(self, engine: Engine, rate: float, inputs: Any = None) -> None:
        self._engine = engine
        self._rate = rate
        self._request = generate_inputs(engine.signature) if inputs is None else inputs
        check_inputs(engine.signature, self._request)
        self._pending: deque[Future[Any]] = deque()
        self._stopping = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._send, name="deepsched-arrivals", daemon=True)

    def start(self) -> None:
        """Send the first request."""
        self._thread.start()

    def stop(self) -> None:
        """Take back the requests that still wait, and wait for those that run. Safe to call twice."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()
        wait([future for future in self._pending if not future.cancel()])
        self._pending.clear()

    @property
    def error(self) -> Exception | None:
        """What ended it before its time, if anything did."""
        return self._error

    def _send(self) -> None:
        gaps = np.random.default_rng(0)
        due = time.perf_counter()
        try:
            while not self._stopping.wait(max(0.0, due - time.perf_counter())):
                self._pending.append(self._engine.submit(self._request))
                due += gaps.exponential(1 / self._rate)
                self._drop_answered()
        except Exception as error:  # noqa: BLE001 - the live run tells it
            self._error = error

    def _drop_answered(self) -> None:
        # A future holds its outputs. Those behind one that still runs are dropped a little later.
        while self._pending and self._pending[0].done():
            self._pending.popleft().result()
        if len(self._pending) > _MOST_WAITING:
            raise OptionError(
                f"{len(self._pending)} requests wait: {self._rate:g} requests/s are more than these streams serve. "
                f"Lower the rate, or try another num_streams."
            )
