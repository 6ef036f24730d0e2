"""How much a lab sends: little while it measures, one or two messages a change, nothing at rest."""

from __future__ import annotations

import json
import time

import pytest

from tests.widgets.waiting import wait_for

GOLDEN = "pack:2 l3:1 core:8 pu:1"
LARGE = "pack:4 numa:2 l3:2 core:8 pu:2"
MOST_MESSAGES = 5  # a second
MOST_BYTES = 30_000  # a second


@pytest.fixture(autouse=True)
def short_periods():
    """Here periods are as long as a person's."""


def measure(sent) -> int:
    return sum(len(json.dumps(data)) + sum(memoryview(one).nbytes for one in buffers) for data, buffers in sent)


def listen(wire, seconds: float) -> tuple[list, float]:
    wire.messages.clear()
    begin = time.monotonic()
    time.sleep(seconds)
    return list(wire.messages), time.monotonic() - begin


def change(lab, wire, **state) -> list:
    """Set controls as the page does; give what is sent before that returns."""
    wire.messages.clear()
    lab.set_state(state)
    return list(wire.messages)


@pytest.mark.parametrize(
    ("given", "change"),
    [
        ({"num_streams": 1}, {}),
        ({"num_streams": 1, "rate": 30.0}, {}),
        ({"topology": GOLDEN}, {}),
        ({"topology": LARGE, "num_streams": 7}, {"code_kind": "kubernetes"}),
    ],
    ids=["clients", "rate", "simulated", "a large machine"],
)
def test_a_run_sends_little(make_lab, wire, given, change):
    lab = make_lab(**given)
    lab.start()
    lab.set_state(change)
    wait_for(lambda: lab.downloads)
    sent, seconds = listen(wire, 4.0)
    lab.stop()
    # At the edges one more of each may fall in.
    assert 0 < len(sent) <= MOST_MESSAGES * (seconds + 1)
    assert measure(sent) <= MOST_BYTES * (seconds + 1)


def test_a_person_who_drags_the_slider_in_a_run_costs_few_messages_a_move(make_lab, wire):
    lab = make_lab(topology=GOLDEN)
    lab.start()
    wait_for(lambda: "items/s" in lab.sentence)
    wire.messages.clear()
    begin = time.monotonic()
    for count in [*range(1, 17)] * 3:
        lab.set_state({"num_streams": count})
    seconds = time.monotonic() - begin
    moves = 48
    assert len(wire.messages) <= 3 * moves + MOST_MESSAGES * (seconds + 1)


@pytest.mark.parametrize("machine", [GOLDEN, LARGE])
def test_a_slider_that_moves_at_rest_costs_two_messages(make_lab, wire, machine):
    lab = make_lab(topology=machine)
    for count in (3, 5, 2, 16, 1):
        sent = change(lab, wire, num_streams=count)
        # One for the map, one for the words beside it, and no echo of the slider.
        assert 1 <= len(sent) <= 2
        assert not [data for data, _ in sent if "num_streams" in data.get("state", {})]
        assert measure(sent) < MOST_BYTES / 2


def test_what_is_there_already_costs_nothing(make_lab, wire):
    lab = make_lab(topology=GOLDEN, num_streams=3)
    assert change(lab, wire, num_streams=3, scheduler="multi_stream") == []


def test_what_is_capped_is_told_to_the_page(make_lab, wire):
    lab = make_lab(topology=GOLDEN, num_streams=3)
    sent = change(lab, wire, num_streams=999)
    assert [data["state"]["num_streams"] for data, _ in sent if "num_streams" in data.get("state", {})] == [16]


def test_folded_code_is_not_sent(make_lab, wire):
    lab = make_lab(topology=GOLDEN, num_streams=3)
    assert not [data for data, _ in change(lab, wire, num_streams=4) if "code" in data.get("state", {})]
    change(lab, wire, code_kind="python")
    assert [data for data, _ in change(lab, wire, num_streams=5) if "code" in data.get("state", {})]


@pytest.mark.parametrize("machine", ["this", GOLDEN])
def test_a_search_sends_little(make_lab, wire, machine):
    lab = make_lab(topology=LARGE if machine == GOLDEN else machine, budget=6.0)
    lab.tune()
    wait_for(lambda: lab.progress_words)
    wire.messages.clear()
    begin = time.monotonic()
    wait_for(lambda: lab.state == "idle", 120.0)
    seconds = time.monotonic() - begin
    assert len(wire.messages) <= MOST_MESSAGES * (seconds + 2)
    assert measure(wire.messages) <= MOST_BYTES * (seconds + 2)


@pytest.mark.parametrize("after", ["nothing", "a run", "a search"])
def test_at_rest_nothing_is_sent(make_lab, wire, after):
    lab = make_lab(topology=GOLDEN)
    if after == "a run":
        lab.start()
        wait_for(lambda: "items/s" in lab.sentence)
        lab.stop()
    elif after == "a search":
        lab.tune()
        wait_for(lambda: lab.state == "idle")
        lab.stop()
    sent, _ = listen(wire, 1.2)
    assert sent == []
