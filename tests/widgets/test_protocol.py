"""A lab in a kernel of its own, spoken to as VS Code does: what is sent, how much of it, and what is left."""

from __future__ import annotations

import time

import pytest

from tests.widgets.kernels import start_kernel

_MOST_MESSAGES = 5  # a second
_MOST_BYTES = 30_000  # a second
_STREAMS = "1 stream,"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    log = tmp_path_factory.mktemp("kernel") / "kernel.log"
    with log.open("w") as output, start_kernel(output) as (_, front_end):
        yield front_end
    assert "Traceback" not in log.read_text(), log.read_text()


@pytest.fixture
def front_end(kernel):
    front_end = kernel
    # What every notebook does first; the threads that it starts are not a lab's.
    front_end.run("import gc, threading, psutil, onnxruntime\nfrom deepsched_widgets import StreamLab")
    begin = len(front_end.messages)
    yield front_end
    front_end.run("lab.close()")
    assert not front_end.complaints(begin), front_end.complaints(begin)


@pytest.fixture
def lab(front_end):
    """The comm of a lab on this machine."""
    front_end.run("lab = StreamLab(num_streams=1, clients=2)\nlab")
    return find_lab(front_end)


def find_lab(front_end) -> str:
    return front_end.evaluate("lab.comm.comm_id").strip("'")


def wait_for_state(front_end, lab, state):
    front_end.listen_until(lambda: front_end.states[lab]["state"] == state)


def wait_for_run(front_end, lab, words=_STREAMS):
    front_end.listen_until(lambda: words in front_end.states[lab]["sentence"])


def list_left(front_end) -> str:
    """Say what of a lab is left in the kernel."""
    return front_end.evaluate(
        "([thread.name for thread in threading.enumerate() if thread.name.startswith('deepsched')], "
        "len(__import__('comm').get_comm_manager().comms), "
        "gc.collect() and sum(isinstance(o, onnxruntime.InferenceSession) for o in gc.get_objects()))"
    )


def test_a_lab_opens_with_all_that_a_page_needs(front_end, lab):
    # GIVEN a lab WHEN its cell is run THEN each child that it names was opened before it
    state = front_end.states[lab]
    children = {name: value for name, value in state.items() if str(value).startswith(("anywidget:", "IPY_MODEL_"))}
    assert {"machine_map", "chart"} <= set(children)
    opened = list(front_end.states)
    for reference in children.values():
        child = reference.removeprefix("anywidget:").removeprefix("IPY_MODEL_")
        assert opened.index(child) < opened.index(lab)
    # and each brings its page with it
    for comm in opened:
        if "_esm" in front_end.states[comm]:
            assert 0 < len(front_end.states[comm]["_esm"].encode()) < 20_000


def test_what_a_page_sets_is_planned(front_end, lab):
    streams = front_end.states[lab]["num_streams"] + 1
    front_end.set(lab, num_streams=streams)
    front_end.listen_until(lambda: front_end.states[lab]["sentence"].startswith(f"{streams} streams planned"))
    assert front_end.evaluate("lab.plan.num_streams") == str(streams)


def test_a_run_sends_little_and_a_lab_at_rest_nothing(front_end, lab):
    front_end.set(lab, running=True)
    wait_for_run(front_end, lab)
    seconds = 8.0
    sent = [m for m in front_end.listen(seconds) if m.kind.startswith("comm_")]
    # Between two messages of a chart there is time for others; at the edges one more of each may fall in.
    assert 0 < len(sent) <= _MOST_MESSAGES * seconds
    assert sum(message.size for message in sent) <= _MOST_BYTES * seconds
    front_end.set(lab, running=False)
    wait_for_state(front_end, lab, "idle")
    front_end.listen(1)
    assert [m for m in front_end.listen(3) if m.kind.startswith("comm_")] == []


def test_the_kernel_answers_while_a_lab_runs(front_end, lab):
    front_end.set(lab, running=True)
    wait_for_run(front_end, lab)
    begin = time.monotonic()
    assert [front_end.evaluate(f"{n} + 1") for n in range(5)] == [str(n + 1) for n in range(5)]
    answered = time.monotonic() - begin
    # WHEN a cell keeps the shell THEN the run goes on, and what the page set meanwhile comes after it
    front_end.set(lab, clients=3)
    before = len(front_end.messages)
    front_end.run("import time\ntime.sleep(2)")
    assert [m for m in front_end.messages[before:] if m.kind == "comm_msg"]
    assert front_end.evaluate("lab.clients, lab.state") == "(3, 'running')"
    front_end.set(lab, running=False)
    wait_for_state(front_end, lab, "idle")
    begin = time.monotonic()
    for n in range(5):
        front_end.evaluate(f"{n} + 1")
    at_rest = time.monotonic() - begin
    # The clients of the run want the same cores: a little slower it may be, not stuck.
    assert answered < at_rest + 15


