"""The real models that come with the onnx package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from deepsched.errors import ModelNotFoundError
from deepsched.measure import find_example, list_examples, make_example_input, read_example_output


def test_the_models_of_the_notebooks_are_there() -> None:
    names = list_examples()
    assert {"light_squeezenet", "light_shufflenet", "light_resnet50"} <= set(names)
    assert names == sorted(names)
    for name in names:
        assert Path(find_example(name)).is_file()


@pytest.mark.parametrize("name", ["squeezenet", "", "light_squeezenet.onnx"])
def test_an_unknown_model_is_answered_with_those_there_are(name: str) -> None:
    with pytest.raises(ModelNotFoundError, match="light_squeezenet, ") as raised:
        find_example(name)
    assert isinstance(raised.value, FileNotFoundError)


def test_without_the_data_of_onnx_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("deepsched.measure.examples._FOLDER", tmp_path)
    assert list_examples() == []
    with pytest.raises(ModelNotFoundError, match="comes without its test data"):
        find_example("light_squeezenet")


def test_the_example_input_is_a_ramp() -> None:
    image = make_example_input()
    assert image.shape == (1, 3, 224, 224)
    assert image.dtype == np.float32
    assert image.flat[0] == 0
    assert 0.99 < image.flat[-1] < 1
    assert (np.diff(image.ravel()) >= 0).all()
    np.testing.assert_allclose(make_example_input((2, 2)), [[0, 0.25], [0.5, 0.75]])


@pytest.mark.parametrize("name", ["light_squeezenet", "light_shufflenet", "light_resnet50"])
def test_reference_outputs_are_shaped_as_the_models_say(name: str) -> None:
    output = onnx.load(find_example(name)).graph.output[0]
    assert read_example_output(name).shape == tuple(dim.dim_value for dim in output.type.tensor_type.shape.dim)


def test_a_missing_reference_output_is_a_typed_error() -> None:
    with pytest.raises(ModelNotFoundError):
        read_example_output("no_such_model")
