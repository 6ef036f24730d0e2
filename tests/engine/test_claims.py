"""Which cpus engines of other processes hold, tried with real processes."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import warnings
from typing import TYPE_CHECKING

import pytest

from deepsched import Context, DeepschedWarning, Engine, Topology, compile_model, plan_streams
from deepsched.engine.claims import find_core_cpus, name_process
from deepsched.errors import CoresHeldError, OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from onnx import ModelProto

    Start = Callable[..., subprocess.Popen[str]]

SETUP = """
import gc, os, sys, time, warnings
from deepsched import Context, DeepschedError
warnings.simplefilter("always")

def say(*words):
    print(*words, flush=True)

def wait():
    sys.stdin.readline()
"""
HOLD_ONE = "context = Context(num_cores=1); say('ready'); wait(); context.close(); say('closed'); wait()"
FIRST, *_REST = sorted(os.sched_getaffinity(0))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runtime folder for the test alone; the claims lie in a folder within."""
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    return runtime / "deepsched"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a process called train.py."""
    script = tmp_path / "train.py"
    children: list[subprocess.Popen[str]] = []

    def begin(code: str) -> subprocess.Popen[str]:
        script.write_text(SETUP + code)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        children.append(subprocess.Popen([sys.executable, str(script)], **pipes))
        assert hear(children[-1]) == "ready"
        return children[-1]

    yield begin
    for child in children:
        child.kill()
        child.communicate()


def tell(child: subprocess.Popen[str]) -> str:
    """Let a process go on to the next thing that it says."""
    child.stdin.write("\n")
    child.stdin.flush()
    return hear(child)


def hear(child: subprocess.Popen[str]) -> str:
    return child.stdout.readline().strip()


def list_claims(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.claim"))


def planned_cpus(context: Context | Engine) -> list[int]:
    return [cpu for stream in context.plan.streams for cpu in stream.cpus]


def warnings_of_a_context(**options: int | str) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Context(**options).close()
    return [str(warning.message) for warning in caught]


def test_a_second_engine_is_told_who_holds_which_cpus_and_what_to_do(start: Start, doubling: ModelProto) -> None:
    child = start(HOLD_ONE)
    with pytest.warns(DeepschedWarning) as caught, compile_model(doubling, num_cores=1):
        pass
    message = str(caught[0].message)
    assert f"cpus {FIRST} by train.py (pid {child.pid}, 1 stream, since " in message
    assert "cores='free'" in message
    assert "num_cores" in message
    assert "close it" in message
    assert caught[0].filename == __file__


def test_a_claim_ends_with_close(start: Start, folder: Path) -> None:
    child = start(HOLD_ONE)
    assert len(list_claims(folder)) == 1
    assert tell(child) == "closed"
    assert list_claims(folder) == []
    assert warnings_of_a_context(num_cores=1) == []


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_claim_ends_with_its_process(start: Start, folder: Path, end: signal.Signals) -> None:
    child = start(HOLD_ONE)
    os.kill(child.pid, end)
    child.wait()
    assert len(list_claims(folder)) == 1, "nobody could take the file away"
    assert warnings_of_a_context(num_cores=1) == []
    assert list_claims(folder) == []


def test_a_claim_ends_with_an_engine_that_nobody_closed(folder: Path, doubling: ModelProto) -> None:
    engine = compile_model(doubling, num_cores=1)
    assert len(list_claims(folder)) == 1
    del engine
    gc.collect()
    assert list_claims(folder) == []


def test_a_process_that_just_ends_leaves_nothing(start: Start, folder: Path) -> None:
    child = start("context = Context(num_cores=1); say('ready'); wait()")
    child.communicate("\n")
    assert list_claims(folder) == []


def test_a_process_holds_a_cpu_for_as_long_as_one_of_its_engines_does(start: Start) -> None:
    child = start("""
first, second = Context(num_cores=1), Context(num_cores=1)
say("ready"); wait()
first.close()
say("one"); wait()
second.close()
say("none"); wait()
""")
    assert tell(child) == "one"
    assert "by train.py" in warnings_of_a_context(num_cores=1)[0]
    assert tell(child) == "none"
    assert warnings_of_a_context(num_cores=1) == []


def test_engines_of_one_process_do_not_rival_each_other() -> None:
    with Context(num_cores=1):
        assert warnings_of_a_context(num_cores=1) == []
        # nor do they take cores from each other: a cell that is run twice builds the new engine beside the old one
        with Context(num_cores=1, cores="free") as free:
            assert planned_cpus(free) == [FIRST]


def test_threads_that_build_engines_at_once_do_not_rival_each_other() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        threads = [threading.Thread(target=lambda: Context(num_cores=1).close()) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [str(warning.message) for warning in caught] == []


@pytest.mark.usefixtures("two_cores")
def test_free_cores_are_those_that_nobody_else_holds(start: Start, doubling: ModelProto) -> None:
    start(HOLD_ONE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with compile_model(doubling, cores="free") as engine:
            assert FIRST not in planned_cpus(engine)
            assert engine.num_cores == len(Topology.detect().usable_cores) - 1
            engine.set_num_streams(engine.num_cores)
            assert FIRST not in planned_cpus(engine)


def test_too_few_free_cores_are_an_error_that_says_who_holds_them(start: Start) -> None:
    child = start("context = Context(); say('ready'); wait()")
    with pytest.raises(CoresHeldError, match=rf"0 of \d+ cores are free.*train.py \(pid {child.pid}, .*close"):
        Context(cores="free")


@pytest.mark.usefixtures("two_cores")
def test_more_free_cores_than_there_are_is_an_error(start: Start) -> None:
    start(HOLD_ONE)
    cores = len(Topology.detect().usable_cores)
    with pytest.raises(CoresHeldError, match=f"num_cores={cores}.*{cores - 1} of {cores} cores.*at most {cores - 1}"):
        Context(num_cores=cores, cores="free")
    Context(num_cores=cores - 1, cores="free").close()


def test_who_starts_at_once_gets_cores_of_its_own(start: Start) -> None:
    usable = len(Topology.detect().usable_cores)
    contender = """
