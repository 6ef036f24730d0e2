"""What a benchmark found, and its JSON: DeepSparse's keys as they are, and ours beside them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.measure.bootstrap import finite_or_none
from deepsched.planning import Scheduler

if TYPE_CHECKING:
    from deepsched.measure.interleave import Measurement
    from deepsched.measure.load import Times
    from deepsched.measure.statistics import Statistics

DEEPSPARSE_PERCENTILES = (25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9)
_SCENARIOS = {
    Scheduler.single_stream: ("singlestream", "Scheduler.default"),
    Scheduler.multi_stream: ("multistream", "Scheduler.multi_stream"),
    Scheduler.elastic: ("elastic", "Scheduler.elastic"),
}


@dataclass(frozen=True, slots=True)
class BenchmarkResult:
    """What a benchmark found.

    It can be read like the dict that DeepSparse's ``benchmark_model`` gives:
    ``result["benchmark_result"]["items_per_sec"]``.

    Attributes
    ----------
    measurement : Measurement
        The rounds, request by request.
    statistics : Statistics
        What they amount to.
    times : Times
        How long each round was to last.
    repeat : int
        How many rounds were asked for.
    seed : int
        Of generated inputs and arrivals.
    machine, versions : dict
        What it ran on.
    interrupted : bool
        Whether Ctrl-C came; the statistics are of what was measured until then.
    """

    measurement: Measurement
    statistics: Statistics
    times: Times
    repeat: int
    seed: int
    machine: dict[str, Any]
    versions: dict[str, str]
    interrupted: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data, in the shape that ``deepsched benchmark --json`` prints."""
        setting, facts = self.measurement.setting, self.measurement.facts
        scenario, scheduler = _SCENARIOS[facts.scheduler]
        shapes = setting.input_shapes or []
        return {
            "engine": facts.engine,
            "version": self.versions.get("deepsched", "0"),
            "orig_model_path": facts.label,
            "model_path": facts.label,
            "batch_size": facts.items,
            "input_shapes": ",".join(str(list(shape)) for shape in shapes),
            "num_cores": facts.num_cores,
            "scenario": scenario,
            "scheduler": scheduler,
            "seconds_to_run": self.times.seconds,
            "num_streams": facts.num_streams,
            "fraction_of_supported_ops": 1.0,
            "benchmark_result": self._list_as_deepsparse(scenario),
            "engine_name": setting.engine,
            "requested_num_streams": setting.num_streams or None,
            "actual_num_streams": facts.num_streams,
            "warmup_time": self.times.warm_up,
            "repeat": self.repeat,
            "seed": self.seed,
            "setting": setting.to_dict(),
            "load": self.measurement.load.to_dict(),
            "inputs": {name: list(shape) for name, shape in facts.input_shapes.items()},
            "stable": self.statistics.stability.stable,
            "interrupted": self.interrupted,
            "statistics": self.statistics.to_dict(),
            "rounds": [self._describe_round(place) for place in range(len(self.measurement.rounds))],
            "plan": None if facts.plan is None else facts.plan.to_dict(),
            "machine": self.machine,
            "versions": self.versions,
        }

    def write(self, path: str) -> None:
        """Write the JSON to a file."""
        with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - as people write paths
            json.dump(self.to_dict(), file, indent=2)
            file.write("\n")

    def __getitem__(self, key: str) -> Any:
        return self.to_dict()[key]

    def _list_as_deepsparse(self, scenario: str) -> dict[str, Any]:
        found = self.statistics
        return {
            "scenario": scenario,
            "items_per_sec": found.throughput.value,
            "seconds_ran": found.seconds,
            "iterations": found.requests,
            "median": finite_or_none(found.percentile(50.0).value * 1e3),
            "mean": finite_or_none(found.latency.value * 1e3),
            "std": finite_or_none(found.deviation * 1e3),
            **{f"{percent}%": finite_or_none(value.value * 1e3) for percent, value in found.percentiles},
        }

    def _describe_round(self, place: int) -> dict[str, Any]:
        one = self.measurement.rounds[place]
        answered = int(((one.answered >= one.begin) & (one.answered < one.end)).sum())
        latencies = one.latencies
        return {
            "seconds": one.seconds,
            "requests": len(latencies),
            "throughput": answered * self.measurement.facts.items / one.seconds,
            "latency_mean_ms": float(np.mean(latencies)) * 1e3 if len(latencies) else None,
        }
