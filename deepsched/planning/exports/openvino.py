"""Python code for OpenVINO's CPU plugin: the properties that come nearest to a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepsched.planning.exports.comments import name_plan, write_comment
from deepsched.topology import format_cpu_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deepsched.planning.plan import StreamPlan

_CODE = """
import openvino

MODEL = "model.onnx"
PROPERTIES = {{
{properties}
}}

model = openvino.Core().compile_model(MODEL, "CPU", PROPERTIES)
"""

_CORE_TYPES = {"performance": "PCORE_ONLY", "efficiency": "ECORE_ONLY"}


def write_openvino(plan: StreamPlan) -> str:
    """Write code that compiles a model with as many streams and threads."""
    cpus = [cpu for stream in plan.streams for cpu in stream.cpus]
    lines = [
        *(write_comment(text) for text in _advise(plan, len(cpus))),
        f"#   taskset --cpu-list {format_cpu_list(cpus)} python PROGRAM",
    ]
    properties = "\n".join(f'    "{name}": {value},' for name, value in _choose_properties(plan, len(cpus)))
    return "\n".join(lines) + "\n" + _CODE.format(properties=properties)


def _advise(plan: StreamPlan, num_threads: int) -> Iterator[str]:
    yield f"{name_plan(plan)}: OpenVINO's properties for as many. Set MODEL to your model's path."
    widths = [len(stream.cpus) for stream in plan.streams]
    if min(widths) != max(widths):
        each, idle = divmod(num_threads, plan.num_streams)
        yield (
            f"The plan's streams have {min(widths)} to {max(widths)} threads, but OpenVINO's are all alike: {each} each"
            + (f", which leaves {idle} of the {num_threads} cpus idle." if idle else ".")
        )
    yield (
        "OpenVINO takes no list of cores: it shares out those that its process may use. Start the process on the "
        "plan's:"
    )


def _choose_properties(plan: StreamPlan, num_threads: int) -> Iterator[tuple[str, str]]:
    """Give each property's name and its value as Python writes it."""
    yield "NUM_STREAMS", str(plan.num_streams)
    yield "INFERENCE_NUM_THREADS", str(num_threads)
    yield "ENABLE_CPU_PINNING", "True"
    yield "ENABLE_HYPER_THREADING", str(any(len(stream.cpus) > len(stream.cores) for stream in plan.streams))
    planned = {core for stream in plan.streams for core in stream.cores}
    kinds = {core.kind for core in plan.topology.cores if core.index in planned}
    core_type = _CORE_TYPES.get(kinds.pop() or "") if len(kinds) == 1 else None
    if core_type:
        yield "SCHEDULING_CORE_TYPE", f'"{core_type}"'
