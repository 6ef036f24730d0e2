"""deepsched itself: requests go the way that everybody's go, checks and telemetry included."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from deepsched.engine import compile_model
from deepsched.engine.model import open_model
from deepsched.measure.runtimes.open_model import Facts, OpenModel, read_shapes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deepsched.measure.request import RequestSource
    from deepsched.measure.setting import Setting


@contextmanager
def open_in_deepsched(model: Any, setting: Setting, source: RequestSource) -> Iterator[OpenModel]:
    """Open `model` with `compile_model`; see `open_setting`."""
    opened = open_model(model, setting.batch_size or None, setting.input_shapes)
    with compile_model(
        model,
        batch_size=setting.batch_size,
        num_cores=setting.num_cores,
        num_streams=setting.num_streams,
        scheduler=setting.chosen_scheduler,
        input_shapes=setting.input_shapes,
        topology=setting.topology,
        pinning=setting.pinning,
        threads_per_core=setting.threads_per_core,
    ) as engine:
        request = source.make(opened, engine.signature)
        request.try_on(partial(engine.run, request.feeds))
        facts = Facts(
            engine=repr(engine),
            label=opened.label,
            items=request.items,
            input_shapes=read_shapes(request.feeds),
            scheduler=engine.scheduler,
            num_streams=engine.num_streams,
            num_cores=engine.num_cores,
            callers=engine.num_streams,
            plan=engine.plan,
        )
        yield OpenModel(facts, partial(engine.run, request.feeds), partial(engine.submit, request.feeds), engine.trace)
