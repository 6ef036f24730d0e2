"""How a program that is started once a stream learns how many threads it may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deepsched.planning.plan import PlannedStream

THREADS_ADVICE = (
    "OpenMP programs read OMP_NUM_THREADS, and onnxruntime 1.29 and later ORT_INTRA_OP_NUM_THREADS; any other program "
    "has to be told its number of threads."
)


def thread_variables(stream: PlannedStream) -> dict[str, str]:
    """Give the environment that makes a program use one thread a cpu of `stream`."""
    count = str(len(stream.cpus))
    return {"OMP_NUM_THREADS": count, "ORT_INTRA_OP_NUM_THREADS": count}


def assign_threads(stream: PlannedStream) -> str:
    """Write that environment as a shell takes it before a command."""
    return " ".join(f"{name}={value}" for name, value in thread_variables(stream).items())
