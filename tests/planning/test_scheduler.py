"""The schedulers' names, as users of DeepSparse know them."""

from __future__ import annotations

import json

import pytest

from deepsched import DeepschedError, Scheduler
from deepsched.errors import PlanError

NAMES = {
    Scheduler.single_stream: ["single_stream", "single", "sync", "default"],
    Scheduler.multi_stream: ["multi_stream", "multi", "async"],
    Scheduler.elastic: ["elastic"],
}
ALIASES = [(alias, scheduler) for scheduler, aliases in NAMES.items() for alias in aliases]


@pytest.mark.parametrize(("alias", "scheduler"), ALIASES)
@pytest.mark.parametrize("write", [str, str.upper, str.title])
def test_every_name_in_any_case(alias: str, scheduler: Scheduler, write: type[str]) -> None:
    assert Scheduler.from_str(write(alias)) is scheduler
    assert Scheduler.choose(write(alias)) is scheduler


@pytest.mark.parametrize("scheduler", Scheduler)
def test_a_member_equals_its_name(scheduler: Scheduler) -> None:
    name = scheduler.name
    assert scheduler == name
    assert name == scheduler
    assert {scheduler: 1}[name] == 1
    assert f"{scheduler}" == name
    assert json.loads(json.dumps(scheduler)) == name
    assert Scheduler.choose(scheduler) is scheduler


def test_the_default_is_single_stream() -> None:
    assert Scheduler.default is Scheduler.single_stream
    assert Scheduler.choose(None) is Scheduler.single_stream
    assert Scheduler.choose("") is Scheduler.single_stream
    assert [member.name for member in Scheduler] == ["single_stream", "multi_stream", "elastic"]


@pytest.mark.parametrize("name", ["fastest", "multi stream", "multistream", "none", " "])
def test_another_name_is_a_typed_error_that_lists_them(name: str) -> None:
    with pytest.raises(PlanError) as caught:
        Scheduler.from_str(name)
    assert isinstance(caught.value, DeepschedError)
    assert isinstance(caught.value, ValueError)
    assert f"unsupported Scheduler: {name}" in str(caught.value)
    for known, _ in ALIASES:
        assert known in str(caught.value)


@pytest.mark.parametrize("given", [1, True, b"sync", ["sync"]])
def test_what_is_no_name_is_a_typed_error(given: object) -> None:
    with pytest.raises(PlanError, match="unsupported type for scheduler"):
        Scheduler.choose(given)
