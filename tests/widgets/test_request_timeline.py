"""The timeline without a page: what it sends, what a button asks for, and what it shows without a kernel."""

from __future__ import annotations

import json

import pytest

from deepsched import compile_model
from deepsched.errors import OptionError
from deepsched.measure import find_example, make_example_input
from deepsched.render import Timeline
from deepsched.telemetry import RequestRecord
from deepsched_widgets import RequestTimeline

SINGLE = [RequestRecord(0, 5.0, 5.0 + 0.01 * i, 5.01 + 0.01 * i) for i in range(30)]
MULTI = [RequestRecord(i % 3, 5.0, 5.0 + 0.012 * (i // 3), 5.012 + 0.012 * (i // 3)) for i in range(30)]


@pytest.fixture
def make_timeline():
    shown = []

    def make(*args, **kwargs) -> RequestTimeline:
        shown.append(RequestTimeline(*args, **kwargs))
        return shown[-1]

    yield make
    for timeline in shown:
        timeline.close()


def ask(timeline, start, duration) -> None:
    """Do what the page does when a button is pressed."""
    timeline._handle_custom_msg({"start": start, "duration": duration}, [])


def test_the_requests_of_an_engine_are_shown(make_timeline):
    # GIVEN an engine that ran three requests
    model = find_example("light_squeezenet")
    with compile_model(model, num_streams=1, scheduler="multi_stream") as engine:
        for _ in range(3):
            engine.run([make_example_input(engine.input_shapes[0])])
        # WHEN they are shown
        timeline = make_timeline(engine.trace())
    # THEN each is a bar on the one stream
    (panel,) = timeline.picture["panels"]
    assert panel["bars"]["request"] == [0, 1, 2]
    assert panel["bars"]["stream"] == [0, 0, 0]
    assert all(ran > 0 for ran in panel["bars"]["ran"])
    assert (panel["sign"], panel["origin"]) == ("●", "measured")


def test_others_are_shown_in_one_message(make_timeline, wire):
    timeline = make_timeline(SINGLE)
    wire.messages.clear()
    timeline.show({"single_stream": SINGLE, "multi_stream": Timeline("x", MULTI, origin="simulated")})
    assert len(wire.messages) == 1
    assert [panel["title"] for panel in timeline.picture["panels"]] == ["single_stream", "multi_stream"]
    assert [panel["origin"] for panel in timeline.picture["panels"]] == ["measured", "simulated"]


@pytest.mark.parametrize(("streams", "count"), [(1, 1), (1, 8), (32, 2), (300, 8)])
def test_a_message_stays_below_20_kb(make_timeline, streams, count):
    records = [
        RequestRecord(i % streams, 1e5 + 0.01 * i, 1e5 + 0.0137 * i, 1e5 + 0.0137 * i + 0.0123456)
        for i in range(16_384)
    ]
    for duration in (None, 1.0, 1000.0, 300_000.0):
        timeline = make_timeline({str(i): records for i in range(count)}, duration_ms=duration)
        assert len(json.dumps(timeline.picture)) < 20_000


def test_a_button_asks_for_another_window(make_timeline, wire):
    timeline = make_timeline(SINGLE)
    wire.messages.clear()
    ask(timeline, 100.0, 20.0)
    assert len(wire.messages) == 1
    assert (timeline.picture["start"], timeline.picture["duration"]) == (100.0, 20.0)
    assert timeline.picture["panels"][0]["bars"]["request"][0] == 10


@pytest.mark.parametrize(("start", "duration"), [(-5, 0), (1e300, 1e300), (float("nan"), 1), ("x", None)])
def test_a_page_cannot_ask_for_nonsense(make_timeline, start, duration):
    timeline = make_timeline(SINGLE)
    ask(timeline, start, duration)
    picture = timeline.picture
    assert 0 <= picture["start"] <= picture["span"]
    assert picture["duration"] > 0
    timeline._handle_custom_msg("nonsense", [])


class TestHolding:
    """Requests that run: a person who looks at some of them is not pulled away."""

    def test_a_chosen_window_stays_until_newest_is_asked_for(self, make_timeline):
        timeline = make_timeline(SINGLE)
        ask(timeline, 100.0, 20.0)
        before = timeline.picture
        timeline.show(MULTI)
        assert timeline.picture == {**before, "newer": True}
        timeline._handle_custom_msg({"newest": True}, [])
        assert timeline.picture["panels"][0]["lanes"] == 3
        assert not timeline.picture["newer"]
        timeline.show(SINGLE)
        assert timeline.picture["panels"][0]["lanes"] == 1

    def test_the_same_requests_once_more_are_not_newer(self, make_timeline):
        timeline = make_timeline(SINGLE)
        ask(timeline, 100.0, 20.0)
        timeline.show(SINGLE)
        assert not timeline.picture["newer"]

    def test_what_is_held_back_is_told_once(self, make_timeline, wire):
        timeline = make_timeline(SINGLE)
        ask(timeline, 100.0, 20.0)
        wire.messages.clear()
        timeline.show(MULTI)
        timeline.show(MULTI)
        assert len(wire.messages) == 1

    def test_a_window_that_is_given_or_nothing_at_all_is_shown(self, make_timeline):
        for given, options in ((MULTI, {"start_ms": 0.0}), ([], {})):
            timeline = make_timeline(SINGLE)
            ask(timeline, 100.0, 20.0)
            timeline.show(given, **options)
            assert not timeline.picture["newer"]

    def test_the_newest_of_runs_of_different_lengths_stand_side_by_side(self, make_timeline):
        timeline = make_timeline([])
        timeline.show({"long": SINGLE, "short": MULTI}, newest=True)
        picture = timeline.picture
        assert picture["start"] + picture["duration"] == picture["span"] == pytest.approx(300)
        ends = [max(panel["bars"]["ended"]) for panel in picture["panels"]]
        assert ends == pytest.approx([300, 300])

    def test_the_newest_end_with_the_last_arrival_for_who_comes_later_has_no_record_yet(self, make_timeline):
        # GIVEN one stream and always four that wait: of 30 that are done, the last came 40 ms before it was
        steady = [RequestRecord(0, 0.01 * (i - 4), 0.01 * i, 0.01 * (i + 1)) for i in range(30)]
        timeline = make_timeline([])
        timeline.show(steady, newest=True)
        # THEN the queue of the newest window is as deep as ever, and the rest is still there to see
        picture = timeline.picture
        assert picture["start"] + picture["duration"] == pytest.approx(290)
        assert picture["span"] == pytest.approx(340)
        (panel,) = picture["panels"]
        assert panel["rows"] == 4 or max(panel["depths"]) == 4

    def test_the_scale_stays_while_it_serves(self, make_timeline):
        scaled = lambda by: [RequestRecord(0, 5.0, 5.0 + by * i, 5.0 + by * (i + 1)) for i in range(30)]  # noqa: E731
        timeline = make_timeline(scaled(0.0099))
        durations = []
        for by in (0.0101, 0.0099, 0.1):
            timeline.show(scaled(by))
            durations.append(timeline.picture["duration"])
        assert durations == [50, 50, 500]


def test_text_and_picture_for_where_no_kernel_lives(make_timeline):
    timeline = make_timeline({"single_stream": SINGLE, "multi_stream": MULTI})
    data, _ = timeline._repr_mimebundle_()
    assert data["text/plain"] == repr(timeline) == "RequestTimeline(2 timelines)"
    assert data["image/svg+xml"].startswith("<svg")
    assert timeline._repr_mimebundle_()[0] == data
    assert repr(make_timeline(SINGLE)) == "RequestTimeline(1 timeline)"


def test_mistakes_are_refused(make_timeline):
    with pytest.raises(TypeError, match="start"):
        RequestTimeline(SINGLE, start=3)
    with pytest.raises(OptionError, match="expected requests"):
        RequestTimeline(3)
    timeline = make_timeline(SINGLE)
    with pytest.raises(OptionError, match="duration_ms"):
        timeline.show(SINGLE, duration_ms=0)
    assert len(timeline.picture["panels"]) == 1


def test_its_script_is_small():
    assert len(str(RequestTimeline._esm).encode()) < 20_000
