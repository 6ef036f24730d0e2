"""What one request asks of a machine: its work, how far that can be shared out, and the bytes that it touches."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

from deepsched.checks import check_count, check_number
from deepsched.errors import OptionError
from deepsched.simulation.costs import MIB


@dataclass(frozen=True, slots=True)
class Workload:
    """One request of a model, in the few numbers that decide how it scales.

    Parameters
    ----------
    one_thread_seconds : float
        Seconds on one thread of a performance core of its own, while all that it touches is in the L3; above 0.
    parallel_fraction : float
        Share of that time which can be spread over threads, from 0 to 1 (Amdahl, AFIPS 1967).
    operators : int
        How many operators are started and joined one after another, each by all threads.
    weights_bytes : float
        Bytes of weights, each read once.
    activation_bytes : float
        Bytes of all operators' results together, each written once and read once.
    live_bytes : float, optional
        Bytes of results that are alive at a time; their memory is used again and again. All of `activation_bytes` by
        default.
    fork_join_seconds : float, optional
        Seconds that each further thread adds to starting and joining one of these operators, where it was measured;
        that of the machine (`Costs`) by default.
    name : str
        How messages and charts call it.

    Raises
    ------
    OptionError
        If a number is outside what it can be.
    """

    one_thread_seconds: float
    parallel_fraction: float
    operators: int = 0
    weights_bytes: float = 0.0
    activation_bytes: float = 0.0
    live_bytes: float | None = None
    fork_join_seconds: float | None = None
    name: str = "workload"

    def __post_init__(self) -> None:
        check_number("one_thread_seconds", self.one_thread_seconds, above=0)
        check_number("parallel_fraction", self.parallel_fraction, least=0, most=1)
        # An int of Python's own: JSON knows no numpy.
        object.__setattr__(self, "operators", check_count("operators", self.operators, least=0))
        check_number("weights_bytes", self.weights_bytes, least=0)
        check_number("activation_bytes", self.activation_bytes, least=0)
        for name in ("live_bytes", "fork_join_seconds"):
            if getattr(self, name) is not None:
                check_number(name, getattr(self, name), least=0)

    @property
    def buffer_bytes(self) -> float:
        """Bytes of results that compete for the L3."""
        return self.activation_bytes if self.live_bytes is None else self.live_bytes

    @property
    def working_set_bytes(self) -> float:
        """Bytes that must fit the L3 for a request to find everything there."""
        return self.weights_bytes + self.buffer_bytes

    @classmethod
    def named(cls, name: str) -> Workload:
        """Give the workload called `name`, one of `WORKLOADS`.

        Raises
        ------
        OptionError
            If there is none; the message lists them.
        """
        found = next((workload for workload in WORKLOADS if workload.name == name), None)
        if found is None:
            known = ", ".join(repr(workload.name) for workload in WORKLOADS)
            raise OptionError(f"there is no workload {name!r}; expected {known}, or a Workload of your own.")
        return found

    @classmethod
    def measure(cls, model: Any, **options: Any) -> Workload:
        """Run `model` here for a few seconds and describe it; see `deepsched.measure.measure_workload`."""
        # Measuring needs onnxruntime and stands above the simulation, which loads without: it is looked up by name.
        workload: Workload = import_module("deepsched.measure.calibration").measure_workload(model, **options)
        return workload

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data."""
        return asdict(self)


# For teaching, in round numbers. The times are of one core that does some 80 GFLOP/s in float32.
WORKLOADS = (
    # SqueezeNet: 5 MB of weights; onnxruntime runs 40 operators, whose results are 17 MB, 4 MB of them at a time.
    Workload(0.018, 0.97, 40, 5 * MIB, 17 * MIB, 4 * MIB, name="small convnet"),
    # BERT-base in float32, 128 tokens: 12 layers of 7 million weights, some 22 GFLOP; embeddings are looked up.
    Workload(0.28, 0.98, 150, 340e6, 120e6, 10e6, name="transformer, batch 1"),
    # A stack of 2048-wide layers at batch 1: each weight is read for one multiplication and addition.
    Workload(0.006, 0.99, 8, 8 * 2048 * 2048 * 4.0, 8 * 2048 * 4.0, name="memory bound"),
)
