"""What a simulation calibrated on this machine predicts, beside what the lab measures there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deepsched.measure.calibration import measure_workload
from deepsched.simulation import simulate

if TYPE_CHECKING:
    from collections.abc import Callable

    from deepsched.planning import StreamPlan
    from deepsched.simulation import Workload
    from deepsched.telemetry import Snapshot

_CALIBRATION_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Prediction:
    """The throughput of one setting, predicted and measured.

    Attributes
    ----------
    predicted : float
        Items per second, simulated.
    measured : float
        Items per second, the mean of the periods so far.
    periods : int
        How many those are, at least 1.
    """

    predicted: float
    measured: float
    periods: int

    @property
    def error(self) -> float:
        """How far the prediction is above what was measured, as a share of the latter; below 0 where it is below."""
        return self.predicted / self.measured - 1


@dataclass(slots=True)
class _Setting:
    """What is predicted of a setting, and the mean of its periods so far."""

    predicted: float
    measured: float = 0.0
    periods: int = 0


class Predictor:
    """Predicts one model on this machine, and keeps what was measured of each setting. For one thread at a time.

    Parameters
    ----------
    on_progress : callable
        Called with a sentence before what takes seconds.
    """

    def __init__(self, on_progress: Callable[[str], None]) -> None:
        self._on_progress = on_progress
        self._workload: Workload | None = None
        self._settings: dict[tuple[str, int, int], _Setting] = {}

    @property
    def calibrated(self) -> bool:
        """Whether it knows what a request asks of this machine."""
        return self._workload is not None

    def calibrate(self, model: Any) -> None:
        """Run `model` for some seconds on a single stream; see `measure_workload`. The cores should be free."""
        self._on_progress("Calibrating the prediction: a few seconds of single-stream runs.")
        self._workload = measure_workload(model, seconds=_CALIBRATION_SECONDS)

    def compare(self, plan: StreamPlan, clients: int, snapshot: Snapshot) -> Prediction | None:
        """Add a period of a setting; give what is predicted beside the mean so far, or None while either is unknown."""
        if self._workload is None or not snapshot.requests:
            return None
        key = (plan.scheduler.value, plan.num_streams, clients)
        if key not in self._settings:
            predicted = simulate(plan, self._workload, clients=clients).throughput.value
            self._settings[key] = _Setting(predicted)
        setting = self._settings[key]
        setting.periods += 1
        setting.measured += (snapshot.throughput - setting.measured) / setting.periods
        return Prediction(setting.predicted, setting.measured, setting.periods)
