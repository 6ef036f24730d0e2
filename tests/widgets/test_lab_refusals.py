"""What a page or a person may not ask of the lab: it says why, or does nothing, and goes on."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepsched.errors import ModelError, TopologyError
from tests.widgets.waiting import wait_for

GOLDEN = "pack:2 l3:1 core:8 pu:1"


@pytest.fixture
def lab(make_lab):
    return make_lab()


def ask(lab, name: str, value: object) -> None:
    """Choose as the page does."""
    lab._handle_custom_msg({"choose": name, "value": value}, [])


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("model", "no-such.onnx", "no-such.onnx"),
        ("model", "  ", "no model was given"),
        ("machine", "no such machine", "names no machine"),
        ("machine", "pack:0", "pack:0"),
        ("machine", "golde", "did you mean 'golden'"),
        ("machine", "no-such.xml", "no-such.xml"),
    ],
)
def test_a_refusal_says_why_beside_its_control(make_lab, name, value, words):
    lab = make_lab()
    before = (lab.model, lab.machine, lab.plan)
    ask(lab, name, value)
    assert words in lab.errors[name]
    assert (lab.model, lab.machine, lab.plan) == before
    # WHEN something is accepted THEN the error is gone
    ask(lab, name, {"model": "light_squeezenet", "machine": "golden"}[name])
    assert lab.errors[name] == ""


def test_each_control_has_its_own(make_lab):
    lab = make_lab()
    ask(lab, "model", "no-such.onnx")
    ask(lab, "machine", "golden")
    assert lab.errors["model"]
    assert lab.errors["machine"] == ""


def test_from_python_it_is_an_exception(make_lab):
    lab = make_lab()
    with pytest.raises(ModelError):
        lab.choose_model("no-such.onnx")
    with pytest.raises(TopologyError):
        lab.choose_machine("no such machine")
    assert lab.errors == {}


def test_a_refusal_leaves_a_run_alone(make_lab):
    lab = make_lab(topology=GOLDEN)
    lab.start()
    ask(lab, "model", "no-such.onnx")
    ask(lab, "machine", "no such machine")
    wait_for(lambda: "items/s" in lab.sentence)
    assert lab.state == "running"


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        "run",
        7,
        {},
        {"choose": "model"},
        {"choose": "model", "value": 3},
        {"choose": "model", "value": None},
        {"choose": "seconds", "value": "3"},
        {"choose": ["model"], "value": "x"},
        {"compare": 1},
        {"compare": "true"},
        {"ask": "run"},
        {"ask": "trace"},
        {"ask": ["run"]},
        {"ask": "secrets"},
        {"running": True},
        {"plotly": True},
    ],
)
def test_messages_that_mean_nothing_do_nothing(make_lab, wire, message):
    lab = make_lab()
    wire.messages.clear()
    lab._handle_custom_msg(message, [])
    assert wire.messages == []
    assert (lab.errors, lab.compared, lab.state) == ({}, "", "idle")


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["model", "machine"]),
    value=st.text(max_size=30) | st.builds("pack:{} core:{}".format, st.integers(-1, 9), st.text(max_size=3)),
)
def test_whatever_is_typed_is_taken_or_refused_in_words(lab, name, value):
    ask(lab, name, value)
    shown = (lab.model, lab.machine)[name == "machine"]
    assert lab.errors[name] or shown
    assert not lab.errors[name].startswith("[Errno")
