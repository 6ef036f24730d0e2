"""Widgets without a kernel: what they would send to a page is counted instead."""

from __future__ import annotations

import pytest

from deepsched import Topology, plan_streams
from deepsched_widgets import StreamLab
from deepsched_widgets.lab import live_run, measured_run


class Wire:
    """Every message that a widget would have sent, as (its state, its binary buffers)."""

    def __init__(self) -> None:
        self.messages: list[tuple[dict, list]] = []

    def send(self, data=None, metadata=None, buffers=None, **_rest) -> None:
        self.messages.append((data, buffers or []))


@pytest.fixture
def wire(monkeypatch):
    wire = Wire()
    monkeypatch.setattr("comm.base_comm.BaseComm.send", lambda _comm, *args, **kwargs: wire.send(*args, **kwargs))
    return wire


@pytest.fixture(autouse=True)
def short_periods(monkeypatch):
    """A run says five times as often what it gives, so that tests wait a fifth as long."""
    for module in (live_run, measured_run):
        monkeypatch.setattr(module, "PERIOD", module.PERIOD / 5)


@pytest.fixture
def make_lab():
    labs = []

    def make(*args, **kwargs) -> StreamLab:
        labs.append(StreamLab(*args, **kwargs))
        return labs[-1]

    yield make
    for lab in labs:
        lab.close()


@pytest.fixture
def golden_plan():
    return plan_streams(Topology.from_synthetic("pack:2 l3:1 core:8 pu:1"), 3)
