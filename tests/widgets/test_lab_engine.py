"""The lab on an engine that a person made: driven, watched, shared and left open."""

from __future__ import annotations

import logging
import threading

import pytest
import traitlets

from deepsched import Topology, compile_model
from deepsched.errors import OptionError
from deepsched.measure import find_example
from deepsched.measure.inputs import generate_inputs
from tests.widgets.waiting import wait_for

CORES = len(Topology.detect().usable_cores)


@pytest.fixture
def engine():
    with compile_model(find_example("light_squeezenet"), scheduler="multi_stream", num_streams=1) as engine:
        yield engine


def runs(lab) -> bool:
    return "items/s" in lab.sentence


def test_it_is_driven_and_left_open_with_its_last_streams(make_lab, engine):
    lab = make_lab(engine)
    assert (lab.model, lab.machine, lab.num_streams, lab.scheduler) == ("", "this", 1, "multi_stream")
    lab.start()
    wait_for(lambda: runs(lab))
    lab.num_streams = CORES
    wait_for(lambda: engine.num_streams == CORES)
    wait_for(lambda: lab.sentence.startswith(f"{CORES} stream"))
    lab.close()
    assert not engine.closed
    assert engine.num_streams == CORES
    engine.run(generate_inputs(engine.signature))


@pytest.mark.parametrize(
    ("name", "value"), [("scheduler", "single_stream"), ("predict", True), ("tuning", True)], ids=str
)
def test_what_it_was_compiled_with_is_not_changed(make_lab, engine, name, value):
    lab = make_lab(engine)
    before = (getattr(lab, name), lab.plan, lab.state)
    # WHEN a page or a cell asks for it all the same THEN it is refused, and nothing has happened
    for change in (lambda: lab.set_state({name: value}), lambda: setattr(lab, name, value)):
        with pytest.raises(traitlets.TraitError, match=f"{name} cannot be changed: the lab drives an engine"):
            change()
        assert (getattr(lab, name), lab.plan, lab.state) == before
    assert name in lab.limits["fixed"]


def test_no_other_model_machine_or_tuning(make_lab, engine):
    lab = make_lab(engine)
    for refused in (lambda: lab.choose_model(None), lambda: lab.choose_machine("golden"), lab.tune):
        with pytest.raises(OptionError, match="the lab drives an engine"):
            refused()
    lab._handle_custom_msg({"choose": "model", "value": "light_squeezenet"}, [])
    assert "the lab drives an engine" in lab.errors["model"]
    assert (lab.model, lab.state) == ("", "idle")


def test_without_clients_it_only_watches(make_lab, engine):
    lab = make_lab(engine, clients=0)
    lab.start()
    wait_for(lambda: runs(lab))
    assert not [t for t in threading.enumerate() if t.name.startswith("deepsched-client")]
    assert engine.trace() == ()
    # WHEN others send requests THEN they are seen
    request = generate_inputs(engine.signature)
    for _ in range(5):
        engine.run(request)
    wait_for(lambda: any(panel["bars"]["request"] for panel in lab.timeline.picture["panels"]))
    lab.stop()
    # and WHEN a person wants clients after all THEN there are some
    lab.clients = 2
    lab.start()
    wait_for(lambda: len(engine.trace()) > 10)
    lab.clients = 0
    wait_for(lambda: not [t for t in threading.enumerate() if t.name.startswith("deepsched-client")])
    assert lab.state == "running"


def test_a_model_has_no_clients_but_the_labs(make_lab):
    lab = make_lab()
    lab.set_state({"clients": 0})
    assert lab.clients == 1


def test_its_cores_and_scheduler_are_those_of_the_map_and_the_code(make_lab):
    with compile_model(find_example("light_squeezenet"), num_cores=1) as engine:
        lab = make_lab(engine)
        assert lab.plan.streams == engine.plan.streams
        assert (lab.limits["max_streams"], lab.scheduler) == (1, "single_stream")
        lab.code_kind = "python"
        assert "num_cores=1" in lab.code or CORES == 1


def test_elastic_is_multi_stream(make_lab):
    with compile_model(find_example("light_squeezenet"), scheduler="elastic", num_streams=1) as engine:
        lab = make_lab(engine)
        assert lab.scheduler == "multi_stream"
        lab.start()
        wait_for(lambda: runs(lab))
        assert [row[0] for row in lab.chart.table["rows"]] == ["1 stream"]


def test_the_second_lab_takes_over_cleanly(make_lab, engine, caplog):
    first, second = make_lab(engine), make_lab(engine)
    first.start()
    wait_for(lambda: runs(first))
    second.start()
    wait_for(lambda: runs(second))
    assert (first.state, first.running, first.note) == ("idle", False, "Stopped: another lab was started.")
    assert second.state == "running"
    # and back
    first.start()
    wait_for(lambda: runs(first))
    assert second.note == "Stopped: another lab was started."
    first.close()
    second.close()
    assert not engine.closed
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("load", [{"clients": 2}, {"rate": 50.0}], ids=str)
def test_closed_by_its_owner_the_run_ends_with_words(make_lab, engine, load):
    lab = make_lab(engine, **load)
    lab.start()
    wait_for(lambda: runs(lab))
    engine.close()
    wait_for(lambda: lab.state == "idle")
    assert lab.note == "The run ended: the engine was closed; compile the model again to run more requests."
    assert not lab.running
    # and so does the next one
    lab.start()
    wait_for(lambda: lab.state == "idle")
    assert lab.note.startswith("The run ended: ")


def test_closed_by_its_owner_while_it_is_watched(make_lab, engine):
    lab = make_lab(engine, clients=0)
    lab.start()
    wait_for(lambda: runs(lab))
    engine.close()
    wait_for(lambda: lab.state == "idle")
    assert lab.note.startswith("The run ended: the engine was closed")


@pytest.mark.usefixtures("two_cores")
def test_its_owner_may_change_the_streams_in_a_run(make_lab, engine):
    engine.set_num_streams(CORES)
    lab = make_lab(engine, clients=4)
    lab.start()
    wait_for(lambda: lab.downloads)
    engine.set_num_streams(1)
    wait_for(lambda: lab.sentence.startswith("1 stream,"))
    engine.set_num_streams(CORES)
    wait_for(lambda: lab.sentence.startswith(f"{CORES} streams,"))
    assert lab.state == "running"
