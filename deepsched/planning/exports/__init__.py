"""A plan in the words of the program that will run it: one module a program, each from a plan to one text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepsched.errors import PlanError
from deepsched.planning.exports.comments import write_comment
from deepsched.planning.exports.kubernetes import write_kubernetes
from deepsched.planning.exports.numactl import write_numactl
from deepsched.planning.exports.onnxruntime import write_onnxruntime
from deepsched.planning.exports.openvino import write_openvino
from deepsched.planning.exports.taskset import write_taskset
from deepsched.planning.exports.triton import write_triton

if TYPE_CHECKING:
    from collections.abc import Callable

    from deepsched.planning.plan import StreamPlan

_WRITERS: dict[str, Callable[[StreamPlan], str]] = {
    "taskset": write_taskset,
    "numactl": write_numactl,
    "onnxruntime": write_onnxruntime,
    "openvino": write_openvino,
    "triton": write_triton,
    "kubernetes": write_kubernetes,
}

EXPORT_KINDS = tuple(_WRITERS)

__all__ = ["EXPORT_KINDS", "export_plan"]


def export_plan(plan: StreamPlan, kind: str) -> str:
    """Write `plan` for the program named `kind`; see `StreamPlan.export`."""
    if kind not in EXPORT_KINDS:
        raise PlanError(f"export kind {kind!r}; expected one of {', '.join(EXPORT_KINDS)}.")
    # Whoever pastes the text elsewhere never sees the map.
    findings = [write_comment(f"{finding.message} {finding.suggestion}".strip()) for finding in plan.findings]
    return "\n".join([_WRITERS[kind](plan).rstrip("\n"), *findings]) + "\n"
