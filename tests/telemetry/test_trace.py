"""The bounded memory of the last requests."""

from __future__ import annotations

import threading
from dataclasses import FrozenInstanceError

import pytest

from deepsched.telemetry import RequestRecord, Trace


def fill(trace: Trace, ends: range | list[float]) -> None:
    for end in ends:
        trace.add((0, end - 0.5, end - 0.25, float(end), 1))


def test_records_come_back_in_their_order() -> None:
    # GIVEN requests that ended in another order than they were queued
    trace = Trace()
    rows = [(1, 0.0, 0.5, 2.0, 1), (0, 0.25, 0.75, 2.5, 8), (1, 0.125, 2.0, 3.0, 1)]
    for row in rows:
        trace.add(row)
    # THEN they are remembered as they were added
    assert trace.records() == tuple(RequestRecord(*row) for row in rows)
    assert len(trace) == 3
    record = trace.records()[1]
    assert (record.stream, record.queued, record.started, record.ended, record.items) == (0, 0.25, 0.75, 2.5, 8)


def test_a_record_has_one_item_unless_told() -> None:
    assert RequestRecord(0, 0.0, 1.0, 2.0).items == 1


def test_records_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        RequestRecord(0, 0.0, 1.0, 2.0).ended = 3.0


def test_only_the_last_requests_are_kept() -> None:
    trace = Trace(length=3)
    fill(trace, range(10))
    assert len(trace) == 3
    assert [record.ended for record in trace.records()] == [7.0, 8.0, 9.0]


def test_what_was_read_does_not_change() -> None:
    trace = Trace()
    fill(trace, range(3))
    before = trace.records()
    fill(trace, range(3, 6))
    assert len(before) == 3
    assert len(trace.records()) == 6


def test_recent_rows_are_those_that_ended_in_the_window() -> None:
    trace = Trace()
    fill(trace, range(10))
    # WHEN asked for the four seconds before 8
    rows, window = trace.recent_rows(at=8.0, window=4.0)
    # THEN both ends are in it, and nothing after it
    assert [row[3] for row in rows] == [4.0, 5.0, 6.0, 7.0, 8.0]
    assert rows[0] == (0, 3.5, 3.75, 4.0, 1)
    assert window == 4.0


def test_a_request_that_began_before_the_window_and_ended_in_it_counts() -> None:
    trace = Trace()
    trace.add((0, 0.0, 1.0, 9.0, 1))
    rows, _ = trace.recent_rows(at=10.0, window=2.0)
    assert len(rows) == 1


@pytest.mark.parametrize("length", [100, 3])
def test_an_empty_trace_has_no_recent_rows(length: int) -> None:
    assert Trace(length).recent_rows(at=10.0, window=2.0) == ([], 2.0)


def test_the_window_is_shorter_where_requests_were_forgotten() -> None:
    # GIVEN a full trace, whose oldest request ended at 6
    trace = Trace(length=4)
    fill(trace, range(10))
    # WHEN asked for more than it remembers
    rows, window = trace.recent_rows(at=10.0, window=60.0)
    # THEN the window is the four seconds that it can answer for
    assert [row[3] for row in rows] == [6.0, 7.0, 8.0, 9.0]
    assert window == 4.0


def test_a_full_trace_that_remembers_enough_keeps_the_window() -> None:
    trace = Trace(length=4)
    fill(trace, range(10))
    rows, window = trace.recent_rows(at=10.0, window=2.5)
    assert [row[3] for row in rows] == [8.0, 9.0]
    assert window == 2.5


def test_reading_while_others_add() -> None:
    # GIVEN a thread that never stops adding
    trace = Trace(length=64)
    stop = threading.Event()

    def add() -> None:
        end = 0
        while not stop.is_set():
            fill(trace, [float(end)])
            end += 1

    thread = threading.Thread(target=add)
    thread.start()
    try:
        # THEN whatever is read is a stretch of what was added, in order
        for _ in range(300):
            ends = [int(record.ended) for record in trace.records()]
            assert ends == list(range(min(ends, default=0), max(ends, default=-1) + 1))
            rows, _ = trace.recent_rows(at=1e9, window=2e9)
            assert len(rows) <= 64
    finally:
        stop.set()
        thread.join()
