"""The one request that a measurement sends again and again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deepsched.engine.affinity import call_pinned
from deepsched.engine.batching import count_items, find_batched
from deepsched.engine.checks import check_inputs
from deepsched.errors import DeepschedError, InputError
from deepsched.measure.index_bounds import find_index_bounds
from deepsched.measure.inputs import generate_inputs, read_inputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from deepsched.engine import Signature
    from deepsched.engine.model import Model


@dataclass(frozen=True, slots=True)
class RequestSource:
    """Where a measurement's inputs come from.

    `given` is a list or dict of arrays, the path of a file that `read_inputs` takes, or None to generate them from
    the model's signature with `seed`.
    """

    given: Any = None
    seed: int = 0

    def make(self, model: Model, signature: Signature) -> Request:
        """Make the request for a model.

        Raises
        ------
        InputError
            If the inputs do not fit, or cannot be read or generated.
        """
        if self.given is None:
            looks_up = any(spec.dtype is not None and spec.dtype.kind in "iu" for spec in signature.inputs)
            bounds = find_index_bounds(model.read_proto()) if looks_up else None
            inputs: Any = generate_inputs(signature, self.seed, bounds=bounds)
        elif isinstance(self.given, str | os.PathLike):
            inputs = read_inputs(self.given, signature)
        else:
            inputs = self.given
        feeds = check_inputs(signature, inputs)
        firsts = {spec.name: spec.shape[0] for spec in signature.inputs if spec.shape}
        batched = find_batched(firsts) if model.batched is None else model.batched
        return Request(feeds, count_items(feeds, batched), generated=self.given is None)


@dataclass(frozen=True, slots=True)
class Request:
    """A request's inputs by name, checked; how many entries its batch has; and whether they were generated."""

    feeds: dict[str, Any]
    items: int
    generated: bool

    def try_on(self, run: Callable[[], object]) -> None:
        """See that `run` serves it, in a thread of its own: a runtime may pin whichever thread comes first.

        Raises
        ------
        InputError
            If it fails and the inputs were generated.
        DeepschedError
            If it fails otherwise.
        """
        try:
            call_pinned(None, "ds-first-run", run)
        except Exception as error:
            if self.generated:
                raise InputError(
                    f"the model does not run on inputs generated from its signature; give the inputs yourself. {error}"
                ) from error
            if isinstance(error, DeepschedError):
                raise
            raise InputError(f"the model does not run on the inputs given. {error}") from error