say("ready")
while True:
    wait()
    try:
        context = Context(num_cores=1, cores="free")
        say(*(cpu for stream in context.plan.streams for cpu in stream.cpus))
    except DeepschedError as error:
        say(type(error).__name__)
    wait()
    context = None
    say("done")
"""
    children = [start(contender) for _ in range(usable + 2)]
    for _ in range(10):
        # WHEN more processes than there are cores ask for a free one at the same moment
        for child in children:
            child.stdin.write("\n")
        for child in children:
            child.stdin.flush()
        answers = [hear(child) for child in children]
        # THEN each core is taken once, and the others are told
        taken = [answer for answer in answers if answer.isdigit()]
        assert len(taken) == len(set(taken)) == usable, answers
        assert answers.count("CoresHeldError") == 2, answers
        assert [tell(child) for child in children] == ["done"] * len(children)


FORK = """
context = Context(num_cores=1)
child = os.fork()
if child == 0:
    wait()
    with warnings.catch_warnings(record=True) as caught:
        Context(num_cores=1).close()
    say(*(str(warning.message) for warning in caught))
    del context
    gc.collect()
    os._exit(0)  # onnxruntime itself does not survive the usual way out of a forked child
say('ready')
os.waitpid(child, 0)
say('ended')
wait()
"""


def test_a_forked_child_does_not_release_its_parents_claim(start: Start, folder: Path) -> None:
    parent = start(FORK)
    assert f"by train.py (pid {parent.pid}" in tell(parent), "the child is another process than its parent"
    assert hear(parent) == "ended"
    assert len(list_claims(folder)) == 1
    assert warnings_of_a_context(num_cores=1)


def test_a_forked_child_does_not_keep_its_parents_claim(start: Start, folder: Path) -> None:
    parent = start("""
context = Context(num_cores=1)
if os.fork() > 0:
    say("ready")
wait()
os._exit(0)
""")
    assert warnings_of_a_context(num_cores=1)
    parent.kill()
    parent.wait()
    assert warnings_of_a_context(num_cores=1) == []
    assert list_claims(folder) == []


@pytest.mark.usefixtures("two_cores")
def test_set_num_streams_keeps_the_claim(folder: Path, doubling: ModelProto) -> None:
    with compile_model(doubling, num_streams=2) as engine:
        before = list_claims(folder)
        engine.set_num_streams(1)
        assert list_claims(folder) == before
        assert len(before) == 1


def test_threads_that_are_not_pinned_hold_no_cpus(start: Start, folder: Path) -> None:
    start(HOLD_ONE)
    before = list_claims(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Context(num_cores=1, pinning="none"):
            assert list_claims(folder) == before


def test_a_warning_that_is_an_error_leaves_no_claim(start: Start, folder: Path) -> None:
    start(HOLD_ONE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DeepschedWarning):
            Context(num_cores=1)
    assert len(list_claims(folder)) == 1


def test_mistakes_are_told(doubling: ModelProto) -> None:
    with pytest.raises(OptionError, match="cores is 'some'; expected None, or 'free'"):
        compile_model(doubling, cores="some")
    with Context(num_cores=1) as context, pytest.raises(OptionError, match="belong to the context"):
        compile_model(doubling, context=context, cores="free")


def test_a_core_is_claimed_with_all_its_hardware_threads() -> None:
    plan = plan_streams("pack:1 l3:1 core:4 pu:2", num_cores=2)
    assert [cpu for stream in plan.streams for cpu in stream.cpus] == [0, 2]
    assert find_core_cpus(plan) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (["/home/someone/train.py", "--token=secret"], "train.py"),
        (["/lib/python/deepsched/__main__.py", "serve"], "deepsched"),
        (["-c"], "python -c"),
        ([""], "python"),
        ([], "python"),
    ],
)
def test_a_process_is_named_after_its_command(monkeypatch: pytest.MonkeyPatch, argv: list[str], name: str) -> None:
    monkeypatch.setattr(sys, "argv", argv)
    assert name_process() == name


def test_a_kernel_is_named_after_its_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/someone/analysis.ipynb")
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    assert name_process() == "analysis.ipynb"
