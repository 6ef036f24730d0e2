"""What the lab and its page say to each other: the traits, and which of the two writes each."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import Any

import anywidget
import traitlets as t

from deepsched.planning import Scheduler
from deepsched_widgets.cell_widget import CellWidget
from deepsched_widgets.lab.arrivals import LEAST_RATE, MOST_RATE
from deepsched_widgets.lab.choices import MOST_CLIENTS
from deepsched_widgets.page_files import join_script, join_styles

LOADS = ("clients", "rate")


class LabPage(CellWidget):
    """The lab as its page sees it.

    Beside the traits there are messages. From the page: ``{"choose": "model" | "machine", "value": text}``,
    ``{"compare": true | false}`` and ``{"ask": "run" | "trace"}``. To the page: ``{"download": name}`` with one buffer.
    """

    _esm = join_script("stream_lab")
    _css = join_styles("stream_lab")

    @cached_property
    def _lock(self) -> threading.RLock:
        return threading.RLock()

    # The page's thread, a cell's and a job's all write to the lab, and a widget is made for one thread: two at once may
    # lose a value, or find a dictionary changed.

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take values from the page."""
        with self._lock:
            super().set_state(sync_data)

    def __setattr__(self, name: str, value: Any) -> None:
        with self._lock:
            super().__setattr__(name, value)

    # Kernel to page

    machine_map = anywidget.WidgetTrait().tag(sync=True)
    """The map."""
    chart = anywidget.WidgetTrait().tag(sync=True)
    """Throughput and latency as they come."""
    timeline = anywidget.WidgetTrait().tag(sync=True)
    """The last requests of one or two settings."""
    sweep = anywidget.WidgetTrait().tag(sync=True)
    """Throughput and latency against num_streams."""
    choices = t.Dict().tag(sync=True)
    """What can be chosen: `models`, `machines` and `code_kinds` as pairs of value and label, `workloads` as names."""
    limits = t.Dict().tag(sync=True)
    """`max_streams`, `max_threads_per_core`, `max_clients`, `min_rate`, `max_rate`; whether runs are
    measured (`measurable`), or simulated for another machine; and which controls are `fixed`.
    """
    model = t.Unicode().tag(sync=True)
    """The model in force, one of `choices` or a path; empty for one that only Python has. See `choose_model`."""
    machine = t.Unicode().tag(sync=True)
    """The machine in force, one of `choices` or what `Topology.load` takes. See `choose_machine`."""
    errors = t.Dict().tag(sync=True)
    """Why the last choice of `model` or `machine` was refused, by its name."""
    heading = t.Unicode().tag(sync=True)
    """What runs where."""
    sentence = t.Unicode().tag(sync=True)
    """The plan or the run in words."""
    prediction = t.Unicode().tag(sync=True)
    """What was predicted of the setting that runs or ran, in words; empty if nothing."""
    note = t.Unicode().tag(sync=True)
    """What there is to know before a number is believed, why a run ended, or what went wrong."""
    findings = t.List(t.Dict()).tag(sync=True)
    """What there is to say of the plan, each with `options`: the num_streams that its suggestion means, and labels."""
    state = t.Enum(("idle", "running", "tuning"), "idle").tag(sync=True)
    """Whether a run or a search is on."""
    seconds = t.Float().tag(sync=True)
    """A run stops by itself after so long."""
    progress = t.Float(0.0).tag(sync=True)
    """How far a search is, from 0 to 1."""
    progress_words = t.Unicode().tag(sync=True)
    """What a search is trying."""
    verdict = t.Dict().tag(sync=True)
    """What the last search found: `words`, `scheduler`, `num_streams`, `threads_per_core`, `label`; empty before."""
    compared = t.Unicode().tag(sync=True)
    """The title of the plan that is kept to compare others with; empty if none."""
    code = t.Unicode().tag(sync=True)
    """The setting as text of the kind `code_kind`."""
    downloads = t.List(t.Unicode()).tag(sync=True)
    """What there is to download: ``"run"``, ``"trace"``."""

    # Page to kernel. All may be set from Python as well.

    scheduler = t.Enum((Scheduler.multi_stream.value, Scheduler.single_stream.value)).tag(sync=True, echo_update=False)
    """The scheduler."""
    num_streams = t.Int(1, min=1).tag(sync=True, echo_update=False)
    """The slider."""
    threads_per_core = t.Int(1, min=1).tag(sync=True, echo_update=False)
    """How many hardware threads of a core its stream takes."""
    load = t.Enum(LOADS, LOADS[0]).tag(sync=True, echo_update=False)
    """Whether `clients` send requests, each when its last one is answered, or requests come at a `rate`."""
    clients = t.Int(1, min=0, max=MOST_CLIENTS).tag(sync=True, echo_update=False)
    """How many clients; 0 only watches what others send to an engine."""
    rate = t.Float(10.0, min=LEAST_RATE, max=MOST_RATE).tag(sync=True, echo_update=False)
    """Requests per second."""
    workload = t.Unicode().tag(sync=True, echo_update=False)
    """What is simulated, one of the `choices`."""
    predict = t.Bool(False).tag(sync=True, echo_update=False)
    """Whether to show beside the measured mean what a simulation predicts."""
    code_kind = t.Unicode().tag(sync=True, echo_update=False)
    """Which text `code` holds, one of the `choices`; empty for none."""
    running = t.Bool(False).tag(sync=True, echo_update=False)
    """Start and stop. The kernel takes it back when a run ends by itself."""
    tuning = t.Bool(False).tag(sync=True, echo_update=False)
    """Start and stop a search for the best setting. The kernel takes it back when it is over."""
