"""Requests as bars: which are shown, where they wait, and the picture that needs no kernel."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepsched.errors import OptionError
from deepsched.render import Timeline, draw_timelines
from deepsched.render.timelines.timeline_data import MOST_TIMELINES, read_timelines
from deepsched.render.timelines.timeline_window import Window, choose_window, format_ms, name_bar, round_up, show_window
from deepsched.telemetry import RequestRecord

SVG = "{http://www.w3.org/2000/svg}"

# Three requests that come together, 10 ms each: on one stream, and on three.
SINGLE = [RequestRecord(0, 5.0, 5.0 + 0.01 * i, 5.01 + 0.01 * i) for i in range(3)]
MULTI = [RequestRecord(i, 5.0, 5.0, 5.015) for i in range(3)]

_times = st.floats(0, 1, allow_subnormal=False)
_records = st.builds(
    lambda stream, queued, waited, ran: RequestRecord(stream, queued, queued + waited, queued + waited + ran),
    st.integers(0, 100),
    _times,
    _times,
    st.floats(1e-6, 1),
)


def show(records, start: float = 0.0, duration: float | None = None):
    timelines = read_timelines(records)
    return show_window(timelines, choose_window(timelines, start, duration))


class TestBars:
    def test_times_are_ms_since_the_first_request_came(self):
        (panel,) = show(SINGLE)
        assert [(round(bar.started), round(bar.ended)) for bar in panel.bars] == [(0, 10), (10, 20), (20, 30)]
        assert [round(bar.waited) for bar in panel.bars] == [0, 10, 20]
        assert panel.summary == "3 requests, p50 20.0 ms"

    def test_who_waits_stands_in_the_queue_as_high_as_it_is_deep(self):
        (panel,) = show(SINGLE)
        assert [bar.row for bar in panel.bars] == [-1, 0, 1]
        assert panel.rows == 2

    def test_a_name_says_what_a_person_asks(self):
        (panel,) = show(SINGLE)
        assert name_bar(panel.bars[1]) == "request 1, stream 0, waited 10.0 ms, ran 10.0 ms"

    def test_only_what_the_window_holds_is_shown(self):
        (panel,) = show(SINGLE, 12.0, 5.0)
        # The third waits there, and runs later.
        assert [bar.request for bar in panel.bars] == [1, 2]
        assert panel.summary == "2 of 3 requests shown, p50 of all 20.0 ms"

    def test_very_many_requests_are_joined_and_the_queue_becomes_a_depth(self):
        records = [RequestRecord(i % 2, 0.0, 0.001 * i, 0.001 * i + 0.002) for i in range(5000)]
        (panel,) = show(records, duration=5000)
        assert len(panel.bars) <= 240
        assert sum(bar.count for bar in panel.bars) == 4999 + 1
        # Ten waited less than a five hundredth of the window: nobody would see it.
        assert max(panel.depths) == panel.depths[0] == 4989
        assert list(panel.depths) == sorted(panel.depths, reverse=True)
        assert panel.note == "Many short requests are drawn as one bar. At most 4989 waited at once."

    def test_where_one_queue_is_drawn_by_its_depth_all_are(self):
        deep = [RequestRecord(0, 5.0, 5.0 + 0.001 * i, 5.001 + 0.001 * i) for i in range(30)]
        panels = show({"deep": deep, "shallow": SINGLE})
        assert [panel.rows for panel in panels] == [0, 0]
        assert [max(panel.depths) for panel in panels] == [29, 2]

    def test_no_rate_is_made_of_a_handful(self):
        # GIVEN one stream that answers 100 items/s, WHEN a window holds a part of them THEN it says so and no more
        steady = [RequestRecord(0, 0.01 * i, 0.01 * i, 0.01 * (i + 1)) for i in range(400)]
        (panel,) = show(steady, 0.0, 50.0)
        assert panel.summary == "5 of 400 requests shown, p50 of all 10.0 ms"

    def test_streams_without_requests_keep_their_lanes(self):
        (panel,) = show(Timeline("four", SINGLE, num_streams=4))
        assert panel.lanes == 4

    def test_more_streams_than_fit_are_counted(self):
        (panel,) = show(Timeline("wide", SINGLE, num_streams=128))
        assert panel.note == "The first 80 of 128 streams are drawn."

    @given(st.lists(_records, max_size=400), st.floats(0, 3000), st.floats(0.01, 5000), st.integers(1, 3))
    def test_any_requests_give_a_bounded_picture(self, records, start, duration, count):
        timelines = [Timeline(f"run {i}", tuple(records)) for i in range(count)]
        panels = show_window(timelines, Window(start, duration))
        assert sum(len(panel.bars) for panel in panels) <= 240 + 80
        for panel in panels:
            waits = [bar for bar in panel.bars if bar.row >= 0]
            assert all(bar.row < panel.rows <= 12 for bar in waits)
            for row in range(panel.rows):
                spans = sorted((bar.queued, bar.started) for bar in waits if bar.row == row)
                assert all(a[1] <= b[0] + 1e-3 for a, b in pairwise(spans))
            assert all(bar.stream < panel.lanes for bar in panel.bars)


class TestWindow:
    def test_all_timelines_share_one_scale_that_ends_on_a_tick(self):
        assert choose_window(read_timelines({"single_stream": SINGLE, "multi_stream": MULTI})) == Window(0.0, 50.0)

    def test_nothing_recorded_is_no_mistake(self):
        (panel,) = show([])
        assert panel.summary == "no requests"

    @given(st.floats(1e-9, 1e12))
    def test_rounding_up_is_by_less_than_three_times(self, value):
        assert value * (1 - 1e-6) <= round_up(value) < value * 2.6

    @pytest.mark.parametrize(
        ("start", "duration"), [(-1.0, None), (0.0, 0.0), (0.0, float("nan")), (float("inf"), 1.0)]
    )
    def test_what_is_no_time_is_refused(self, start, duration):
        with pytest.raises(OptionError, match="expected a time"):
            draw_timelines(SINGLE, start_ms=start, duration_ms=duration)


class TestPicture:
    def test_each_request_is_named_and_each_run_is_titled(self):
        root = ET.fromstring(
            draw_timelines({"single_stream": SINGLE, "multi_stream": Timeline("x", MULTI, 0, "simulated")})
        )
        titles = [title.text for title in root.iter(f"{SVG}title")][1:]
        assert len(titles) == 6
        assert titles[1] == "request 1, stream 0, waited 10.0 ms, ran 10.0 ms"
        words = [text.text for text in root.iter(f"{SVG}text")]
        assert {"single_stream", "● measured", "multi_stream", "◇ simulated", "S2", "queue"} <= set(words)

    def test_the_same_requests_give_the_same_picture(self):
        assert draw_timelines(SINGLE) == draw_timelines(tuple(SINGLE))

    def test_words_from_outside_stay_words(self):
        assert "<script>" not in draw_timelines({"<script>": SINGLE})

    @given(st.lists(_records, max_size=50), st.floats(0, 3000), st.floats(0.01, 5000))
    def test_any_requests_give_a_picture(self, records, start, duration):
        ET.fromstring(draw_timelines({"any": records}, start_ms=start, duration_ms=duration))


class TestMistakes:
    @pytest.mark.parametrize(
        "given",
        [
            3,
            ["no record"],
            [*SINGLE, None],
            {"single_stream": 3},
            {str(i): SINGLE for i in range(MOST_TIMELINES + 1)},
        ],
    )
    def test_what_are_no_timelines_is_refused(self, given):
        with pytest.raises(OptionError):
            read_timelines(given)

    def test_a_timeline_says_where_it_comes_from(self):
        with pytest.raises(OptionError, match="measured, simulated"):
            Timeline("run", SINGLE, origin="guessed")
        with pytest.raises(OptionError, match="of 3 streams"):
            Timeline("run", MULTI, num_streams=2)


def test_times_are_written_as_people_read_them():
    assert [format_ms(value) for value in (0, 0.0047, 0.12, 3.14, 1234.5)] == ["0.0", "0.0047", "0.12", "3.1", "1234.5"]
