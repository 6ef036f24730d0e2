"""What a person may name as a model, and how it is called."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from deepsched import compile_model
from deepsched.errors import ModelError, ModelNotFoundError
from deepsched.measure import find_example
from deepsched_widgets.lab.model_choice import choose_model, list_models


def test_nothing_is_the_first_of_the_list():
    first = list_models()[0]
    assert first == ["light_squeezenet", "squeezenet"]
    choice = choose_model(None)
    assert (choice.value, choice.label, choice.given) == (first[0], f"{first[0]}.onnx", find_example(first[0]))
    assert choice.is_file


def test_every_model_of_the_list_can_be_chosen():
    for value, label in list_models():
        assert choose_model(value).value == value
        assert label


@pytest.mark.parametrize("kind", [str, Path])
def test_a_file_is_called_by_its_name_and_chosen_by_its_path(kind, tmp_path):
    path = tmp_path / "my model.onnx"
    path.write_bytes(Path(find_example("light_squeezenet")).read_bytes())
    choice = choose_model(kind(path))
    assert (choice.value, choice.label, choice.is_file) == (str(path), "my model.onnx", True)


def test_what_lies_in_no_file_has_a_name_too():
    content = Path(find_example("light_squeezenet")).read_bytes()
    for given in (content, onnx.load_from_string(content)):
        choice = choose_model(given)
        assert choice.label
        assert not choice.is_file


@pytest.mark.parametrize("given", ["", "   ", "no-such.onnx", "/", "\0", "a" * 5000, 3, object(), ["x"]])
def test_what_is_none_is_refused(given):
    with pytest.raises(ModelError):
        choose_model(given)


def test_the_error_says_what_was_given():
    with pytest.raises(ModelNotFoundError, match=r"no-such\.onnx"):
        choose_model("no-such.onnx")


def test_an_engine_is_driven_unless_it_is_closed():
    engine = compile_model(find_example("light_squeezenet"))
    choice = choose_model(engine)
    assert (choice.engine, choice.value, choice.label) == (engine, "", "light_squeezenet.onnx")
    engine.close()
    with pytest.raises(ModelError, match="closed"):
        choose_model(engine)


def test_two_choices_of_one_model_are_two_grounds():
    # A file may be another one by the time that it is chosen again.
    assert choose_model(None) != choose_model(None)
