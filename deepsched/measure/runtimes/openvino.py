"""OpenVINO, which cuts streams of its own: an inference request a caller, in 32 bits as onnxruntime computes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from deepsched.engine.affinity import call_pinned
from deepsched.errors import ModelError, OptionError
from deepsched.measure.runtimes.onnxruntime import open_session, plan_callers
from deepsched.measure.runtimes.open_model import Facts, OpenModel, read_shapes
from deepsched.planning import Scheduler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deepsched.engine.model import Model
    from deepsched.measure.request import RequestSource
    from deepsched.measure.setting import Setting


@contextmanager
def open_in_openvino(model: Any, setting: Setting, source: RequestSource) -> Iterator[OpenModel]:
    """Compile `model` for OpenVINO's CPU plugin; see `open_setting`.

    Raises
    ------
    OptionError
        If OpenVINO is not installed.
    """
    if find_spec("openvino") is None:
        raise OptionError("engine 'openvino' needs OpenVINO: pip install 'deepsched[bench]'.")
    num_cores = plan_callers(setting).num_cores
    opened, _, signature = open_session(model, setting, 1)
    request = source.make(opened, signature)
    # In a thread of its own: OpenVINO may pin the one that compiles.
    compiled = call_pinned(None, "ds-openvino", partial(_compile, opened, _choose_properties(setting, num_cores)))
    mine = threading.local()

    def run() -> object:
        if not hasattr(mine, "request"):
            mine.request = compiled.create_infer_request()
        return mine.request.infer(request.feeds, share_inputs=True)

    request.try_on(run)
    num_streams = int(compiled.get_property("NUM_STREAMS"))
    facts = Facts(
        engine=f"OpenVINO, {num_streams} streams on {num_cores} threads",
        label=opened.label,
        items=request.items,
        input_shapes=read_shapes(request.feeds),
        scheduler=setting.chosen_scheduler,
        num_streams=num_streams,
        num_cores=int(compiled.get_property("INFERENCE_NUM_THREADS")),
        callers=num_streams,
        plan=None,
    )
    threads = int(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
    with ThreadPoolExecutor(threads, thread_name_prefix="deepsched-submit") as executor:
        yield OpenModel(facts, run, partial(executor.submit, run))


def _choose_properties(setting: Setting, num_cores: int) -> dict[str, Any]:
    several = setting.chosen_scheduler is not Scheduler.single_stream
    properties: dict[str, Any] = {
        "PERFORMANCE_HINT": "THROUGHPUT" if several else "LATENCY",
        "INFERENCE_NUM_THREADS": num_cores,
        "INFERENCE_PRECISION_HINT": "f32",
        "ENABLE_CPU_PINNING": setting.pinning != "none",
    }
    if not several or setting.num_streams:
        properties["NUM_STREAMS"] = (setting.num_streams or 1) if several else 1
    return properties


def _compile(model: Model, properties: dict[str, Any]) -> Any:
    import openvino  # noqa: PLC0415 - an extra, and slow to load

    core = openvino.Core()
    try:
        return core.compile_model(core.read_model(model.content), "CPU", properties)
    except RuntimeError as error:
        raise ModelError(f"model {model.label}: OpenVINO cannot open it ({error}).") from error
