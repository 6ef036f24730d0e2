"""Which settings' requests are kept, and which two stand beside each other."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from deepsched import Topology
from deepsched.render.timelines.chrome_trace import describe_chrome_trace
from deepsched.render.timelines.timeline_data import MOST_TIMELINES
from deepsched.simulation import WORKLOADS
from deepsched.telemetry import RequestRecord
from deepsched_widgets.lab.live_run import Trace
from deepsched_widgets.lab.model_choice import choose_model
from deepsched_widgets.lab.traces import Traces, name_setting
from deepsched_widgets.lab.wish import Wish

MACHINE = Topology.from_synthetic("pack:2 l3:1 core:8 pu:1")
MODEL = choose_model(None)
RECORDS = tuple(RequestRecord(0, n, n + 0.25, n + 1.0) for n in range(3))


def trace(scheduler: str, num_streams: int, records=RECORDS) -> Trace:
    wish = Wish(MODEL, MACHINE, scheduler, num_streams, workload=WORKLOADS[0])
    return Trace(wish, num_streams if wish.several else 1, records)


def keep(*traces: Trace) -> Traces:
    kept = Traces()
    for one in traces:
        kept.keep(one)
    return kept


def pair(*traces: Trace) -> list[str]:
    return [timeline.title for timeline in keep(*traces).choose_pair()]


SINGLE, TWO, THREE = trace("single_stream", 9), trace("multi_stream", 2), trace("multi_stream", 3)


def test_settings_are_named_as_people_say_them():
    assert name_setting("single_stream", 1) == "single_stream"
    assert name_setting("multi_stream", 1) == "multi_stream, 1 stream"
    assert name_setting("multi_stream", 2) == "multi_stream, 2 streams"


def test_nothing_ran_so_nothing_is_shown():
    assert pair() == []
    assert pair(trace("multi_stream", 2, ())) == []


def test_one_setting_stands_alone():
    assert pair(TWO) == ["multi_stream, 2 streams"]


def test_the_other_scheduler_is_the_picture_of_the_subject():
    # GIVEN single_stream ran before others WHEN two others ran since THEN it still stands at the left of the newest
    assert pair(SINGLE, TWO, THREE) == ["single_stream", "multi_stream, 3 streams"]
    assert pair(TWO, THREE, SINGLE) == ["single_stream", "multi_stream, 3 streams"]


def test_without_the_other_scheduler_the_two_newest_settings_compare():
    assert pair(THREE, TWO) == ["multi_stream, 2 streams", "multi_stream, 3 streams"]


def test_newer_requests_of_a_setting_replace_older_ones():
    newer = trace("multi_stream", 2, RECORDS[:1])
    (timeline,) = keep(TWO, newer).list_all()
    assert len(timeline.records) == 1


def test_a_period_without_requests_leaves_what_was_there():
    (timeline,) = keep(TWO, trace("multi_stream", 2, ())).list_all()
    assert len(timeline.records) == len(RECORDS)


def test_forgetting_leaves_nothing():
    kept = keep(SINGLE, TWO)
    kept.forget()
    assert kept.list_all() == kept.choose_pair() == ()


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 16)), max_size=30))
def test_whatever_ran_it_can_be_drawn_and_downloaded(settings):
    kept = keep(*(trace("single_stream" if single else "multi_stream", count) for single, count in settings))
    timelines = kept.list_all()
    assert len(timelines) <= MOST_TIMELINES
    assert len({timeline.title for timeline in timelines}) == len(timelines)
    shown = kept.choose_pair()
    assert len(shown) <= 2
    assert not timelines or timelines[-1] in shown
    json.dumps(describe_chrome_trace(timelines), allow_nan=False)
