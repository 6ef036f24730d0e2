"""deepsched in a notebook: the machine's map, charts, requests over time, and the lab that joins them."""

from __future__ import annotations

from deepsched_widgets.lab.live_run import Sample
from deepsched_widgets.machine_map import MachineMap
from deepsched_widgets.request_timeline import RequestTimeline
from deepsched_widgets.stream_lab import StreamLab
from deepsched_widgets.sweep_chart import SweepChart
from deepsched_widgets.throughput_chart import ThroughputChart

__all__ = ["MachineMap", "RequestTimeline", "Sample", "StreamLab", "SweepChart", "ThroughputChart"]
