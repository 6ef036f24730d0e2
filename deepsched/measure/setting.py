"""One way to run a model, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deepsched.checks import check_choice, check_count
from deepsched.planning import Scheduler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.topology import Topology

ENGINES = ("deepsched", "onnxruntime", "openvino")
# Scripts that were written for DeepSparse name its engine.
_ALIASES = {"deepsparse": "deepsched"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to run a model: what `compile_model` takes, and the engine that runs it.

    Parameters
    ----------
    scheduler, num_streams, num_cores, batch_size, input_shapes, pinning, topology, threads_per_core
        As for `compile_model`.
    engine : {"deepsched", "onnxruntime", "openvino"}
        With ``"onnxruntime"`` all callers share one session, which has a thread for each core and is not pinned.
        ``"openvino"`` cuts its own streams, and computes in 32 bits.

    Raises
    ------
    OptionError, PlanError
        If there is no such engine or scheduler, or a count is negative.
    """

    scheduler: Scheduler | str | None = None
    num_streams: int | None = None
    num_cores: int | None = None
    batch_size: int | None = None
    input_shapes: Sequence[Sequence[int]] | None = None
    pinning: str = "core"
    topology: Topology | str | None = None
    engine: str = "deepsched"
    threads_per_core: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "engine", _ALIASES.get(self.engine, self.engine))
        check_choice("engine", self.engine, ENGINES)
        for name in ("num_streams", "num_cores", "batch_size"):
            if getattr(self, name) is not None:
                check_count(name, getattr(self, name), least=0)
        check_count("threads_per_core", self.threads_per_core)
        Scheduler.choose(self.scheduler)

    @property
    def chosen_scheduler(self) -> Scheduler:
        """The scheduler, as `compile_model` chooses where none is given."""
        several = self.scheduler is None and (self.num_streams or 0) > 1
        return Scheduler.multi_stream if several else Scheduler.choose(self.scheduler)

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data; of the topology, where it came from."""
        source = getattr(self.topology, "source", self.topology)
        return {
            "engine": self.engine,
            "scheduler": self.chosen_scheduler.value,
            "num_streams": self.num_streams or None,
            "num_cores": self.num_cores or None,
            "batch_size": self.batch_size or None,
            "input_shapes": None if self.input_shapes is None else [list(shape) for shape in self.input_shapes],
            "pinning": self.pinning,
            "topology": source,
            "threads_per_core": self.threads_per_core,
        }
