"""The text that a person takes away: the call of `compile_model`, or the plan in another program's words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from deepsched.errors import OptionError
from deepsched.measure.code import write_compile_call
from deepsched.planning import Scheduler, choose_cores
from deepsched.planning.exports import EXPORT_KINDS

if TYPE_CHECKING:
    from deepsched_widgets.lab.wish import Wish

PYTHON = "python"
_LABELS = {
    PYTHON: "Python (compile_model)",
    "onnxruntime": "Python (onnxruntime)",
    "openvino": "OpenVINO",
    "triton": "Triton",
    "kubernetes": "Kubernetes",
}


def list_code_kinds() -> list[list[str]]:
    """List the kinds of text, each as its value and its label."""
    return [[kind, _LABELS.get(kind, kind)] for kind in (PYTHON, *EXPORT_KINDS)]


def check_code_kind(kind: str) -> str:
    """Accept a kind, or nothing.

    Raises
    ------
    OptionError
        If there is no such kind.
    """
    if kind not in ("", PYTHON, *EXPORT_KINDS):
        raise OptionError(f"code_kind is {kind!r}; expected one of {', '.join((PYTHON, *EXPORT_KINDS))}, or ''.")
    return kind


def write_code(wish: Wish, kind: str) -> str:
    """Write the setting of a wish as text of a kind; nothing for none."""
    if not kind:
        return ""
    plan = wish.plan()
    given = wish.model.given
    if kind != PYTHON:
        own = wish.model.is_file and wish.model.value == str(given)
        return plan.export(kind).replace('"model.onnx"', json.dumps(str(given))) if own else plan.export(kind)
    threads = None if wish.threads_per_core == 1 else wish.threads_per_core
    some = plan.num_cores < len(choose_cores(wish.topology, None)[0])
    call = write_compile_call(
        str(given) if wish.model.is_file else "<model>",
        Scheduler(wish.scheduler),
        plan.num_streams,
        num_cores=plan.num_cores if some else None,
        threads_per_core=threads,
    )
    if wish.workload is None:
        return call
    # The source is what a person typed: nothing in it may end the comment.
    source = "".join(char if char.isprintable() else " " for char in wish.topology.source)
    work = f"simulated for the {wish.workload.name}, not for this model"
    return f"# Planned for {source}: run it there. What the lab showed was {work}.\n{call}"
