"""What the simulation predicts of the settings that a tuning has measured, and how far it is off."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from deepsched.measure.load import ClosedLoad
from deepsched.simulation import simulate

if TYPE_CHECKING:
    from deepsched.measure.tuning.result import TuneResult
    from deepsched.simulation import Workload


@dataclass(frozen=True, slots=True)
class Prediction:
    """One setting's throughput in items/s, as simulated and as measured."""

    name: str
    predicted: float
    measured: float

    @property
    def error(self) -> float:
        """How far the prediction is off, as a part of what was measured: 0.1 where 10 % too much is predicted."""
        return self.predicted / self.measured - 1

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {**asdict(self), "error": self.error}


def predict_settings(result: TuneResult, workload: Workload) -> tuple[Prediction, ...]:
    """Predict the throughput of each setting of `result` under the callers with which it was measured.

    Parameters
    ----------
    result : TuneResult
        The tuning. Of one with a rate nothing is predicted: its throughput is what arrives.
    workload : Workload
        The model, calibrated on this machine from single-stream runs: ``Workload.measure(model)``.

    Returns
    -------
    tuple of Prediction
        One for each setting that was measured with the model's own batch.
    """
    load = result.goal.load
    if not isinstance(load, ClosedLoad):
        return ()
    return tuple(
        Prediction(
            trial.candidate.name,
            simulate(trial.candidate.plan, workload, clients=load.clients).throughput.value,
            trial.throughput,
        )
        for trial in result.trials
        if trial.rounds and not trial.candidate.setting.batch_size
    )
