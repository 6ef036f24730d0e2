"""How busy each cpu is."""

from __future__ import annotations

import time
from typing import NamedTuple

import psutil
import pytest

from deepsched import Topology
from deepsched_widgets.lab import core_load
from deepsched_widgets.lab.core_load import CoreLoad

HERE = Topology.detect()


class Times(NamedTuple):
    """What psutil says of a cpu, in seconds."""

    user: float
    system: float
    idle: float
    iowait: float
    guest: float


def read(monkeypatch, *readings) -> dict[int, float]:
    remaining = list(readings)
    monkeypatch.setattr(core_load.psutil, "cpu_times", lambda percpu: remaining.pop(0))
    return CoreLoad(Topology.from_synthetic(f"pack:1 core:{len(readings[0])} pu:1")).read()


def test_this_machines_cpus_are_all_there():
    load = CoreLoad(HERE)
    time.sleep(0.1)
    levels = load.read()
    assert set(levels) == {thread.cpu for thread in HERE.threads}
    assert all(0 <= level <= 100 for level in levels.values())


def test_waiting_for_a_disk_is_idle_and_guests_count_once(monkeypatch):
    zero, later = Times(0.0, 0.0, 0.0, 0.0, 0.0), Times(1.0, 1.0, 1.0, 1.0, 1.0)
    assert read(monkeypatch, [zero], [later]) == {0: 50.0}


def test_cpus_are_in_their_order(monkeypatch):
    zero = Times(0.0, 0.0, 0.0, 0.0, 0.0)
    busy, idle = Times(1.0, 0.0, 0.0, 0.0, 0.0), Times(0.0, 0.0, 1.0, 0.0, 0.0)
    assert read(monkeypatch, [zero, zero], [busy, idle]) == {0: 100.0, 1: 0.0}


@pytest.mark.parametrize("later", [Times(0.0, 0.0, 0.0, 0.0, 0.0), Times(0.0, 0.0, -5.0, 2.0, 0.0)])
def test_a_clock_that_stands_or_runs_back_is_no_load(monkeypatch, later):
    # Linux' own idle times go back a little at times.
    assert read(monkeypatch, [Times(0.0, 0.0, 0.0, 0.0, 0.0)], [later]) == {0: 0.0}


def test_nothing_is_said_of_cpus_that_come_and_go(monkeypatch):
    zero = Times(0.0, 0.0, 0.0, 0.0, 0.0)
    assert read(monkeypatch, [zero, zero], [zero]) == {}


def test_psutils_own_memory_is_left_alone():
    # GIVEN somebody else who asks psutil for what went on since they asked last
    psutil.cpu_percent(percpu=True)
    load = CoreLoad(HERE)
    time.sleep(0.2)
    load.read()
    # THEN they are still told of the whole time, not of a moment that is too short for any figure
    assert len(psutil.cpu_percent(percpu=True)) == len(HERE.threads)
