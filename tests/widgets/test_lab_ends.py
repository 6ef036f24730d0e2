"""The lab's end, at whatever moment it comes: no thread, no comm, no session, and no surprise."""

from __future__ import annotations

import gc
import logging
import threading
import weakref

import onnxruntime
import pytest
from comm import get_comm_manager
from ipywidgets.widgets.widget import _instances

from deepsched import compile_model
from deepsched.errors import ClosedError, DeepschedError
from deepsched.measure import find_example
from deepsched_widgets import StreamLab, cell_widget
from tests.widgets.waiting import wait_for

GOLDEN = "pack:2 l3:1 core:8 pu:1"


def list_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("deepsched")]


def list_sessions() -> list[onnxruntime.InferenceSession]:
    gc.collect()
    return [thing for thing in gc.get_objects() if isinstance(thing, onnxruntime.InferenceSession)]


@pytest.fixture
def nothing_left(caplog):
    """Whatever a test makes and closes, there is as much as before."""
    gc.freeze()  # what other tests left is not looked through again
    before = (set(get_comm_manager().comms), set(_instances))
    yield
    assert list_threads() == []
    assert (set(get_comm_manager().comms), set(_instances)) == before
    assert list_sessions() == []
    gc.unfreeze()
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert not errors, errors


def leave_idle(lab) -> None:
    assert lab.state == "idle"


def leave_at_once(lab) -> None:
    lab.start()


def leave_running(lab) -> None:
    lab.start()
    wait_for(lambda: "items/s" in lab.sentence)


def leave_at_a_rate(lab) -> None:
    lab.set_state({"load": "rate", "rate": 30.0})
    leave_running(lab)


def leave_while_it_follows(lab) -> None:
    leave_running(lab)
    lab.scheduler = "single_stream"


def leave_while_it_moves(lab) -> None:
    leave_running(lab)
    lab.choose_machine(GOLDEN)
    lab.choose_machine("this")


def leave_stopping(lab) -> None:
    leave_running(lab)
    lab.running = False


def leave_tuning(lab) -> None:
    lab.tune()
    wait_for(lambda: lab.progress_words)


def leave_tuning_at_once(lab) -> None:
    lab.tune()


def leave_calibrating(lab) -> None:
    lab.predict = True
    lab.start()
    wait_for(lambda: lab.sentence.startswith("Calibrating"))


STATES = [
    leave_idle,
    leave_at_once,
    leave_running,
    leave_at_a_rate,
    leave_while_it_follows,
    leave_while_it_moves,
    leave_stopping,
    leave_tuning,
    leave_tuning_at_once,
    leave_calibrating,
]


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("leave", STATES, ids=lambda leave: leave.__name__)
def test_closed_at_any_moment_it_leaves_nothing(leave):
    lab = StreamLab(num_streams=1, clients=2, budget=600.0)
    leave(lab)
    lab.close()
    assert list_threads() == []
    # and once more
    lab.close()


@pytest.mark.usefixtures("nothing_left")
def test_a_closed_lab_does_nothing_more():
    lab = StreamLab(topology=GOLDEN)
    lab.close()
    for use in (lab.start, lab.tune):
        with pytest.raises(ClosedError, match="the lab was closed; make another one"):
            use()
    lab.num_streams = 3
    lab.running = True
    lab.stop()
    lab._handle_custom_msg({"ask": "run"}, [])
    assert "StreamLab(" in repr(lab)


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    "given",
    [
        {"num_streams": -1},
        {"rate": 0.001},
        {"threads_per_core": 0},
        {"workload": "none"},
        {"budget": 0},
        {"clients": 0},
        {"scheduler": "fastest"},
        {"seconds": float("inf")},
        {"model": "no-such.onnx"},
        {"topology": "nowhere"},
        {"topology": GOLDEN, "predict": True},
    ],
    ids=str,
)
def test_a_lab_that_was_refused_leaves_nothing(given):
    with pytest.raises(DeepschedError):
        StreamLab(**given)


@pytest.mark.usefixtures("nothing_left")
def test_a_refused_engine_is_left_open():
    with compile_model(find_example("light_squeezenet")) as engine:
        with pytest.raises(DeepschedError):
            StreamLab(engine, num_streams=1)
        assert not engine.closed


@pytest.mark.usefixtures("nothing_left")
def test_a_closed_lab_is_forgotten():
    lab = StreamLab(num_streams=1)
    leave_running(lab)
    lab.close()
    gone = weakref.ref(lab)
    del lab
    gc.collect()
    assert gone() is None


class TestACellThatRunsAgain:
    @pytest.fixture
    def run_cell(self, monkeypatch):
        """Run what a cell does, as in the given cell's given execution."""
        monkeypatch.setattr(cell_widget, "_made", {})

        def run(cell: str, execution: str, **given) -> StreamLab:
            monkeypatch.setattr(cell_widget, "_find_cell", lambda: (cell, execution))
            return StreamLab(num_streams=1, **given)

        return run

    @pytest.mark.usefixtures("nothing_left")
    @pytest.mark.parametrize("leave", [leave_idle, leave_running, leave_tuning], ids=lambda leave: leave.__name__)
    def test_what_it_made_before_is_closed(self, run_cell, leave):
        first = run_cell("a", "1", budget=600.0)
        leave(first)
        second = run_cell("a", "2")
        assert first.comm is None
        assert first.machine_map.comm is None
        assert second.comm is not None
        assert list_threads() == []
        with pytest.raises(ClosedError):
            first.start()
        second.close()

    @pytest.mark.usefixtures("nothing_left")
    def test_two_of_one_execution_live_beside_each_other(self, run_cell):
        first, second = run_cell("a", "1"), run_cell("a", "1")
        assert first.comm
        assert second.comm
        third = run_cell("a", "2")
        assert first.comm is None
        assert second.comm is None
        third.close()

    @pytest.mark.usefixtures("nothing_left")
    def test_another_cells_are_left_alone(self, run_cell):
        first, second = run_cell("a", "1"), run_cell("b", "2")
        leave_running(first)
        third = run_cell("b", "3")
        assert first.state == "running"
        assert second.comm is None
        for lab in (first, third):
            lab.close()

    @pytest.mark.usefixtures("nothing_left")
    def test_where_no_cell_is_known_all_stay(self, run_cell):
        labs = [run_cell("", "") for _ in range(3)]
        assert all(lab.comm for lab in labs)
        for lab in labs:
            lab.close()
