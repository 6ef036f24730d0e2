"""The Python that opens a model with a setting, to paste."""

from __future__ import annotations

from typing import Any

from deepsched.measure.examples import find_example, list_examples
from deepsched.planning import Scheduler


def write_compile_call(model: str, scheduler: Scheduler, num_streams: int | None, **options: Any) -> str:
    """Write the call of `compile_model`.

    Parameters
    ----------
    model : str
        The model's path. That of an example is written as its name, which is the same everywhere; one in angle
        brackets, such as ``"<bytes>"``, as a variable.
    scheduler : Scheduler
        The scheduler.
    num_streams : int, optional
        Its streams; left out for single_stream.
    **options
        Other parameters of `compile_model`; those that are None are left out.
    """
    example = next((name for name in list_examples() if find_example(name) == model), None)
    imports = "from deepsched import compile_model\n"
    given = "model" if model.startswith("<") else repr(model)
    if example is not None:
        imports += "from deepsched.measure import find_example\n"
        given = f"find_example({example!r})"
    options = {"num_streams": None if scheduler is Scheduler.single_stream else num_streams, **options}
    arguments = {"scheduler": scheduler.value, **{k: v for k, v in options.items() if v is not None}}
    return f"{imports}\nengine = compile_model({', '.join([given, *(f'{k}={v!r}' for k, v in arguments.items())])})\n"
