"""One set of streams, and the models that share it."""

from __future__ import annotations

import threading
from itertools import count
from typing import TYPE_CHECKING, Any, Self
from weakref import finalize

from deepsched.checks import check_choice
from deepsched.engine.affinity import CAN_PIN
from deepsched.engine.at_exit import finish_at_exit
from deepsched.engine.claim_files import release_claim
from deepsched.engine.claims import check_cores, plan_and_claim
from deepsched.engine.dispatch import Dispatcher
from deepsched.engine.heap import trim_heap
from deepsched.engine.placement import (
    PINNINGS,
    check_runs_here,
    choose_cpus,
    describe_misplacement,
    read_placements,
)
from deepsched.engine.spinning import choose_spinning
from deepsched.engine.stream import Stream
from deepsched.engine.timeouts import Deadlines
from deepsched.engine.weights import SHARINGS, Weights
from deepsched.errors import ClosedError, OptionError, PlanError, warn_caller
from deepsched.planning import Scheduler, plan_streams
from deepsched.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    import onnxruntime

    from deepsched.engine.model import Model
    from deepsched.engine.placement import ThreadPlacement
    from deepsched.planning import StreamPlan


_PINNING_FAILED = (
    "pinning failed: {}. Requests are served all the same, more slowly; verify_pinning(repair=True) tries again."
)


