"""onnxruntime as most people use it: one session, a thread for each core, all callers at once, nothing pinned."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import onnxruntime

from deepsched.engine.model import open_model
from deepsched.engine.placement import check_runs_here
from deepsched.engine.session import build_session
from deepsched.engine.signature import read_signature
from deepsched.measure.runtimes.open_model import Facts, OpenModel, read_shapes
from deepsched.planning import plan_streams
from deepsched.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deepsched.engine import Signature
    from deepsched.engine.model import Model
    from deepsched.measure.request import RequestSource
    from deepsched.measure.setting import Setting
    from deepsched.planning import StreamPlan


@contextmanager
def open_in_onnxruntime(model: Any, setting: Setting, source: RequestSource) -> Iterator[OpenModel]:
    """Open `model` in one session; see `open_setting`."""
    plan = plan_callers(setting)
    opened, session, signature = open_session(model, setting, plan.num_cores)
    request = source.make(opened, signature)
    run = partial(session.run, None, request.feeds)
    request.try_on(run)
    facts = Facts(
        engine=f"onnxruntime {onnxruntime.__version__}, one session of {plan.num_cores} threads",
        label=opened.label,
        items=request.items,
        input_shapes=read_shapes(request.feeds),
        scheduler=setting.chosen_scheduler,
        num_streams=1,
        num_cores=plan.num_cores,
        callers=plan.num_streams,
        plan=None,
    )
    with ThreadPoolExecutor(plan.num_streams, thread_name_prefix="deepsched-submit") as executor:
        yield OpenModel(facts, run, partial(executor.submit, run))


def plan_callers(setting: Setting) -> StreamPlan:
    """Plan as deepsched would, so that another runtime gets as many cores, and as many requests at a time."""
    plan = plan_streams(
        Topology.detect() if setting.topology is None else Topology.load(setting.topology),
        setting.num_streams,
        num_cores=setting.num_cores or None,
        scheduler=setting.chosen_scheduler,
    )
    check_runs_here(plan)
    return plan


def open_session(
    model: Any, setting: Setting, num_threads: int
) -> tuple[Model, onnxruntime.InferenceSession, Signature]:
    """Open `model` in a session, and read what it takes."""
    opened = open_model(model, setting.batch_size or None, setting.input_shapes)
    session = build_session(opened, num_threads)
    nameless = any(not node.shape for node in session.get_inputs())
    return opened, session, read_signature(session, opened.declared_scalars() if nameless else ())
