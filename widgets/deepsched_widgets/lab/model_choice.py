"""The models that a lab can run: those that come with onnx, a file of the person's own, or an engine that is there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deepsched.engine import Engine
from deepsched.engine.model import open_model
from deepsched.errors import ModelError
from deepsched.measure import find_example
from deepsched.measure.examples import list_examples

_FIRST = "light_squeezenet"
_READ_AT_ONCE = 100e6  # bytes: what takes longer would keep the page waiting


@dataclass(frozen=True, slots=True, eq=False)
class ModelChoice:
    """One model: what it was chosen by, what `compile_model` takes, and what people call it.

    Chosen by nothing, ``""``, is what only Python has: bytes, a ModelProto or an engine.

    `engine` is there where the person made one: the lab drives it and leaves it open. `inputs` are each request's,
    where the person gave some.
    """

    value: str
    given: Any
    label: str
    engine: Engine | None = None
    inputs: Any = None

    @property
    def is_file(self) -> bool:
        """Whether it lies in a file, which a person's own code can open too."""
        return isinstance(self.given, str | Path) and Path(self.given).is_file()


def list_models() -> list[list[str]]:
    """List the models that come with onnx, each as its value and its label, the quickest first."""
    names = sorted(list_examples(), key=lambda name: (name != _FIRST, name))
    return [[name, name.removeprefix("light_")] for name in names]


def choose_model(given: Any, inputs: Any = None) -> ModelChoice:
    """Accept a model: the name of an example, a path, bytes, a ModelProto or an open Engine; None is an example.

    Raises
    ------
    ModelError
        If it is none of these, or the file is not there or no ONNX model; a large one is read only when it is run.
    """
    if given is None:
        given = _FIRST
    if isinstance(given, Engine):
        if given.closed:
            raise ModelError("the engine was closed; compile the model again.")
        return ModelChoice("", given.model_path, Path(given.model_path).name, given, inputs)
    if isinstance(given, str | Path):
        # An example is one by its path, too.
        given = next((name for name in list_examples() if find_example(name) == str(given)), given)
    if isinstance(given, str) and given in list_examples():
        return ModelChoice(given, find_example(given), f"{given}.onnx", inputs=inputs)
    if isinstance(given, str) and not given.strip():
        raise ModelError("no model was given; expected the path of an .onnx file.")
    opened = open_model(given)
    if isinstance(opened.content, str) and Path(opened.content).stat().st_size < _READ_AT_ONCE:
        opened.read_proto()
    value = str(given) if isinstance(given, str | Path) else ""
    return ModelChoice(value, given, Path(opened.label).name, inputs=inputs)
