"""The live chart: what of a run it shows, what it keeps, and how little it sends."""

from __future__ import annotations

import json
from dataclasses import replace
from math import isnan
from statistics import stdev

import pytest

from deepsched import Topology
from deepsched.errors import OptionError
from deepsched.simulation import WORKLOADS
from deepsched.telemetry import summarise
from deepsched_widgets import SweepChart, ThroughputChart
from deepsched_widgets.lab.live_run import PERIOD, Sample
from deepsched_widgets.lab.prediction import Prediction
from deepsched_widgets.lab.words import describe_sample


def make_sample(
    throughput: int, num_streams: int = 2, *, at: float = 1.0, scheduler: str = "multi_stream", **more
) -> Sample:
    rows = [(0, at - 0.01, at - 0.009, at, 1)] * throughput
    return Sample(summarise(rows, at=at, window=1.0, num_streams=num_streams), scheduler, num_streams, **more)


@pytest.fixture
def chart():
    chart = ThroughputChart(4)
    yield chart
    chart.close()


def run(chart, *settings: int, each: int = 3, at: float = 100.0) -> float:
    """Show `each` samples of each num_streams, with 100 items/s a stream, and give the time of the next."""
    for num_streams in settings:
        for _ in range(each):
            chart.show_sample(make_sample(100 * num_streams, num_streams, at=at))
            at += PERIOD
    return at


def names(chart) -> list[str]:
    """Give the names of the changes, without the headings."""
    return [note["text"] for note in chart.layout_of_figure["annotations"] if "yref" not in note]


def lines(chart) -> dict[str, list]:
    return {trace["name"]: trace["y"] for trace in chart.data if trace.get("mode") == "lines"}


def bars(chart) -> dict[str, dict[str, float]]:
    return {t["name"]: dict(zip(t["x"], t["y"], strict=True)) for t in chart.data if t["type"] == "bar"}


class TestLines:
    def test_samples_follow_each_other_in_time(self, chart):
        for i, throughput in enumerate((1, 2, 3)):
            chart.show_sample(make_sample(throughput, at=100 + i * PERIOD))
        assert lines(chart) == {"items/s": [1, 2, 3], "p50": [10, 10, 10], "p99": [10, 10, 10]}
        assert chart.data[0]["x"] == [0.5, 1.0, 1.5]

    def test_time_without_a_sample_is_a_gap(self, chart):
        run(chart, 2, at=run(chart, 2) + 5)
        assert lines(chart)["items/s"] == [200, 200, 200, None, 200, 200, 200]

    def test_a_period_without_requests_has_no_latency(self, chart):
        chart.show_sample(make_sample(0))
        assert lines(chart) == {"items/s": [0], "p50": [None], "p99": [None]}

    def test_the_last_minute_is_shown(self, chart):
        run(chart, 1, each=400)
        assert len(lines(chart)["items/s"]) == 120
        assert chart.layout_of_figure["xaxis"]["range"] == [140, 200]

    def test_the_axis_of_time_grows_and_scrolls_by_steps(self, chart):
        axes = []
        for i in range(150):
            chart.show_sample(make_sample(100, at=100 + i * PERIOD))
            axis = chart.layout_of_figure["xaxis"]
            seen = (*axis["range"], axis["dtick"])
            axes += [] if axes[-1:] == [seen] else [seen]
        assert axes == [(0, 10, 2), (0, 20, 5), (0, 30, 5), (0, 60, 10), (5, 65, 10), (10, 70, 10), (15, 75, 10)]

    def test_times_are_sent_once(self, chart):
        run(chart, 1)
        assert ["x" in trace for trace in chart.data[:3]] == [True, False, False]


