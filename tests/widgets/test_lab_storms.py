"""Everything at once from several threads: it ends where the last wish says, with no error and nothing stuck."""

from __future__ import annotations

import logging
import random
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
import traitlets

from deepsched import Topology, compile_model
from deepsched.measure import find_example
from tests.widgets.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from deepsched_widgets import StreamLab

GOLDEN = "pack:2 l3:1 core:8 pu:1"
SECONDS = 2.0
THREADS = 4


@pytest.fixture
def hasty():
    """Let threads take turns a thousand times as often as they do by default."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def failures(monkeypatch, caplog):
    """What went wrong in any thread."""
    found: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda failure: found.append(failure.exc_value))
    yield found
    assert not found, found
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert not errors, errors


def storm(lab: StreamLab, changes: list[Callable[[StreamLab, random.Random], object]], seed: int) -> int:
    """Make random changes from several threads for two seconds; give how many there were."""
    end, made = time.monotonic() + SECONDS, []

    def change(number: int) -> None:
        chance = random.Random(f"{seed} {number}")
        while time.monotonic() < end:
            chance.choice(changes)(lab, chance)
            made.append(number)
            time.sleep(chance.random() * 0.02)

    threads = [threading.Thread(target=change, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive(), "stuck"
    return len(made)


def ask(lab: StreamLab, **message: object) -> None:
    lab._handle_custom_msg(message, [])


def set_nonsense(lab: StreamLab, state: dict[str, object]) -> None:
    with pytest.raises(traitlets.TraitError):
        lab.set_state(state)


CONTROLS = [
    lambda lab, chance: lab.set_state({"num_streams": chance.randint(1, 40)}),
    lambda lab, chance: setattr(lab, "num_streams", chance.randint(1, 16)),
    lambda lab, chance: setattr(lab, "clients", chance.randint(1, 9)),
    lambda lab, chance: lab.set_state({"load": "rate", "rate": chance.uniform(1, 60)}),
    lambda lab, chance: lab.set_state({"load": "clients", "clients": chance.randint(1, 9)}),
    lambda lab, chance: lab.set_state({"code_kind": chance.choice(["", "python", "triton"])}),
    lambda lab, chance: ask(lab, compare=chance.random() < 0.5),
    lambda lab, chance: ask(lab, ask=chance.choice(["run", "trace"])),
    lambda lab, chance: set_nonsense(lab, {"clients": 100_000}),
    lambda lab, chance: repr(lab),
]
FREE = [
    *CONTROLS,
    lambda lab, chance: lab.set_state({"scheduler": chance.choice(["multi_stream", "single_stream"])}),
    lambda lab, chance: lab.set_state({"threads_per_core": chance.randint(1, 2)}),
    lambda lab, chance: lab.set_state({"workload": chance.choice(lab.choices["workloads"])}),
    lambda lab, chance: ask(lab, choose="machine", value=chance.choice([GOLDEN, "this", "golden", "nonsense"])),
    lambda lab, chance: ask(lab, choose="model", value=chance.choice(["light_squeezenet", "light_shufflenet", "?"])),
]
BUTTONS = [
    lambda lab, chance: lab.set_state({"running": True, "tuning": False}),
    lambda lab, chance: lab.set_state({"running": False, "tuning": True}),
    lambda lab, chance: lab.set_state({"running": False, "tuning": False}),
    lambda lab, chance: lab.set_state({"running": True, "tuning": True}),
]


def settle(lab: StreamLab) -> None:
    """Wish for something definite, as the last of all."""
    lab.choose_machine(GOLDEN)
    lab.set_state({"scheduler": "multi_stream", "num_streams": 5, "load": "clients", "clients": 7})
    lab.set_state({"running": True, "tuning": False})


def check_settled(lab: StreamLab) -> None:
    wait_for(lambda: lab.sentence.startswith("Simulated: 5 streams, "))
    assert (lab.state, lab.running, lab.tuning) == ("running", True, False)
    assert lab.plan.num_streams == lab.machine_map.plan["num_streams"] == 5
    wait_for(lambda: [row[:2] for row in lab.chart.table["rows"]] == [["5 streams", "simulated"]])
    lab.set_state({"running": False})
    wait_for(lambda: lab.state == "idle")
    assert not lab.running


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("changes", [FREE, [*FREE, *BUTTONS, *BUTTONS]], ids=["in a run", "with the buttons"])
def test_all_controls_at_once(make_lab, failures, seed, changes):
    lab = make_lab(topology=GOLDEN, budget=600.0)
    lab.start()
    assert storm(lab, changes, seed) >= 50
    settle(lab)
    check_settled(lab)


@pytest.mark.usefixtures("hasty")
def test_all_controls_at_once_in_hasty_threads(make_lab, failures):
    lab = make_lab(topology=GOLDEN, budget=600.0)
    assert storm(lab, [*FREE, *BUTTONS], 3) >= 50
    settle(lab)
    check_settled(lab)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_buttons_alone_end_as_the_page_shows(make_lab, failures, seed):
    lab = make_lab(topology=GOLDEN)
    storm(lab, BUTTONS, seed)
    # THEN what the page shows is what is on: one press of its button ends it
    wait_for(lambda: [lab.running, lab.tuning] == [lab.state == "running", lab.state == "tuning"])
    lab.set_state({"running": False, "tuning": False})
    wait_for(lambda: lab.state == "idle")
    assert not lab._jobs.busy


def test_an_engine_lives_through_it(make_lab, failures):
    with compile_model(find_example("light_squeezenet"), scheduler="multi_stream", num_streams=1) as engine:
        lab = make_lab(engine, clients=2)
        lab.start()
        assert storm(lab, [*CONTROLS, BUTTONS[0], BUTTONS[2]], 4) >= 50
        most = len(Topology.detect().usable_cores)
        lab.set_state({"load": "clients", "clients": 2, "num_streams": most})
        lab.set_state({"running": True})
        wait_for(lambda: lab.sentence.startswith(f"{most} stream") and "items/s" in lab.sentence)
        assert engine.num_streams == most
        lab.close()
        assert not engine.closed


def test_two_labs_that_start_again_and_again_end_with_the_last(make_lab, failures):
    first, second = make_lab(clients=1), make_lab(clients=1)
    for _ in range(6):
        for lab in (first, second):
            lab.set_state({"running": False})
            lab.set_state({"running": True})
    wait_for(lambda: "items/s" in second.sentence and first.state == "idle")
    assert (second.state, first.running) == ("running", False)


def test_closing_in_the_middle_ends_it(make_lab, failures):
    lab = make_lab(topology=GOLDEN, budget=600.0)
    closing = threading.Timer(SECONDS / 2, lab.close)
    closing.start()
    storm(lab, [*CONTROLS[:6], *BUTTONS], 5)
    closing.join()
    assert not lab._jobs.busy


def test_a_slider_that_a_person_drags_is_what_is_run(make_lab, failures):
    lab = make_lab(topology=GOLDEN)
    lab.start()
    for count in [*range(1, 17), *range(15, 0, -1)] * 2:
        lab.set_state({"num_streams": count})
        time.sleep(0.01)
    wait_for(lambda: lab.sentence.startswith("Simulated: 1 stream, "))
    assert lab.plan.num_streams == 1
