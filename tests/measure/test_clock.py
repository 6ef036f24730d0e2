"""Where Ctrl-C may strike a measurement, and where it waits."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from deepsched.measure.clock import InterruptGate, MonotonicClock


def strike() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_a_signal_waits_until_the_gate_is_open() -> None:
    steps = []
    with InterruptGate() as gate:
        strike()
        steps.append("went on")
        with pytest.raises(KeyboardInterrupt), gate.opened():
            steps.append("not reached")
    assert steps == ["went on"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_signal_strikes_while_it_is_open() -> None:
    with InterruptGate() as gate:
        with pytest.raises(KeyboardInterrupt), gate.opened():
            strike()
        # WHEN a second one comes while the first is tidied up
        strike()
        assert gate.pending


def test_a_signal_ends_a_sleep() -> None:
    timer = threading.Timer(0.1, strike)
    with InterruptGate() as gate:
        clock = MonotonicClock(gate)
        timer.start()
        begin = clock.now()
        with pytest.raises(KeyboardInterrupt):
            clock.sleep_until(begin + 60)
        assert clock.now() < begin + 60
    timer.join()


def test_a_moment_that_is_past_lets_a_signal_through() -> None:
    with InterruptGate() as gate:
        strike()
        with pytest.raises(KeyboardInterrupt):
            MonotonicClock(gate).sleep_until(0.0)


def test_it_sleeps_until_then() -> None:
    with InterruptGate() as gate:
        clock = MonotonicClock(gate)
        moment = clock.now() + 0.05
        clock.sleep_until(moment)
        assert time.perf_counter() >= moment


def test_a_program_that_handles_the_signal_itself_is_let_be() -> None:
    seen = []
    previous = signal.signal(signal.SIGINT, lambda *_: seen.append("mine"))
    try:
        with InterruptGate():
            strike()
        assert seen == ["mine"]
    finally:
        signal.signal(signal.SIGINT, previous)


def test_other_threads_have_no_signals_to_guard() -> None:
    held = []

    def measure() -> None:
        with InterruptGate() as gate, gate.opened():
            held.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=measure)
    thread.start()
    thread.join()
    assert held == [signal.default_int_handler]
