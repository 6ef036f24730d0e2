"""Finding the best setting of a model: candidates, rounds that drop losers, and a verdict with its reasons."""

from __future__ import annotations

from deepsched.measure.tuning.goal import Goal
from deepsched.measure.tuning.prediction import Prediction, predict_settings
from deepsched.measure.tuning.result import TuneResult
from deepsched.measure.tuning.standing import Standing
from deepsched.measure.tuning.trial import Trial
from deepsched.measure.tuning.tune import tune
from deepsched.measure.tuning.verdict import Verdict

__all__ = ["Goal", "Prediction", "Standing", "Trial", "TuneResult", "Verdict", "predict_settings", "tune"]
