"""Python code for onnxruntime: a pinned session a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepsched.planning.exports.comments import name_plan, write_comment
from deepsched.topology import format_cpu_list

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deepsched.planning.plan import StreamPlan

# `session.intra_op_thread_affinities` is not used: it leaves out the calling thread, and a value of more than 8192
# characters is refused. A mask that is inherited is right for every width.
_CODE = '''
import os
from concurrent.futures import ThreadPoolExecutor

import onnxruntime

MODEL = "model.onnx"
STREAMS = [
{streams}
]


def open_stream(cpus):
    """Pin a thread to cpus and build a session in it; the calling thread is one of the session's threads."""
    caller = ThreadPoolExecutor(max_workers=1, initializer=os.sched_setaffinity, initargs=(0, cpus))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(cpus)
    build = caller.submit(onnxruntime.InferenceSession, MODEL, options, providers=["CPUExecutionProvider"])
    return caller, build.result()


streams = [open_stream(cpus) for cpus in STREAMS]


def submit(stream, inputs):
    """Run a request on a stream, after those that were submitted there before; give the future of its outputs."""
    caller, session = streams[stream]
    return caller.submit(session.run, None, inputs)


# outputs = submit(0, {{"input": array}}).result()
'''


def write_onnxruntime(plan: StreamPlan) -> str:
    """Write code that opens one session a stream, as pasted."""
    about = write_comment(
        f"{name_plan(plan)}: an onnxruntime session a stream, on Linux. Set MODEL to your model's path. Each session "
        f"is built and called in a thread of its own, pinned to the stream's cpus; onnxruntime's workers inherit them."
    )
    streams = "\n".join(f"    [{_write_cpus(stream.cpus)}],  # stream {stream.index}" for stream in plan.streams)
    return about + "\n" + _CODE.format(streams=streams)


def _write_cpus(cpus: Iterable[int]) -> str:
    """Write the items of a list: ``[0, 1, 2, 8]`` becomes ``*range(0, 3), 8``."""
    parts = (part.split("-") for part in format_cpu_list(cpus).split(","))
    return ", ".join(f"*range({part[0]}, {int(part[1]) + 1})" if len(part) > 1 else part[0] for part in parts)