class Context:
    """A set of streams that several models share, so that they do not fight over the cores.

    Requests of all models stand in one queue, in arrival order; at most `num_streams` run at once.

    Parameters
    ----------
    num_cores : int, optional
        Use the first so many cores in topological order; None or 0 uses all that this process may use.
    num_streams : int, optional
        Into how many streams to cut them; None or 0 makes one an L3.
    scheduler : Scheduler or str
        ``"multi_stream"`` by default; with ``"single_stream"`` there is one stream.
    topology : Topology or str, optional
        The machine, as `Topology.load` takes it; this one by default. Its cpus must be usable here.
    pinning : {"core", "numa", "socket", "none"}
        Where a stream's threads may run: on its own cores, on the NUMA nodes or sockets it touches, anywhere. A pin
        that the system refuses is a warning; see `verify_pinning`.
    threads_per_core : int
        How many hardware threads of each core a stream uses.
    max_queue : int, optional
        How many requests may wait for a stream; one more is refused at once with `QueueFullError`. None lets any
        number wait, 0 none.
    weights : {"shared", "private"}
        Whether streams map one copy of each model's weights, kept in the user's cache, or build one each.
    cores : {"free"}, optional
        Plan only with cores that no other process's engine holds. By default all are planned with, and a warning says
        who holds some of them. An engine holds the cores that it planned with until it is closed, whatever
        `set_num_streams` makes of them; with ``pinning="none"`` it holds none. Seen are this user's engines alone.

    Raises
    ------
    PlanError, OptionError, TopologyError
        If a value is outside what it can be, or the topology is another machine's.
    CoresHeldError
        If fewer cores are free than asked for.
    """

    def __init__(
        self,
        num_cores: int | None = None,
        num_streams: int | None = None,
        scheduler: Scheduler | str | None = Scheduler.multi_stream,
        *,
        topology: Topology | str | None = None,
        pinning: str = "core",
        threads_per_core: int = 1,
        max_queue: int | None = None,
        weights: str = "shared",
        cores: str | None = None,
    ) -> None:
        self._pinning = check_choice("pinning", pinning, PINNINGS)
        max_queue = _check_max_queue(max_queue)
        self._num_cores = num_cores or None
        self._threads_per_core = threads_per_core
        self._weights = check_choice("weights", weights, SHARINGS)
        self._models: dict[int, Weights] = {}
        self._keys = count()
        # Held while streams are built or taken down; requests never touch it.
        self._layout = threading.Lock()
        self._closed = False
        plan, claim = plan_and_claim(
            lambda topology: check_runs_here(self._make_plan(topology, num_streams, Scheduler.choose(scheduler))),
            Topology.detect() if topology is None else Topology.load(topology),
            num_cores=self._num_cores,
            cores=check_cores(cores),
            claims=CAN_PIN and self._pinning != "none",
        )
        # An engine that nobody closed holds its cores no longer than it is there.
        self._unclaim = finalize(self, release_claim, claim)
        self._told = ""
        self._dispatcher = Dispatcher(self._make_streams(plan), max_queue)
        finish_at_exit(self._dispatcher)
        self.deadlines = Deadlines()
        # What each request calls stands here directly: a method in between would cost it as much again.
        self.take_free = self._dispatcher.take_free
        self.settle = self._dispatcher.settle
        self.enqueue = self._dispatcher.enqueue
        self.withdraw = self._dispatcher.withdraw
        self.acquire = self._dispatcher.acquire
        self.release = self._dispatcher.release

    @property
    def plan(self) -> StreamPlan:
        """The plan in force, with its findings."""
        return self._dispatcher.streams[0].plan

    @property
    def scheduler(self) -> Scheduler:
        """The scheduler."""
        return self.plan.scheduler

    @property
    def num_streams(self) -> int:
        """How many streams there are: the actual number, not the one asked for."""
        return self.plan.num_streams

    @property
    def num_cores(self) -> int:
        """How many cores the streams own together."""
        return self.plan.num_cores

    @property
    def pinning(self) -> str:
        """Where threads may run; see the class."""
        return self._pinning

    @property
    def queue_depth(self) -> int:
        """How many callers are waiting for a stream."""
        return self._dispatcher.queue_depth

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def set_num_streams(self, num_streams: int | None) -> None:
        """Cut the same cores into another number of streams while requests run.

        The new streams are built beside the old ones; then callers, those in the queue too, are sent to them, and the
        old streams finish what they have and are taken down. Returns when they are gone.

        Raises
        ------
        PlanError
            If the number is negative or no integer, or the scheduler is single_stream and more than one is asked for.
        ModelError
            If a model's file must be read again and was changed since it was compiled; the streams stay as they are.
        ClosedError
            If the context was closed.
        """
        with self._layout:
            self._check_open()
            if self.scheduler is Scheduler.single_stream and num_streams not in (None, 0, 1):
                raise PlanError(
                    f"num_streams is {num_streams!r}, but single_stream has one stream; "
                    f"compile with scheduler='multi_stream' to change it."
                )
            plan = self._make_plan(self.plan.topology, num_streams, self.scheduler)
            if plan.streams == self.plan.streams:
                return
            old, streams = self._dispatcher.streams, self._make_streams(plan)
            for key, weights in self._models.items():
                for stream in streams:
                    stream.open_model(key, weights)
            self._dispatcher.switch(streams)
            _take_down(old)
            trim_heap()
            self._tell_misplacement(streams)

    def attach_model(self, model: Model, *, alone: bool = False) -> tuple[int, onnxruntime.InferenceSession]:
        """Open `model` on every stream; give the key of its sessions and one of them.

        `alone` says that no other model will come to these streams.
        """
        with self._layout:
            self._check_open()
            key = next(self._keys)
            try:
                weights = Weights(model, self._weights, self._choose_spinning(alone=alone))
                sessions = [stream.open_model(key, weights) for stream in self._dispatcher.streams]
                self._tell_misplacement(self._dispatcher.streams)
            except BaseException:
                self._forget_sessions(key)
                raise
            self._models[key] = weights
            trim_heap()
            return key, sessions[0]

    def detach_model(self, key: int) -> None:
        """Finish the requests that are here, and forget the model; those of other models wait for a moment."""
        with self._layout:
            self._models.pop(key, None)
            hands: list[list[Stream]] = [[] for _ in self._dispatcher.streams]
            try:
                for held in hands:
                    self._dispatcher.take(held)
            except ClosedError:
                return  # closing has taken the sessions with it
            finally:
                for stream in (stream for held in hands for stream in held):
                    stream.sessions.pop(key, None)
                    stream.totals.pop(key, None)
                    self._dispatcher.release(stream)

    def verify_pinning(self, *, repair: bool = False) -> tuple[ThreadPlacement, ...]:
        """Read from the operating system where each worker thread may run, beside what was asked for.

        Building streams does the same. Later a control group or another program may move threads, so a service may
        want to look again. A warning names the streams that are off their cpus, and why.

        Parameters
        ----------
        repair : bool
            Pin threads back first, then look.

        Returns
        -------
        tuple of ThreadPlacement
            One for each worker. A stream of one thread has none: its requests run in their callers' threads.
        """
        with self._layout:
            streams = self._dispatcher.streams
            placements = read_placements(streams, repair=repair)
            misplacement = describe_misplacement(streams, placements)
        if misplacement:
            warn_caller(_PINNING_FAILED.format(misplacement))
        return placements

    def close(self) -> None:
        """Refuse further requests, finish those that are here, and take the streams down. Safe to call twice."""
        with self._layout:
            # Each step may be done again: a close that Ctrl-C broke off is finished by the next.
            self._closed = True
            self._dispatcher.close()
            _take_down(self._dispatcher.streams)
            self._models.clear()
            self.deadlines.close()
            self._unclaim()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = ", closed" if self._closed else ""
        return f"Context(num_cores={self.num_cores}, num_streams={self.num_streams}, scheduler={self.scheduler}{state})"

    def _make_plan(self, topology: Topology, num_streams: Any, scheduler: Scheduler) -> StreamPlan:
        return plan_streams(
            topology,
            num_streams,
            num_cores=self._num_cores,
            scheduler=scheduler,
            threads_per_core=self._threads_per_core,
        )

    def _make_streams(self, plan: StreamPlan) -> list[Stream]:
        return [Stream(plan, planned, choose_cpus(planned, plan.topology, self._pinning)) for planned in plan.streams]

    def _choose_spinning(self, *, alone: bool) -> dict[str, str]:
        shares_streams = bool(self._models) or not alone
        return choose_spinning(self.plan.topology.limits, pinning=self._pinning, shares_streams=shares_streams)

    def _tell_misplacement(self, streams: Sequence[Stream]) -> None:
        """Warn of streams that are off their cpus, once for as long as it is the same."""
        misplacement = describe_misplacement(streams, read_placements(streams))
        if misplacement not in ("", self._told):
            self._told = misplacement
            warn_caller(_PINNING_FAILED.format(misplacement))

    def _forget_sessions(self, key: int) -> None:
        for stream in self._dispatcher.streams:
            stream.sessions.pop(key, None)

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError("the context was closed; make a new one.")


def _take_down(streams: Sequence[Stream]) -> None:
    """Let go of sessions that no request uses any more: onnxruntime ends their threads at once."""
    for stream in streams:
        stream.sessions.clear()
        stream.worker.close()


def _check_max_queue(max_queue: object) -> int | None:
    if max_queue is None or (isinstance(max_queue, int) and not isinstance(max_queue, bool) and max_queue >= 0):
        return max_queue
    raise OptionError(f"max_queue is {max_queue!r}; expected an integer from 0 up, or None for any number.")
