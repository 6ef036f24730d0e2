"""A model that was opened to be measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from deepsched.planning import Scheduler, StreamPlan
    from deepsched.telemetry import RequestRecord


@dataclass(frozen=True, slots=True)
class Facts:
    """What a setting became once it was opened.

    Attributes
    ----------
    engine : str
        The engine, as it describes itself.
    label : str
        The model's path, or ``<bytes>`` or ``<ModelProto>``.
    items : int
        Entries of the batch in a request; 1 without a batch dimension.
    input_shapes : dict
        The shape of each of the request's inputs that has one, by name.
    scheduler : Scheduler
        The scheduler, or for other runtimes what comes nearest to it.
    num_streams, num_cores : int
        How many there really are.
    callers : int
        How many requests at a time the setting is meant for.
    plan : StreamPlan or None
        Who has which cores, where deepsched decides that.
    """

    engine: str
    label: str
    items: int
    input_shapes: dict[str, tuple[int, ...]]
    scheduler: Scheduler
    num_streams: int
    num_cores: int
    callers: int
    plan: StreamPlan | None


@dataclass(frozen=True, slots=True)
class OpenModel:
    """A model, opened, and one request to it.

    `run` serves the request in the calling thread and `submit` in some other one; both may be called by many threads.
    `trace` gives the records of the last requests; empty where the runtime keeps none.
    """

    facts: Facts
    run: Callable[[], Any]
    submit: Callable[[], Future[Any]]
    trace: Callable[[], tuple[RequestRecord, ...]] = tuple


def read_shapes(feeds: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Give the shapes of those inputs that have one."""
    return {
        name: tuple(value.shape) for name, value in feeds.items() if isinstance(getattr(value, "shape", None), tuple)
    }