def test_a_storm_ends_at_the_last_value(front_end, lab):
    front_end.set(lab, running=True)
    wait_for_run(front_end, lab)
    for number in range(50):
        front_end.set(lab, num_streams=1 + number % 2)
        front_end.listen(2 / 50)
    wait_for_run(front_end, lab, "2 streams,")
    assert front_end.evaluate("lab.num_streams, lab.plan.num_streams, lab.state") == "(2, 2, 'running')"
    front_end.set(lab, running=False)
    wait_for_state(front_end, lab, "idle")


def test_a_page_that_starts_and_stops_at_once_ends_idle(front_end, lab):
    for _ in range(5):
        front_end.set(lab, running=True)
        front_end.set(lab, running=False)
    front_end.listen(1)
    wait_for_state(front_end, lab, "idle")
    assert front_end.evaluate("lab.running, lab.state") == "(False, 'idle')"
    front_end.set(lab, running=True)
    wait_for_run(front_end, lab)


def test_nonsense_from_a_page_is_refused_and_the_lab_goes_on(front_end, lab):
    begin = len(front_end.messages)
    front_end.set(lab, num_streams=10_000)
    front_end.set(lab, num_streams=-1)
    front_end.set(lab, clients=0)
    front_end.evaluate("lab.num_streams")  # so that all of it has arrived
    del front_end.messages[begin:]  # traitlets says what it refused, to whom a front end shows it
    front_end.set(lab, num_streams=2)
    front_end.listen_until(lambda: front_end.states[lab]["sentence"].startswith("2 streams planned"))


def test_a_cell_that_is_run_again_leaves_nothing_of_the_lab_before(front_end, lab):
    # GIVEN a kernel without labs
    front_end.run("lab.close()")
    nothing = list_left(front_end)
    assert nothing == "([], 0, 0)"
    # WHEN a cell that shows a running lab is run again and again
    for _ in range(5):
        front_end.run("lab = StreamLab(num_streams=1, clients=2)\nlab.start()\nlab", cell="the-same")
        wait_for_run(front_end, find_lab(front_end))
    # THEN nothing is left of any when the last was closed
    front_end.run("lab.close()")
    assert list_left(front_end) == nothing


def test_a_front_end_may_forget_the_widgets(front_end, lab):
    front_end.set(lab, running=True)
    wait_for_run(front_end, lab)
    # WHEN the front end closes every comm, as when its document is closed
    for comm in list(front_end.states):
        front_end.close_comm(comm)
    front_end.listen(2)
    # THEN the kernel lives, and the lab can still be closed
    front_end.run("lab.close()")
    assert list_left(front_end) == "([], 0, 0)"


def test_the_second_lab_on_an_engine_takes_over(front_end, lab):
    front_end.run(
        "from deepsched import compile_model\nfrom deepsched.measure import find_example\nlab.close()\n"
        "engine = compile_model(find_example('light_squeezenet'), scheduler='multi_stream', num_streams=1)\n"
        "other = StreamLab(engine, clients=2)\nlab = StreamLab(engine, clients=2)"
    )
    first, second = (front_end.evaluate(f"{name}.comm.comm_id").strip("'") for name in ("other", "lab"))
    # GIVEN a lab that drives the engine WHEN another one starts THEN the first stops and says why
    front_end.set(first, running=True)
    wait_for_run(front_end, first)
    front_end.set(second, running=True)
    wait_for_state(front_end, first, "idle")
    assert "another lab" in front_end.states[first]["note"]
    wait_for_run(front_end, second)
    # and the engine is the second's, until it is closed, which leaves the engine open
    front_end.set(second, num_streams=2)
    wait_for_run(front_end, second, "2 streams,")
    assert front_end.evaluate("engine.num_streams") == "2"
    front_end.run("lab.close()\nother.close()")
    front_end.run("from deepsched.measure import make_example_input")
    assert front_end.evaluate("len(engine.run([make_example_input()]))") == "1"
    front_end.run("engine.close()")


def test_a_kernel_ends_while_a_lab_runs(tmp_path):
    log = tmp_path / "kernel.log"
    with log.open("w") as output, start_kernel(output) as (manager, front_end):
        # GIVEN a lab that runs
        front_end.run("from deepsched_widgets import StreamLab\nlab = StreamLab(num_streams=1, clients=2)\nlab")
        lab = find_lab(front_end)
        front_end.set(lab, running=True)
        wait_for_run(front_end, lab)
        # WHEN the kernel is asked to end THEN it does so by itself, without being killed
        manager.request_shutdown()
        assert manager.provisioner.process.wait(60) == 0
    assert "Traceback" not in log.read_text(), log.read_text()
