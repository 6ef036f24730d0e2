"""See, choose and run the schedule with which a many-core CPU serves an ONNX model.

Planning needs neither onnx, onnxruntime nor numpy, so the names that do are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from deepsched.errors import DeepschedError, DeepschedWarning
from deepsched.planning import Finding, Scheduler, StreamPlan, plan_streams
from deepsched.topology import Topology

if TYPE_CHECKING:
    from deepsched.engine import Context, Engine, MultiModelEngine, compile_model
    from deepsched.measure import benchmark_model
    from deepsched.measure.tuning import TuneResult, tune
    from deepsched.simulation import Workload, simulate, simulate_all

__all__ = [
    "Context",
    "DeepschedError",
    "DeepschedWarning",
    "Engine",
    "Finding",
    "MultiModelEngine",
    "Scheduler",
    "StreamPlan",
    "Topology",
    "TuneResult",
    "Workload",
    "benchmark_model",
    "compile_model",
    "plan_streams",
    "simulate",
    "simulate_all",
    "tune",
]

_LATER = {
    **dict.fromkeys(("Context", "Engine", "MultiModelEngine", "compile_model"), "deepsched.engine"),
    "benchmark_model": "deepsched.measure",
    **dict.fromkeys(("TuneResult", "tune"), "deepsched.measure.tuning"),
    **dict.fromkeys(("Workload", "simulate", "simulate_all"), "deepsched.simulation"),
}

try:
    __version__ = version("deepsched")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0"


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module 'deepsched' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_LATER])
