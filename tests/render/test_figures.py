"""Latency distribution, Pareto front, and requests on streams over time, as plotly figures."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepsched.errors import MissingPackageError, OptionError
from deepsched.render import Run, SweepPoint, Timeline, draw_latencies, draw_pareto, draw_timeline_figure, find_front
from deepsched.render.reports.latency_figure import describe_latencies
from deepsched.render.reports.pareto_figure import describe_pareto
from deepsched.render.timelines.timeline_figure import describe_timeline
from tests.render.made_runs import make_records, make_run

NAN = float("nan")
RUNS = [
    make_run("a", 1, 100, 0.010),
    make_run("b", 2, 180, 0.020),
    make_run("c", 3, 150, 0.030),
    make_run("d", 4, 200, 0.040),
]
_numbers = st.floats(0, 1e6)
_latencies = st.lists(st.floats(0, 1e9) | st.just(NAN) | st.just(float("inf")), max_size=30)


def name_all(runs: list[tuple[float, float]]) -> list[Run]:
    return [Run(str(i), SweepPoint(1, rate, NAN, NAN, p99, p99)) for i, (rate, p99) in enumerate(runs)]


class TestLatencies:
    def test_the_shares_of_all_requests_are_a_whole(self):
        run = replace(RUNS[0], latencies=[0.001, 0.002, 0.002, 0.003])
        shares, _ = draw_latencies([run]).data
        assert sum(shares.y) == pytest.approx(100, abs=25.1)  # the slowest may lie beyond what is shown
        assert max(shares.y) == 50

    def test_percentiles_are_those_of_the_latencies(self):
        _, percentiles = draw_latencies([replace(RUNS[0], latencies=np.arange(1, 100_001) / 1e6)]).data
        found = dict(zip(percentiles.text, percentiles.y, strict=True))
        assert found["p0"] == pytest.approx(0.001)
        shown = {float(name[1:]): value for name, value in found.items()}
        for percent, value in shown.items():
            assert value == pytest.approx(percent, rel=1e-3, abs=0.01)
        assert max(shown) > 99.99

    def test_each_run_has_a_line_of_its_own_without_colour(self):
        looks = [(trace.line.dash, trace.name) for trace in draw_latencies(RUNS).data if trace.showlegend is None]
        assert len({dash for dash, _ in looks}) == 4
        assert [name for _, name in looks] == ["a", "b", "c", "d"]

    def test_the_axis_ends_where_the_requests_do(self):
        few = describe_latencies([replace(RUNS[0], latencies=np.linspace(1, 2, 150))])["layout_of_figure"]
        assert few["xaxis2"]["ticktext"] == ["fastest", "p50", "p90", "p99"]

    def test_without_latencies_it_says_so(self):
        figure = draw_latencies([replace(RUNS[0], latencies=[NAN, float("inf")])])
        assert not figure.data
        assert figure.layout.annotations[0].text == "No request was answered."

    @given(st.lists(_latencies, max_size=4))
    def test_any_latencies_give_plain_data(self, several):
        runs = [replace(RUNS[0], name=str(i), latencies=values) for i, values in enumerate(several)]
        json.dumps(describe_latencies(runs), allow_nan=False)


class TestPareto:
    def test_the_front_is_what_no_other_beats(self):
        assert [run.name for run in find_front(RUNS)] == ["a", "b", "d"]
        assert [run.name for run in find_front([RUNS[1], replace(RUNS[1], name="twin")])] == ["b"]
        assert find_front([Run("x", SweepPoint(1, 100, NAN, NAN, NAN, NAN))]) == ()

    @given(st.lists(st.tuples(_numbers, _numbers), max_size=12))
    def test_the_front_by_its_definition(self, numbers):
        runs = name_all(numbers)
        front = find_front(runs)
        for run in runs:
            beaten = any(
                other.point.throughput >= run.point.throughput
                and other.point.p99 <= run.point.p99
                and (other.point.throughput, other.point.p99) != (run.point.throughput, run.point.p99)
                for other in runs
            )
            alike = [best for best in front if best.point == run.point]
            assert len(alike) == (0 if beaten else 1)
        json.dumps(describe_pareto(runs), allow_nan=False)

    def test_the_picture(self):
        figure = draw_pareto(RUNS, latency_p99_ms=25)
        line, front, others = figure.data
        assert (line.x, line.y, line.line.shape) == ((10, 20, 40), (100, 180, 200), "hv")
        assert front.text == ("a", "b", "d")
        assert others.text == ("c",)
        assert front.error_y.array == pytest.approx((10, 18, 20))
        assert front.error_x.arrayminus == pytest.approx((1, 2, 4))
        assert figure.layout.shapes[0].x0 == 25
        assert "p99 limit 25 ms" in figure.layout.annotations[0].text

    def test_simulated_runs_do_not_push_out_measured_ones(self):
        figure = draw_pareto([*RUNS, make_run("dream", 8, 1000, 0.001, origin="simulated")])
        names = {trace.name: trace.text for trace in figure.data if trace.text}
        assert names["no other is as good in both, measured"] == ("a", "b", "d")
        assert names["no other is as good in both, simulated"] == ("dream",)

    def test_names_are_no_markup(self):
        (points,) = draw_pareto([make_run("<a href='x'>", 1, 1, 1)]).data
        assert points.text == ("&lt;a href='x'&gt;",)


class TestTimeline:
    def test_bars_are_the_requests(self):
        timeline = Timeline("two", make_records(2, 6, run=0.010, gap=0.002))
        figure = draw_timeline_figure(timeline)
        lanes = {trace.name: trace for trace in figure.data if trace.type == "bar"}
        assert lanes["S0"].base == pytest.approx((0, 10, 20))
        assert lanes["S1"].base == pytest.approx((2, 12, 22))
        assert lanes["S0"].x == pytest.approx((10, 10, 10))
        assert lanes["S1"].text[1] == "request 3, S1: waited 6.0 ms, ran 10.0 ms"
        assert figure.layout.yaxis.categoryarray == ("S0", "S1")

    def test_the_queue_is_as_deep_as_requests_wait(self):
        timeline = Timeline("one", make_records(1, 4, run=0.010, gap=0.001))
        (queue,) = [trace for trace in draw_timeline_figure(timeline).data if trace.type == "scatter"]
        # THEN three come while the first runs, and one is taken every 10 ms
        assert list(zip(queue.x, queue.y, strict=True)) == [(1, 1), (2, 2), (3, 3), (10, 2), (20, 1), (30, 0)]

    def test_of_many_the_last_are_drawn_and_it_says_so(self):
        figure = draw_timeline_figure(Timeline("<many>", make_records(2, 100)), last=10)
        assert sum(len(trace.x) for trace in figure.data if trace.type == "bar") == 10
        assert figure.layout.title.text == "&lt;many&gt;: the last 10 of 100 requests, measured"

    def test_streams_without_a_request_keep_their_lane(self):
        figure = draw_timeline_figure(Timeline("idle", make_records(1, 2), num_streams=3))
        assert figure.layout.yaxis.categoryarray == ("S0", "S1", "S2")

    def test_without_requests(self):
        description = describe_timeline(Timeline("none", ()))
        assert description["data"] == []
        draw_timeline_figure(Timeline("none", ()))


class TestMistakes:
    @pytest.mark.parametrize("draw", [draw_latencies, draw_pareto])
    def test_two_runs_of_one_name(self, draw):
        with pytest.raises(OptionError, match="2 runs are named 'a'"):
            draw([RUNS[0], RUNS[0]])

    @pytest.mark.parametrize("limit", [0, -1, NAN, float("inf")])
    def test_limits_that_are_no_time(self, limit):
        with pytest.raises(OptionError, match="above 0 ms"):
            draw_pareto(RUNS, latency_p99_ms=limit)

    def test_no_request_at_all(self):
        with pytest.raises(OptionError, match="1 up"):
            draw_timeline_figure(Timeline("none", ()), last=0)

    def test_without_plotly_it_says_how_to_install_it(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
        with pytest.raises(MissingPackageError, match=r"draw_pareto needs plotly.*pip install"):
            draw_pareto(RUNS)
