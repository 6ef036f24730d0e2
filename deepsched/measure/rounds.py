"""One round of load on a server: when each request should have been sent, was sent, and was answered."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from deepsched.measure.clients import Clients
from deepsched.measure.load import ClosedLoad
from deepsched.measure.open_loop import OpenLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from deepsched.measure.clock import Clock
    from deepsched.measure.load import OpenLoad, Times

    Floats = NDArray[np.float64]
    Report = Callable[[float], None]

_STEP = 0.5  # seconds between reports: each takes the GIL from the clients for a moment


class Server(Protocol):
    """What a load is put upon. Each call serves one request, always the same."""

    def run(self) -> object:
        """Serve a request in the calling thread."""
        ...

    def submit(self) -> Future[Any]:
        """Serve a request in some other thread."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """What one round left behind. All times are seconds of the round's clock.

    Attributes
    ----------
    begin, end : float
        The part that counts, between warm-up and cool-down.
    due, sent, answered : numpy.ndarray
        For each request, those outside of that part too, in the order of `due`: when it should have been sent, when it
        was, and when it was answered; NaN if never.
    stopped : float
        When the load was over: a request without an answer took until then at least.
    open_loop : bool
        Whether `due` was fixed beforehand.
    interrupted : bool
        Whether Ctrl-C ended the round early; `end` is when.
    """

    begin: float
    end: float
    due: Floats
    sent: Floats
    answered: Floats
    stopped: float
    open_loop: bool
    interrupted: bool = False

    @property
    def seconds(self) -> float:
        """How long the part that counts was."""
        return self.end - self.begin

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Which requests' latencies count: those due between `begin` and `end`."""
        return (self.due >= self.begin) & (self.due < self.end)

    @property
    def latencies(self) -> Floats:
        """Each counted request's seconds from due to answered, or for those without an answer, to `stopped`."""
        counted = self.counted
        return np.where(np.isnan(self.answered), self.stopped, self.answered)[counted] - self.due[counted]

    @property
    def unanswered(self) -> int:
        """How many counted requests were given up."""
        return int(np.isnan(self.answered[self.counted]).sum())

    @property
    def lateness(self) -> Floats:
        """By how many seconds the load itself sent each counted request too late; part of its latency."""
        return (np.where(np.isnan(self.sent), self.stopped, self.sent) - self.due)[self.counted]


def measure_round(
    server: Server, load: ClosedLoad | OpenLoad, times: Times, clock: Clock, report: Report = lambda _elapsed: None
) -> Round:
    """Put `load` upon `server` for one round.

    Parameters
    ----------
    server : Server
        What to load.
    load : ClosedLoad or OpenLoad
        What to load it with.
    times : Times
        How long.
    clock : Clock
        Where time is read and waited for.
    report : callable
        Called about twice a second with the seconds gone by.

    Raises
    ------
    OptionError
        If the load has more requests or clients than can be handled.
    DeepschedError
        If a request failed.
    """
    if isinstance(load, ClosedLoad):
        return _measure_closed(server, load.clients or 1, times, clock, report)
    loop = OpenLoop(server.submit, load.schedule(times.longest), clock)
    start = clock.now()
    begin, end = start + times.warm_up, start + times.warm_up + times.seconds
    interrupted = False
    try:
        loop.send(until=end, report=report, every=_STEP)
        loop.send_until_answered(end, start + times.longest)
    except KeyboardInterrupt:
        interrupted, end = True, min(end, clock.now())
    finally:
        loop.stop()
    due, sent, answered = loop.records(end)
    return Round(begin, end, due, sent, answered, clock.now(), open_loop=True, interrupted=interrupted)


def _measure_closed(server: Server, clients: int, times: Times, clock: Clock, report: Report) -> Round:
    logs = [array("d") for _ in range(clients)]
    load = Clients([_record_calls(server.run, clock, log) for log in logs])
    interrupted = False
    try:
        load.start()
        start = clock.now()
        begin, end = start + times.warm_up, start + times.warm_up + times.seconds
        try:
            for step in count(1):
                clock.sleep_until(min(end, start + step * _STEP))
                report(min(end, clock.now()) - start)
                if clock.now() >= end or load.error is not None:
                    break
            _wait_for_answers(load, logs, end, start + times.longest, clock)
        except KeyboardInterrupt:
            interrupted, end = True, min(end, clock.now())
    finally:
        load.stop()
    rows = np.concatenate([np.asarray(log).reshape(-1, 2) for log in logs])
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    sent, answered = rows.T
    return Round(begin, end, sent, sent, answered, clock.now(), open_loop=False, interrupted=interrupted)


def _record_calls(call: Callable[[], object], clock: Clock, log: array[float]) -> Callable[[], None]:
    now = clock.now

    def record() -> None:
        sent = now()
        call()
        log.extend((sent, now()))

    return record


def _wait_for_answers(load: Clients, logs: Sequence[array[float]], end: float, limit: float, clock: Clock) -> None:
    """Keep all clients sending until each has the answer to what it sent before `end`."""
    while load.error is None and clock.now() < limit and not all(log and log[-1] >= end for log in logs):
        clock.sleep_until(clock.now() + 0.01)
