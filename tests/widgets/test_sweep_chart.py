"""The sweep on a page: what it sends and says."""

from __future__ import annotations

import gzip
import json

import pytest

from deepsched import Topology
from deepsched.errors import OptionError
from deepsched.render import SweepPoint
from deepsched_widgets import SweepChart

POINTS = [SweepPoint(n, 100.0 * n, 95.0 * n, 105.0 * n, 0.01, 0.02, aligned=n != 3) for n in (1, 2, 3, 4)]


@pytest.fixture
def make_chart():
    charts = []

    def make(*args, **kwargs) -> SweepChart:
        charts.append(SweepChart(*args, **kwargs))
        return charts[-1]

    yield make
    for chart in charts:
        chart.close()


def test_it_says_what_is_best_and_lists_all(make_chart):
    chart = make_chart(POINTS, Topology.from_synthetic("pack:2 l3:1 core:8 pu:1"))
    assert "Best throughput: 400 items/s at num_streams=4, measured." in chart.label
    assert [row[0] for row in chart.table["rows"]] == ["1", "2", "3", "4"]
    assert chart.table["rows"][2] == ["3", "measured", "300", "285 to 315", "10", "20", "straddles"]
    assert chart.layout_of_figure["annotations"][0]["text"] == "one stream a socket, an L3"


def test_others_are_shown_in_one_small_message(make_chart, wire):
    chart = make_chart(POINTS)
    wire.messages.clear()
    chart.show([*POINTS, *(SweepPoint(n, 1.0, 1.0, 1.0, 1.0, 1.0, origin="simulated") for n in range(1, 65))])
    assert len(wire.messages) == 1
    assert len(json.dumps(wire.messages[0][0])) < 30_000


def test_single_stream_is_a_level_with_a_name(make_chart):
    chart = make_chart([*POINTS, SweepPoint(1, 50.0, 48.0, 52.0, 0.005, 0.006, scheduler="single_stream")])
    levels = [trace for trace in chart.data if trace.get("name") == "single_stream, measured"]
    assert [(trace["x"], trace["y"]) for trace in levels] == [([1, 2, 3, 4], [50] * 4), ([1, 2, 3, 4], [5] * 4)]
    assert "single_stream" in [note["text"] for note in chart.layout_of_figure["annotations"]]
    assert chart.table["rows"][0][:3] == ["single_stream", "measured", "50"]


def test_another_machine_may_come_with_other_points(make_chart):
    chart = make_chart(POINTS, Topology.from_synthetic("pack:2 l3:1 core:8 pu:1"))
    chart.show(POINTS, Topology.from_synthetic("pack:1 l3:4 core:2 pu:1"))
    assert [note["text"] for note in chart.layout_of_figure["annotations"]] == ["one stream an L3"]
    with pytest.raises(OptionError, match="twice"):
        chart.show([*POINTS, POINTS[0]])
    assert repr(chart) == "SweepChart(4 points)"


def test_an_empty_one_says_what_to_do(make_chart):
    assert "or tune" in make_chart().layout_of_figure["annotations"][0]["text"]
    assert "or tune" in make_chart()._repr_mimebundle_()[0]["image/svg+xml"]


def test_a_page_asks_for_plotly_once_and_gets_all_of_it(make_chart, wire):
    chart = make_chart(POINTS)
    wire.messages.clear()
    chart._handle_custom_msg({"ask": "plotly"}, [])
    chart._handle_custom_msg({"ask": "something else"}, [])
    ((message, (packed,)),) = wire.messages
    assert message["content"] == {"plotly": "gzip"}
    assert len(packed) < 2_000_000
    assert b"plotly.js" in gzip.decompress(packed)[:200]


def test_text_and_picture_for_where_no_kernel_lives(make_chart):
    chart = make_chart(POINTS, title="golden")
    data, _ = chart._repr_mimebundle_()
    assert data["text/plain"] == repr(chart) == "SweepChart(4 points)"
    assert data["image/svg+xml"].startswith("<svg")
    assert chart._repr_mimebundle_()[0] == data


def test_no_points_are_no_mistake_and_two_of_a_kind_are(make_chart):
    assert make_chart([]).label.endswith("no points yet.")
    with pytest.raises(OptionError, match="twice"):
        make_chart([*POINTS, POINTS[0]])


def test_its_script_is_small():
    assert len(str(SweepChart._esm).encode()) < 20_000
