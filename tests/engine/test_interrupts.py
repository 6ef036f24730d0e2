"""Ctrl-C, fork, and the end of the process: each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

SETUP = """
import os, random, signal, sys, threading, time
import numpy as np
from onnx import parser
from deepsched import Context, DeepschedError, MultiModelEngine, compile_model

def parse(text):
    return parser.parse_model('<ir_version: 9, opset_import: ["": 17]> ' + text)

doubling = parse("doubling (float[N,3] x) => (float[N,3] y) { y = Add(x, x) }")
slow = parse('''slow (float[N,N] x, int64 times) => (float[N,N] y) {
    yes = Constant <value = bool {1}> ()
    y = Loop (times, yes, x) <body = step (int64 i, bool go, float[N,N] v) => (bool goes_on, float[N,N] w) {
        goes_on = Identity(go)
        product = MatMul(v, v)
        w = Tanh(product)
    }>
}''')
ones = [np.ones((1, 3), np.float32)]
image = np.ones((256, 256), np.float32)
own = os.sched_getaffinity(0)

def interrupt_when(holds):
    def watch():
        while not holds():
            time.sleep(0.001)
        time.sleep(0.01)  # the main thread blocks right after what was seen; too early would be no less right
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    threading.Thread(target=watch, daemon=True).start()

def count_streams(context):
    held = []
    try:
        while True:
            held.append(context.acquire(0))
    except DeepschedError:
        pass
    for stream in held:
        context.release(stream)
    return len(held)

"""

IN_THE_QUEUE = """
engine = compile_model(doubling)
stream = engine.context.acquire()
interrupt_when(lambda: engine.context.queue_depth == 1)
try:
    engine.run(ones)
except KeyboardInterrupt:
    print("interrupted")
assert engine.context.queue_depth == 0
engine.context.release(stream)
assert engine.run(ones, timeout=0)[0].tolist() == [[2, 2, 2]]
engine.close()
"""

WHILE_RUNNING = """
engine = compile_model(slow, num_cores=1)
engine.run([image, np.array(1)])
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    while True:
        engine.run([image, np.array(100)])
except KeyboardInterrupt:
    print("interrupted")
assert os.sched_getaffinity(0) == own
assert count_streams(engine.context) == 1
engine.close()
"""

WHILE_SWITCHING = """
context = Context(num_streams=1, num_cores=2)
engine = MultiModelEngine(doubling, None, context)
stream = context.acquire()
# The new streams serve requests; the change still waits for the old one.
interrupt_when(lambda: count_streams(context) == 2)
try:
    engine.set_num_streams(2)
except KeyboardInterrupt:
    print("interrupted")
context.release(stream)
there = count_streams(context)
assert engine.num_streams == there, f"there are {there} streams, not {engine.num_streams} as the engine says"
other = MultiModelEngine(slow, None, context)
other.run([image, np.array(1)])
engine.set_num_streams(1)
assert count_streams(context) == 1
context.close()
"""

WHILE_CLOSING = """
engine = compile_model(doubling)
stream = engine.context.acquire()
interrupt_when(lambda: engine.context.closed)
try:
    engine.close()
except KeyboardInterrupt:
    print("interrupted")
engine.context.release(stream)
engine.close()
deadline = time.monotonic() + 10
while engine.verify_pinning():
    assert time.monotonic() < deadline, "threads are left"
    time.sleep(0.001)
"""

AGAIN_AND_AGAIN = """
engine = compile_model(doubling, scheduler="multi_stream", num_streams=2)
engine.run(ones)
signal.signal(signal.SIGALRM, signal.default_int_handler)
choice = random.Random(0)
interrupts, deadline = 0, time.monotonic() + 3
while time.monotonic() < deadline:
    try:
        signal.setitimer(signal.ITIMER_REAL, choice.uniform(1e-5, 2e-4))
        while True:
            engine.run(ones)
    except KeyboardInterrupt:
        interrupts += 1
    os.sched_setaffinity(0, own)
    streams = count_streams(engine.context)
    assert streams == 2, f"after {interrupts} interrupts {2 - streams} of 2 streams are lost"
print("interrupted")
"""

FORK = """
engine = compile_model(slow)
expected = engine.run([image, np.array(5)])[0]
child = os.fork()
if child == 0:
    # An engine of the child's own.
    with compile_model(slow) as engine:
        same = np.allclose(engine.run([image, np.array(5)])[0], expected)
    os._exit(0 if same else 1)
assert os.waitpid(child, 0)[1] == 0
assert np.allclose(engine.run([image, np.array(5)])[0], expected)
engine.close()
print("forked")
"""

EXIT_WITHOUT_CLOSE = """
engine = compile_model(slow, scheduler="multi_stream", num_streams=2)
list(engine.map([[image, np.array(5)]] * 4))
print("left")
"""


@pytest.mark.timeout(120)
@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize(
    ("script", "word"),
    [
        pytest.param(IN_THE_QUEUE, "interrupted", id="Ctrl-C in the queue"),
        pytest.param(WHILE_RUNNING, "interrupted", id="Ctrl-C while a request runs"),
        pytest.param(WHILE_SWITCHING, "interrupted", id="Ctrl-C while streams change"),
        pytest.param(WHILE_CLOSING, "interrupted", id="Ctrl-C while the engine closes"),
        pytest.param(AGAIN_AND_AGAIN, "interrupted", id="Ctrl-C at any moment"),
        pytest.param(FORK, "forked", id="fork"),
        pytest.param(EXIT_WITHOUT_CLOSE, "left", id="exit without close"),
    ],
)
def test_the_engine_survives(script: str, word: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SETUP + script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == word