class TestChanges:
    def test_each_change_is_a_line_with_its_name(self, chart):
        at = run(chart, 1, 2, each=5)
        chart.show_sample(make_sample(90, 1, at=at, scheduler="single_stream"))
        layout = chart.layout_of_figure
        assert names(chart) == ["1 stream", "2 streams", "single_stream"]
        assert [note["x"] for note in layout["annotations"][:3]] == [0.0, 2.5, 5.0]
        assert [shape["path"] for shape in layout["shapes"]] == ["M0.0,0V1M2.5,0V1M5.0,0V1"] * 2

    def test_of_a_storm_the_last_is_named(self, chart):
        run(chart, 1, each=50)
        run(chart, 2, 3, 2, 4, each=1, at=125)
        assert names(chart) == ["1 stream", "4 streams"]
        assert chart.layout_of_figure["shapes"][0]["path"].count("M") == 5

    def test_a_name_stands_clear_of_the_line(self, chart):
        run(chart, 1, 4, each=5)
        low, high = (note for note in chart.layout_of_figure["annotations"] if "yref" not in note)
        assert low["y"] > 0.9
        assert "y" not in high  # below, as by default

    def test_a_change_of_the_load_says_what_is_new(self, chart):
        small, large = (replace(WORKLOADS[0], name=name) for name in ("small", "large"))
        loads = [{"clients": 4}, {"clients": 16}, {"rate": 50.0}, {"rate": 50.0, "workload": small}]
        for i, load in enumerate([*loads, {"clients": 1, "workload": large}]):
            chart.show_sample(make_sample(100, at=100 + 4 * i, **load))
        assert names(chart) == ["2 streams", "16 clients", "50 requests/s", "small", "1 client, large"]


class TestMeans:
    def test_each_setting_keeps_its_mean_and_spread(self, chart):
        for i, throughput in enumerate((90, 100, 110)):
            chart.show_sample(make_sample(throughput, 1, at=100 + i * PERIOD))
        run(chart, 2, at=102)
        assert bars(chart) == {"measured": {"1": 100, "2": 200}}
        (trace,) = [trace for trace in chart.data if trace["type"] == "bar"]
        assert trace["error_y"]["array"] == [10, 0]
        assert chart.table["rows"][0] == ["1 stream", "measured", "3", "100", "10", "unknown", "10", "10"]

    def test_one_period_has_no_spread(self, chart):
        run(chart, 1, each=1)
        assert chart.data[3]["error_y"]["array"] == [None]

    def test_they_outlive_a_run_until_they_are_forgotten(self, chart):
        run(chart, 1, 2)
        chart.start_run()
        assert bars(chart) == {"measured": {"1": 100, "2": 200}}
        assert lines(chart)["items/s"] == []
        chart.forget()
        assert bars(chart) == {}

    def test_they_have_their_places_from_the_first(self, chart):
        run(chart, 3)
        assert chart.layout_of_figure["xaxis2"]["categoryarray"] == ["1", "2", "3", "4"]

    def test_means_of_another_load_do_not_compare_and_come_back_with_it(self, chart):
        for i, (rate, clients) in enumerate(((100, 4), (200, 16))):
            chart.show_sample(make_sample(rate, 1, at=100 + i, clients=clients))
        assert bars(chart) == {"measured": {"1": 200}}
        assert any("16 clients" in note["text"] for note in chart.layout_of_figure["annotations"])
        chart.show_sample(make_sample(300, 2, at=102, clients=4))
        assert bars(chart) == {"measured": {"1": 100, "2": 300}}

    def test_what_was_predicted_stands_beside_what_was_measured(self, chart):
        chart.show_sample(make_sample(100, 2, prediction=Prediction(120.0, 100.0, 1)))
        assert bars(chart) == {"measured": {"2": 100}, "predicted (simulated)": {"2": 120}}
        measured, predicted = (trace["marker"] for trace in chart.data if trace["type"] == "bar")
        assert "pattern" in predicted
        assert "pattern" not in measured
        assert chart.table["rows"][0][5] == "120"


