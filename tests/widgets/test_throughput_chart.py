"""The chart scrolls, and stays as large as it was."""

from __future__ import annotations

import numpy as np

from deepsched.telemetry import summarise
from deepsched_widgets import ThroughputChart
from deepsched_widgets.lab_words import describe_sample
from deepsched_widgets.live_run import Sample


def make_sample(throughput: int, num_streams: int = 2) -> Sample:
    rows = [(0, 0.0, 0.001, 0.010, 1)] * throughput
    snapshot = summarise(rows, at=1.0, window=1.0, num_streams=num_streams)
    return Sample(snapshot, "multi_stream", num_streams)


def test_samples_scroll_in_from_the_right():
    chart = ThroughputChart()
    length = len(chart.data[0].y)
    for throughput in range(1, 4):
        chart.show_sample(make_sample(throughput))
    assert list(chart.data[0].y[-3:]) == [1, 2, 3]
    assert np.isnan(chart.data[0].y[:-3]).all()
    assert all(len(trace.y) == length and trace.y.dtype == np.float32 for trace in chart.data)
    assert round(float(chart.data[2].y[-1]), 3) == 10.0
    chart.close()


def test_an_update_is_of_constant_size(wire):
    chart = ThroughputChart()
    wire.messages.clear()
    sizes = []
    for throughput in (1, 1000):
        chart.show_sample(make_sample(throughput))
        sizes.append(sum(memoryview(buffer).nbytes for _, buffers in wire.messages for buffer in buffers))
        assert len(wire.messages) == 4  # of which one carries data
        wire.messages.clear()
    assert sizes[0] == sizes[1] < 4000
    chart.close()


def test_repr_is_the_same_everywhere():
    chart = ThroughputChart()
    assert repr(chart) == "ThroughputChart(points=120)"
    chart.close()


def test_rates_of_any_size_are_written_without_exponents(golden_plan):
    words = describe_sample(golden_plan, make_sample(12_345))
    assert words.startswith("2 streams, 12345 items/s, p50 10.0 ms")
