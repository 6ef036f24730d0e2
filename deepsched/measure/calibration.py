"""A model's `Workload`, from a few single-stream runs on this machine."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from deepsched.checks import check_number
from deepsched.engine import compile_model
from deepsched.engine.checks import check_inputs
from deepsched.engine.model import open_model
from deepsched.measure.inputs import generate_inputs
from deepsched.simulation import Costs, Workload, predict_service_times
from deepsched.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deepsched.engine import Engine
    from deepsched.engine.model import Model

_ROUNDS = 5
# onnxruntime's workers spin for some milliseconds after a request, on cores that the next engine wants.
_SPIN_SECONDS = 0.02
_FATAL_ONLY = 4
# What memory costs at other people's figures must not explain more of a measured time than this.
_MOST_MEMORY = 0.8


@dataclass(frozen=True, slots=True)
class _Traffic:
    """What one request touches, as onnxruntime's profiler tells it of the optimised model."""

    operators: int
    weights_bytes: int
    activation_bytes: int
    live_bytes: int


def measure_workload(
    model: Any, *, inputs: Any = None, seconds: float = 3.0, name: str | None = None, costs: Costs | None = None
) -> Workload:
    """Describe a model by what this machine shows of it; `Workload.measure` is the same.

    One profiled request tells the operators and the bytes. Then requests run one after another on a single stream of
    1, 2, 4, ... and all cores, in turns, and the least squares of their medians give the time on one thread, the
    parallel fraction and, from three widths up, the cost of fork and join. What `costs` expects memory to take
    is taken off before: it is predicted anew for each machine.

    Parameters
    ----------
    model : path, bytes or onnx.ModelProto
        The model.
    inputs : list or dict, optional
        One request's inputs; generated from the signature by default.
    seconds : float
        How long to run it altogether.
    name : str, optional
        What to call the workload; the file's name by default.
    costs : Costs, optional
        What is known of this machine.

    Raises
    ------
    ModelError, InputError
        If the model cannot be run so.
    OptionError
        If `seconds` is not above 0.
    """
    check_number("seconds", seconds, above=0)
    costs = Costs() if costs is None else costs
    opened = open_model(model)
    widths = _choose_widths(len(Topology.detect().usable_cores))
    with ExitStack() as stack:
        engines = {
            width: stack.enter_context(compile_model(model, num_cores=width, scheduler="single_stream"))
            for width in widths
        }
        first = engines[widths[0]]
        request = generate_inputs(first.signature) if inputs is None else inputs
        feeds = check_inputs(first.signature, request)
        traffic = _profile(opened, feeds)
        measured = _time_widths(engines, request, seconds)
        known = _as_workload(traffic, measured[widths[0]], name or Path(opened.label).stem)
        computed = {width: _take_off_memory(engines[width], known, measured[width], costs) for width in widths}
    return _fit(known, computed, costs)


def _choose_widths(cores: int) -> list[int]:
    """Choose 1, 2, 4, ... and all cores."""
    return sorted({1 << power for power in range(cores.bit_length())} - {0} | {cores})


def _profile(model: Model, feeds: Mapping[str, Any]) -> _Traffic:
    """Run two requests under onnxruntime's profiler, and read the second's operators."""
    with TemporaryDirectory(prefix="deepsched-") as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = _FATAL_ONLY
        # Packed weights are no longer an operator's parameters: the profiler would not count them.
        options.add_session_config_entry("session.disable_prepacking", "1")
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
        if isinstance(model.content, bytes) and model.folder is not None:
            options.add_session_config_entry("session.model_external_initializers_file_folder_path", model.folder)
        session = onnxruntime.InferenceSession(
            model.content, options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
        session.run(None, feeds)
        session.run(None, feeds)
        events = json.loads(Path(session.end_profiling()).read_text())
    kernels = [event["args"] for event in events if event.get("name", "").endswith("_kernel_time")]
    return _count_traffic(kernels[len(kernels) // 2 :])


def _count_traffic(kernels: Sequence[Mapping[str, Any]]) -> _Traffic:
    def size(kernel: Mapping[str, Any], kind: str) -> int:
        return int(kernel.get(f"{kind}_size", 0))

    return _Traffic(
        operators=len(kernels),
        weights_bytes=sum(size(kernel, "parameter") for kernel in kernels),
        activation_bytes=sum(size(kernel, "output") for kernel in kernels),
        live_bytes=max((size(kernel, "activation") + size(kernel, "output") for kernel in kernels), default=0),
    )


def _as_workload(traffic: _Traffic, one_thread_seconds: float, name: str) -> Workload:
    return Workload(
        one_thread_seconds,
        parallel_fraction=1.0,
        operators=traffic.operators,
        weights_bytes=traffic.weights_bytes,
        activation_bytes=traffic.activation_bytes,
        live_bytes=traffic.live_bytes,
        name=name,
    )


def _time_widths(engines: Mapping[int, Engine], request: Any, seconds: float) -> dict[int, float]:
    """Give the median seconds of a request at each width, all widths in turns so that the machine's moods hit each."""
    times: dict[int, list[float]] = {width: [] for width in engines}
    share = seconds / _ROUNDS / len(engines)
    for _ in range(_ROUNDS):
        for width, engine in engines.items():
            time.sleep(_SPIN_SECONDS)
            engine.run(request)
            end = time.perf_counter() + share
            while True:
                times[width].append(engine.timed_run(request)[1])
                if time.perf_counter() >= end:
                    break
    return {width: median(found) for width, found in times.items()}


def _take_off_memory(engine: Engine, workload: Workload, measured: float, costs: Costs) -> float:
    """Give what is left of a measured time without the memory terms that are predicted for the engine's plan."""
    (predicted,) = predict_service_times(engine.plan, workload, costs)
    memory = predicted.l3_transfer + predicted.remote_memory + predicted.cache_misses + predicted.bandwidth
    return measured - min(memory, _MOST_MEMORY * measured)


def _fit(known: Workload, computed: Mapping[int, float], costs: Costs) -> Workload:
    """Fit ``serial + spread / parts + operators * fork_join * (parts - 1)`` to the seconds at each width."""
    parts = np.array([min(width, costs.split_limit) for width in computed], dtype=np.float64)
    seconds = np.array(list(computed.values()))
    joins = known.operators * (parts - 1)
    fork_join = None
    if len(set(parts)) > 2 and known.operators:  # noqa: PLR2004 - as many unknowns as there are terms
        (_, _, fitted), *_ = np.linalg.lstsq(np.column_stack([np.ones_like(parts), 1 / parts, joins]), seconds)
        fork_join = max(0.0, float(fitted))
    rest = seconds - joins * (costs.fork_join_seconds if fork_join is None else fork_join)
    alone = float(seconds[0])
    if len(set(parts)) == 1:
        fraction = 0.0
    else:
        # One thread was measured as it is; the fraction is what brings the others nearest.
        gain = 1 - 1 / parts[1:]
        fraction = float(np.clip(gain @ (alone - rest[1:]) / (gain @ gain) / alone, 0, 1))
    return replace(known, one_thread_seconds=alone, parallel_fraction=fraction, fork_join_seconds=fork_join)
