"""A sweep over num_streams as plotly's data, as a figure, and as a picture that needs neither."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepsched import Topology, plan_streams
from deepsched.errors import MissingPackageError, OptionError
from deepsched.render import SweepPoint, draw_sweep, draw_sweep_svg, name_boundaries, read_alignment
from deepsched.render.sweeps.sweep_figure import describe_sweep

GOLDEN = Topology.from_synthetic("pack:2 l3:1 core:8 pu:1")


def make_point(num_streams: int, origin: str = "measured") -> SweepPoint:
    aligned, findings = read_alignment(plan_streams(GOLDEN, num_streams))
    rate = 100.0 * num_streams
    return SweepPoint(num_streams, rate, rate - 5, rate + 5, 0.01, 0.02, aligned, findings, origin)


POINTS = [make_point(n, origin) for n in (4, 2, 3) for origin in ("measured", "simulated")]
_numbers = st.floats(allow_nan=True, allow_infinity=True)


class TestFigure:
    def test_curves_run_along_num_streams(self):
        figure = draw_sweep(POINTS, boundaries=name_boundaries(GOLDEN), title="golden")
        (throughput,) = [trace for trace in figure.data if trace.name == "items/s, measured"]
        assert throughput.x == (2, 3, 4)
        assert throughput.y == (200, 300, 400)
        (p99,) = [trace for trace in figure.data if trace.name == "p99, simulated"]
        assert p99.y == (20, 20, 20)

    def test_each_curve_has_its_band(self):
        figure = draw_sweep([make_point(2), make_point(3)])
        bands = [trace for trace in figure.data if trace.fill == "tonexty"]
        assert [trace.y for trace in bands] == [(205, 305)]

    def test_a_lone_point_has_its_interval_with_caps(self):
        figure = draw_sweep([make_point(2), SweepPoint(1, 50, 40, 70, 1, 1, scheduler="single_stream")])
        (marks,) = [t for t in figure.data if t.legendgroup == "items/s, measured" and t.mode == "markers"]
        assert (marks.error_y.array, marks.error_y.arrayminus) == ((5,), (5,))
        # AND the level of single_stream has a band across
        (band,) = [trace for trace in figure.data if trace.fill == "tonexty"]
        assert band.y == (70, 70)

    @pytest.mark.parametrize(("rate", "side"), [(190, "bottom"), (205, "top"), (900, "bottom")])
    def test_the_level_is_named_where_the_curve_does_not_end(self, rate, side):
        single = SweepPoint(1, 200, 199, 201, 1, 1, scheduler="single_stream")
        (name,) = draw_sweep([SweepPoint(2, rate, rate, rate, 1, 1), single]).layout.annotations
        assert (name.text, name.yanchor) == ("single_stream", side)

    def test_measured_and_simulated_differ_without_colour(self):
        traces = draw_sweep(POINTS).data
        symbols = {trace.legendgroup: trace.marker.symbol for trace in traces if trace.mode == "markers"}
        looks = {
            trace.name: (trace.line.dash, symbols[trace.name])
            for trace in traces
            if trace.mode == "lines" and trace.name
        }
        assert len(looks) == 6
        for name in ("items/s", "p50", "p99"):
            assert looks[f"{name}, measured"] != looks[f"{name}, simulated"]
        assert looks["p50, measured"] != looks["p99, measured"]

    def test_the_straddling_num_streams_is_marked_and_says_why(self):
        figure = draw_sweep(POINTS)
        marks = {trace.name: trace for trace in figure.data if trace.yaxis == "y3"}
        assert marks["aligned"].x == (2, 4)
        assert marks["straddles"].x == (3,)
        assert "straddles both sockets" in marks["straddles"].text[0]

    def test_so_is_it_on_the_curve_by_its_shape(self):
        (marks,) = [t for t in draw_sweep(POINTS).data if t.legendgroup == "items/s, measured" and t.mode == "markers"]
        assert dict(zip(marks.x, marks.marker.symbol, strict=True)) == {2: "circle", 3: "triangle-up", 4: "circle"}

    def test_findings_are_broken_into_lines_and_stay_text(self):
        (mark,) = [t for t in draw_sweep([replace(make_point(3), findings="<b> " * 40)]).data if t.yaxis == "y3"]
        assert max(map(len, mark.text[0].replace("&lt;", "<").replace("&gt;", ">").split("<br>"))) < 50
        assert "<b>" not in mark.text[0]

    def test_boundaries_of_the_machine_are_named(self):
        assert name_boundaries(GOLDEN) == {2: "one stream a socket, an L3"}
        assert name_boundaries(Topology.from_synthetic("core:4 pu:1")) == {}
        figure = draw_sweep(POINTS, boundaries=name_boundaries(GOLDEN))
        assert [note.text for note in figure.layout.annotations] == ["one stream a socket, an L3"]
        assert [shape.x0 for shape in figure.layout.shapes] == [2]

    def test_boundaries_outside_the_sweep_are_left_out(self):
        assert not draw_sweep(POINTS, boundaries={64: "one stream an L3"}).layout.shapes

    def test_many_streams_stand_apart(self):
        figure = draw_sweep([make_point(n) for n in (1, 2, 4, 8, 16)] + [SweepPoint(512, 1, 1, 1, 1, 1)])
        assert figure.layout.xaxis.type == "log"

    @settings(deadline=None)  # the first loads plotly
    @given(
        st.lists(st.tuples(st.integers(1, 600), st.floats(0, 1e9), _numbers, _numbers), unique_by=lambda row: row[0])
    )
    def test_any_points_give_plain_data_that_plotly_takes(self, rows):
        nan = float("nan")
        points = [SweepPoint(n, rate, nan, nan, p50, p99) for n, rate, p50, p99 in rows]
        json.dumps(describe_sweep(points, boundaries={2: "two"}), allow_nan=False)
        draw_sweep(points, boundaries={2: "two"})
        ET.fromstring(draw_sweep_svg(points))


class TestPicture:
    def test_it_says_what_is_measured_and_what_straddles(self):
        words = "".join(ET.fromstring(draw_sweep_svg(POINTS, title="golden <1>")).itertext())
        for part in ("golden <1>", "\u25cf measured", "\u25c7 simulated", "\u25b2", "items/s", "num_streams"):
            assert part in words

    def test_without_points_it_says_so(self):
        assert "No run yet." in draw_sweep_svg([], empty="No run yet.")


class TestMistakes:
    def test_points_that_cannot_be(self):
        with pytest.raises(OptionError, match="from 1 up"):
            SweepPoint(0, 1, 1, 1, 1, 1)
        with pytest.raises(OptionError, match="measured, simulated"):
            SweepPoint(1, 1, 1, 1, 1, 1, origin="guessed")
        with pytest.raises(OptionError, match=r"2\.0 to 3\.0"):
            SweepPoint(1, 1.0, 2.0, 3.0, 1, 1)

    def test_two_points_for_one_num_streams(self):
        with pytest.raises(OptionError, match="num_streams=2 is measured twice"):
            draw_sweep([make_point(2), make_point(2)])

    def test_without_plotly_it_says_how_to_install_it(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
        with pytest.raises(MissingPackageError, match="pip install"):
            draw_sweep(POINTS)
