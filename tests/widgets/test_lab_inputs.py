"""What requests carry in the lab: generated inputs, and the note that says so, or a person's own."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import parser

from tests.widgets.waiting import wait_for

WIDE = parser.parse_model(
    """<ir_version: 9, opset_import: ["": 17]>
    wide (float[batch, tokens, 8] x) => (float[batch, tokens, 8] y) { y = Relu(x) }"""
)
LOADS = [{"clients": 2}, {"rate": 50.0}]


@pytest.mark.parametrize("load", LOADS, ids=["clients", "rate"])
def test_generated_inputs_are_told_where_sizes_were_left_open(make_lab, load):
    lab = make_lab(WIDE, num_streams=1, **load)
    lab.start()
    wait_for(lambda: "items/s" in lab.sentence)
    assert (
        "Inputs are generated, dynamic sizes being 1: x 1\N{MULTIPLICATION SIGN}1\N{MULTIPLICATION SIGN}8." in lab.note
    )


@pytest.mark.parametrize("load", LOADS, ids=["clients", "rate"])
def test_inputs_of_ones_own_are_sent(make_lab, load):
    # GIVEN requests of a batch of 4
    lab = make_lab(WIDE, inputs=[np.zeros((4, 32, 8), np.float32)], num_streams=1, **load)
    lab.start()
    wait_for(lambda: lab.downloads == ["run", "trace"])
    # THEN each counts as four items, and nothing is said of generated ones
    assert {record.items for timeline in lab._pictures.timelines for record in timeline.records} == {4}
    assert "generated" not in lab.note
    lab.stop()


def test_inputs_that_do_not_fit_end_the_run_with_words(make_lab):
    lab = make_lab(WIDE, inputs=[np.zeros((4, 32, 9), np.float32)], num_streams=1)
    lab.start()
    wait_for(lambda: lab.state == "idle")
    assert lab.note.startswith("The run ended: ")
    assert "x" in lab.note


def test_of_a_model_without_open_sizes_nothing_is_said(make_lab):
    lab = make_lab(num_streams=1)
    lab.start()
    wait_for(lambda: "items/s" in lab.sentence)
    assert "generated" not in lab.note
    lab.stop()
