"""DeepSparse's two ways to an engine, by the names and in the order of parameters that its users know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deepsched.engine.engine import Engine
from deepsched.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.engine.context import Context
    from deepsched.planning import Scheduler
    from deepsched.topology import Topology


def compile_model(
    model: Any,
    batch_size: int | None = None,
    num_cores: int | None = None,
    num_streams: int | None = None,
    scheduler: Scheduler | str | None = None,
    input_shapes: Sequence[Sequence[int]] | None = None,
    *,
    context: Context | None = None,
    topology: Topology | str | None = None,
    pinning: str = "core",
    max_queue: int | None = None,
    cores: str | None = None,
    weights: str = "shared",
    threads_per_core: int = 1,
) -> Engine:
    """Make a model ready to serve requests; the parameters and errors are those of `Engine`.

    >>> with compile_model("model.onnx", scheduler="multi_stream", num_streams=4) as engine:  # doctest: +SKIP
    ...     outputs = engine.run([image])
    """
    return Engine(
        model,
        batch_size,
        num_cores,
        num_streams,
        scheduler,
        input_shapes,
        context=context,
        topology=topology,
        pinning=pinning,
        max_queue=max_queue,
        cores=cores,
        weights=weights,
        threads_per_core=threads_per_core,
    )


class MultiModelEngine(Engine):
    """An engine whose streams are those of `context`, shared with other models.

    Parameters
    ----------
    model, batch_size, input_shapes
        As for `Engine`.
    context : Context
        The streams.

    Raises
    ------
    OptionError
        If `context` is no Context.
    """

    def __init__(
        self,
        model: Any,
        batch_size: int | None,
        context: Context,
        input_shapes: Sequence[Sequence[int]] | None = None,
    ) -> None:
        if context is None:
            raise OptionError("MultiModelEngine needs a Context; compile_model makes one of its own.")
        super().__init__(model, batch_size, input_shapes=input_shapes, context=context)
