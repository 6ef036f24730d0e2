"""A config.pbtxt for Triton's onnxruntime backend, and the host policies that pin its instances.

See the server's docs/user_guide/optimization.md, "Host Policy", and the backend's README, "Model Config Options".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepsched.planning.exports.comments import find_spanning, name_plan, name_spanning, write_comment
from deepsched.topology import format_cpu_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deepsched.planning.plan import PlannedStream, StreamPlan


def write_triton(plan: StreamPlan) -> str:
    """Write the model's configuration, with the server's command line in its comments."""
    lines = [write_comment(text) for text in _advise(plan)]
    lines += [
        "# tritonserver --model-repository=REPOSITORY \\",
        *(f"#   {_write_policy(stream)} \\" for stream in plan.streams[:-1]),
        f"#   {_write_policy(plan.streams[-1])}",
        'backend: "onnxruntime"',
        *(_write_group(stream) for stream in plan.streams),
    ]
    # Sessions inherit their instance's cpus only with an explicit number of threads.
    threads = min(len(stream.cpus) for stream in plan.streams)
    for key, value in (("intra_op_thread_count", threads), ("inter_op_thread_count", 1), ("execution_mode", 0)):
        lines.append(f'parameters {{ key: "{key}" value: {{ string_value: "{value}" }} }}')
    return "\n".join(lines) + "\n"


def _advise(plan: StreamPlan) -> Iterator[str]:
    yield (
        f"{name_plan(plan)}: config.pbtxt for Triton's onnxruntime backend, an instance a stream. Triton completes it "
        f"with the model's inputs and outputs."
    )
    widths = [len(stream.cpus) for stream in plan.streams]
    if min(widths) != max(widths):
        yield (
            f"The plan's streams have {min(widths)} to {max(widths)} threads, but intra_op_thread_count is one for "
            f"the whole model: here the smallest, which leaves cpus of the wider streams idle."
        )
    spanning = find_spanning(plan)
    if spanning:
        yield f"{name_spanning(spanning)}, and a policy binds memory to one only: numa-node is left out there."
    yield (
        "The server pins the instances, by a policy a stream. In a container numa-node needs CAP_SYS_NICE (docker run "
        "--cap-add=SYS_NICE); without it leave numa-node out everywhere. The server's command line:"
    )


def _write_group(stream: PlannedStream) -> str:
    name = _name(stream)
    return f'instance_group {{ name: "{name}" kind: KIND_CPU count: 1 host_policy: "{name}" }}'


def _write_policy(stream: PlannedStream) -> str:
    flags = [f"--host-policy={_name(stream)},cpu-cores={_write_ranges(stream.cpus)}"]
    if len(stream.numa_nodes) == 1:
        flags.append(f"--host-policy={_name(stream)},numa-node={stream.numa_nodes[0]}")
    return " ".join(flags)


def _write_ranges(cpus: Iterable[int]) -> str:
    """Write ranges alone: Triton refuses the list ``0-3,8`` and takes ``0-3,8-8`` (core's numa_utils.cc)."""
    parts = format_cpu_list(cpus).split(",")
    return ",".join(part if "-" in part else f"{part}-{part}" for part in parts)


def _name(stream: PlannedStream) -> str:
    return f"stream_{stream.index}"
