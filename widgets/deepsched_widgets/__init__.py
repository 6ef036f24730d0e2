"""deepsched in a notebook: the machine's map, the live chart, and the lab that joins them."""

from __future__ import annotations

from deepsched_widgets.machine_map import MachineMap
from deepsched_widgets.stream_lab import StreamLab
from deepsched_widgets.throughput_chart import ThroughputChart

__all__ = ["MachineMap", "StreamLab", "ThroughputChart"]
