"""What a person wants of a setting, and which of two settings comes nearer to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deepsched.checks import check_choice, check_number
from deepsched.errors import OptionError
from deepsched.measure.load import ClosedLoad, OpenLoad

if TYPE_CHECKING:
    from deepsched.measure.tuning.trial import Trial

OBJECTIVES = ("throughput", "latency")


@dataclass(frozen=True, slots=True)
class Goal:
    """What is sought, under which load.

    Parameters
    ----------
    objective : {"throughput", "latency"}
        Most items per second, or the smallest mean latency.
    latency_p99 : float, optional
        What the latency's 99th percentile may be at most, in seconds.
    rate : float, optional
        Requests a second of an open loop. What comes is then given, so settings are ranked by latency.
    clients : int, optional
        Callers of a closed loop; by default as many as a setting has streams, and one where latency is the objective.
    seed : int
        Of an open loop's arrivals.

    Raises
    ------
    OptionError
        If a value is out of range, or rate and clients are both given.
    """

    objective: str = "throughput"
    latency_p99: float | None = None
    rate: float | None = None
    clients: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        check_choice("objective", self.objective, OBJECTIVES)
        if self.latency_p99 is not None:
            check_number("latency_p99", self.latency_p99, above=0)
        if self.rate is not None and self.clients is not None:
            raise OptionError("clients and rate are two kinds of load: a closed and an open loop. Give one of them.")
        _ = self.load  # its own checks

    @property
    def load(self) -> ClosedLoad | OpenLoad:
        """What settings are compared under."""
        if self.rate is not None:
            return OpenLoad(self.rate, seed=self.seed)
        alone = self.objective == "latency" and self.clients is None
        return ClosedLoad(1 if alone else self.clients)

    @property
    def metric(self) -> str:
        """What settings are ranked by, as `compare_rounds` names it."""
        return "throughput" if self.objective == "throughput" and self.rate is None else "mean"

    @property
    def seeks_rate(self) -> bool:
        """Whether the highest rate under the limit is sought: the load was left open."""
        given = self.rate is not None or self.clients is not None
        return self.objective == "throughput" and self.latency_p99 is not None and not given

    def keeps_limit(self, trial: Trial) -> bool:
        """Tell whether what was measured of a setting is within the limit."""
        return self.latency_p99 is None or trial.p99 <= self.latency_p99

    def rank(self, trial: Trial) -> tuple[bool, float]:
        """Give what is largest for the best setting; of those beyond the limit the smallest p99 is the best."""
        if not self.keeps_limit(trial):
            return False, -trial.p99
        return True, trial.throughput if self.metric == "throughput" else -trial.mean

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data, times in milliseconds."""
        return {
            "objective": self.objective,
            "latency_p99_ms": None if self.latency_p99 is None else self.latency_p99 * 1e3,
            "rate": self.rate,
            "clients": self.clients,
            "seed": self.seed,
        }
