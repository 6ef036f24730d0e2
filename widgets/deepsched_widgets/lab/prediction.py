"""What a simulation calibrated on this machine predicts, beside what the lab measures there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepsched.measure.calibration import measure_workload
from deepsched.simulation import simulate

if TYPE_CHECKING:
    from collections.abc import Callable

    from deepsched.planning import StreamPlan
    from deepsched.simulation import Workload
    from deepsched.telemetry import Snapshot
    from deepsched_widgets.lab.model_choice import ModelChoice
    from deepsched_widgets.lab.wish import Wish

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
    """Predicts models on this machine, and keeps what was measured of each setting. For one thread at a time.

    Parameters
    ----------
    on_progress : callable
        Called with a sentence before what takes seconds.
    """

    def __init__(self, on_progress: Callable[[str], None]) -> None:
        self._on_progress = on_progress
        self._workloads: dict[ModelChoice, Workload] = {}
        self._settings: dict[tuple[object, ...], _Setting] = {}

    def knows(self, model: ModelChoice) -> bool:
        """Whether it knows what a request of the model asks of this machine."""
        return model in self._workloads

    def calibrate(self, model: ModelChoice) -> None:
        """Run `model` for some seconds on a single stream; see `measure_workload`. The cores should be free."""
        self._on_progress("Calibrating the prediction: a few seconds of single-stream runs.")
        self._workloads[model] = measure_workload(model.given, inputs=model.inputs, seconds=_CALIBRATION_SECONDS)

    def compare(self, plan: StreamPlan, wish: Wish, snapshot: Snapshot) -> Prediction | None:
        """Add a period of a setting; give what is predicted beside the mean so far, or None while either is unknown."""
        workload = self._workloads.get(wish.model)
        if workload is None or not snapshot.requests:
            return None
        key = (wish.model, plan.scheduler, plan.num_streams, wish.threads_per_core, wish.load)
        if key not in self._settings:
            predicted = simulate(plan, workload, clients=wish.clients, rate=wish.rate).throughput.value
            self._settings[key] = _Setting(predicted)
        setting = self._settings[key]
        setting.periods += 1
        setting.measured += (snapshot.throughput - setting.measured) / setting.periods
        return Prediction(setting.predicted, setting.measured, setting.periods)
