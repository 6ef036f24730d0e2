"""Counts of each stream, which only grow: whatever becomes of the streams that counted."""

from __future__ import annotations

import threading
from dataclasses import asdict

import pytest

from deepsched.telemetry import StreamTotals, Totals


class Stream:
    """What lives as long as it may still count; nothing more is asked of an owner."""


def read(totals: Totals) -> list[tuple[int, int]]:
    return [(counts.stream, counts.requests) for counts in totals.read()]


def test_nothing_was_counted_yet() -> None:
    assert Totals().read() == ()


def test_a_stream_begins_at_zero() -> None:
    totals, owner = Totals(), Stream()
    counts = totals.open(3, owner)
    assert asdict(counts) == {"stream": 3, "requests": 0, "items": 0, "errors": 0, "run_seconds": 0.0}
    assert totals.read() == (StreamTotals(3),)


def test_counts_come_in_the_order_of_the_streams() -> None:
    totals, owners = Totals(), [Stream() for _ in range(12)]
    for index in (10, 2, 0, 11, 1):
        totals.open(index, owners[index]).requests = index
    assert read(totals) == [(0, 0), (1, 1), (2, 2), (10, 10), (11, 11)]


def test_what_was_read_does_not_change() -> None:
    totals, owner = Totals(), Stream()
    counts = totals.open(0, owner)
    counts.requests = 1
    before = totals.read()
    counts.requests = 5
    assert (before[0].requests, read(totals)) == (1, [(0, 5)])


def test_the_counts_of_a_stream_that_is_gone_stay() -> None:
    totals, owner = Totals(), Stream()
    counts = totals.open(1, owner)
    counts.requests, counts.items, counts.errors, counts.run_seconds = 3, 24, 1, 0.5
    del owner
    assert totals.read() == (StreamTotals(1, 3, 24, 1, 0.5),)
    # AND once only, however often they are read
    assert totals.read() == (StreamTotals(1, 3, 24, 1, 0.5),)


def test_a_new_stream_goes_on_where_the_last_one_of_its_index_ended() -> None:
    totals = Totals()
    for turn in range(1, 5):
        owner = Stream()
        counts = totals.open(0, owner)
        counts.requests, counts.items, counts.run_seconds = turn, 10 * turn, 0.25
        # 1, 1 + 2, ...: those before are gone, this one still counts.
        assert read(totals) == [(0, turn * (turn + 1) // 2)]
    (sums,) = totals.read()
    assert (sums.items, sums.run_seconds) == (100, pytest.approx(1.0))


def test_an_old_stream_and_a_new_one_count_side_by_side() -> None:
    # GIVEN a live change: the old stream finishes its request while the new one of its index serves
    totals, old, new = Totals(), Stream(), Stream()
    first, second = totals.open(0, old), totals.open(0, new)
    first.requests += 1
    second.requests += 2
    assert read(totals) == [(0, 3)]
    first.requests += 1
    del old
    assert read(totals) == [(0, 4)]


def test_many_changes_leave_no_trail() -> None:
    totals = Totals()
    for index in range(1000):
        owner = Stream()
        totals.open(index % 4, owner).requests += 1
    del owner
    assert read(totals) == [(0, 250), (1, 250), (2, 250), (3, 250)]
    assert not totals._open


def test_reading_while_others_count_and_change() -> None:
    """Sums never fall, and none is lost."""
    totals, seen, turns = Totals(), [0], 2000

    def count(index: int) -> None:
        for _ in range(turns // 10):
            owner = Stream()
            counts = totals.open(index, owner)
            for _ in range(10):
                counts.requests += 1

    threads = [threading.Thread(target=count, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen.append(sum(counts.requests for counts in totals.read()))
    for thread in threads:
        thread.join()
    assert seen == sorted(seen)
    assert read(totals) == [(index, turns) for index in range(4)]