class TestPoints:
    def test_each_mean_is_a_point_with_the_interval_of_the_mean(self, chart):
        # GIVEN sixteen periods of two streams that differ by 10 items/s, and some of single_stream
        for i in range(16):
            chart.show_sample(make_sample(90 + 20 * (i % 2), 2, at=100 + i * PERIOD))
        chart.show_sample(make_sample(50, 1, at=110, scheduler="single_stream"))
        # THEN the interval is 1.96 standard errors, a quarter of the deviation
        single, point = chart.points()
        assert (point.num_streams, point.throughput, point.p50) == (2, 100, pytest.approx(0.01))
        assert point.high - 100 == 100 - point.low == pytest.approx(1.96 * stdev([90, 110] * 8) / 4)
        # AND one period alone has none
        assert single.single
        assert isnan(single.low)
        SweepChart(chart.points()).close()

    def test_they_say_where_they_come_from_and_how_the_plan_fits(self, chart, golden_plan):
        chart.start_run("simulated")
        run(chart, 2, 3)
        assert [point.origin for point in chart.points()] == ["simulated"] * 2
        assert [point.aligned for point in chart.points(golden_plan.topology)] == [True, False]

    def test_settings_of_another_machine_are_left_out_without_a_warning(self, chart, recwarn):
        run(chart, 2, 3)
        assert [point.num_streams for point in chart.points(Topology.from_synthetic("core:2 pu:1"))] == [2]
        assert not recwarn.list


class TestOrigins:
    def test_measured_and_simulated_differ_without_colour(self, chart):
        looks = {}
        for origin in ("measured", "simulated"):
            chart.start_run(origin)
            run(chart, 1)
            looks[origin] = [trace["line"]["dash"] for trace in chart.data[:3]]
            assert origin in chart.layout_of_figure["title"]["text"]
        assert all(a != b for a, b in zip(looks["measured"], looks["simulated"], strict=True))
        measured, simulated = [trace for trace in chart.data if trace["type"] == "bar"]
        assert measured["marker"].get("pattern") != simulated["marker"]["pattern"]
        symbols = [trace["marker"]["symbol"] for trace in chart.data if trace.get("mode") == "markers"]
        assert len(set(symbols)) == 4

    def test_another_origin_is_refused(self, chart):
        with pytest.raises(OptionError, match="measured, simulated"):
            chart.start_run("guessed")


class TestTraffic:
    def test_a_sample_is_one_message(self, chart, wire):
        run(chart, 1)
        for num_streams in (1, 2):  # the second is a change
            wire.messages.clear()
            chart.show_sample(make_sample(100, num_streams, at=102.0))
            assert len(wire.messages) == 1

    def test_a_minute_of_changes_stays_below_30_kb_a_second(self, chart, wire):
        at = run(chart, *range(1, 5), each=30)
        for num_streams in (1, 2, 3, 4) * 6:
            at = run(chart, num_streams, each=5, at=at)
        wire.messages.clear()
        run(chart, 3, each=2, at=at)
        size = sum(
            len(json.dumps(data)) + sum(memoryview(b).nbytes for b in buffers) for data, buffers in wire.messages
        )
        assert len(wire.messages) == 2
        assert size < 14_000  # the lab's other widgets have the rest

    def test_nothing_is_sent_without_samples(self, chart, wire):
        wire.messages.clear()
        repr(chart)
        chart._repr_mimebundle_()
        assert wire.messages == []


def test_text_and_picture_for_where_no_kernel_lives(chart):
    data, _ = chart._repr_mimebundle_()
    assert data["text/plain"] == repr(chart) == "ThroughputChart()"
    assert "Nothing ran yet." in data["image/svg+xml"]
    run(chart, 1, 2)
    assert chart._repr_mimebundle_()[0]["text/plain"] == repr(chart)
    assert "measured" in chart._repr_mimebundle_()[0]["image/svg+xml"]


def test_a_run_publishes_nothing_that_a_notebook_would_save(chart, wire):
    # What a cell shows is sent once, when it is displayed; later only the page's copy of the state changes.
    wire.messages.clear()
    run(chart, 1, 2)
    assert {data["method"] for data, _ in wire.messages} == {"update"}


def test_rates_of_any_size_are_written_without_exponents(golden_plan):
    words = describe_sample(golden_plan, make_sample(12_345))
    assert words.startswith("2 streams, 12345 items/s, p50 10.0 ms")
