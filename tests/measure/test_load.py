"""What a load and its duration can be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from deepsched.errors import OptionError
from deepsched.measure import ClosedLoad, OpenLoad, Setting, Times
from deepsched.measure.percentiles import check_percentiles


@pytest.mark.parametrize("seconds", [0.001, 1.0, 300.0])
def test_poisson_arrivals(seconds: float) -> None:
    moments = OpenLoad(200.0, seed=3).schedule(seconds)
    assert (np.diff(moments) >= 0).all()
    assert ((moments >= 0) & (moments < seconds)).all()
    assert len(moments) == pytest.approx(200 * seconds, abs=5 * (200 * seconds) ** 0.5)
    if len(moments) > 1000:
        # THEN gaps scatter as exponential ones do: as much as they are long
        gaps = np.diff(moments)
        assert gaps.std() / gaps.mean() == pytest.approx(1, rel=0.05)


def test_constant_arrivals() -> None:
    np.testing.assert_allclose(OpenLoad(4.0, "constant").schedule(1.0), [0.25, 0.5, 0.75, 1.0])


def test_the_seed_decides() -> None:
    first, again, other = (OpenLoad(50.0, seed=seed).schedule(5.0) for seed in (1, 1, 2))
    assert first.tolist() == again.tolist()
    assert first[0] != other[0]


def test_more_requests_than_can_be_recorded() -> None:
    with pytest.raises(OptionError, match=r"rate is 1e\+09 requests/s"):
        OpenLoad(1e9).schedule(10)


def test_clients_left_open_are_as_many_as_callers() -> None:
    assert ClosedLoad().for_callers(3) == ClosedLoad(3)
    assert ClosedLoad(2).for_callers(3) == ClosedLoad(2)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: OpenLoad(0), "rate is 0; expected a number above 0"),
        (lambda: OpenLoad(-1), "rate is -1"),
        (lambda: OpenLoad(float("nan")), "rate is nan"),
        (lambda: OpenLoad(float("inf")), "rate is inf"),
        (lambda: OpenLoad("5"), "rate is '5'"),
        (lambda: OpenLoad(5, "bursts"), "arrivals is 'bursts'; expected one of poisson, constant"),
        (lambda: ClosedLoad(0), "clients is 0; expected an integer from 1 up"),
        (lambda: ClosedLoad(-1), "clients is -1"),
        (lambda: ClosedLoad(1.5), r"clients is 1\.5"),
        (lambda: Times(0), "seconds is 0"),
        (lambda: Times(10, -1), "warm_up is -1"),
        (lambda: Times(1e9), r"seconds is 1000000000\.0; expected a number above 0 to 86400"),
        (lambda: Times(10, patience=-1), "patience is -1"),
        (lambda: Setting(engine="tvm"), "engine is 'tvm'; expected one of deepsched, onnxruntime, openvino"),
        (lambda: Setting(num_streams=-1), "num_streams is -1"),
        (lambda: Setting(scheduler="fastest"), "unsupported Scheduler: fastest"),
        (lambda: check_percentiles([101]), "a percentile is 101; expected a number from 0 to 100"),
        (lambda: check_percentiles([-1]), "a percentile is -1"),
        (lambda: check_percentiles("99"), "percentiles is '99'"),
        (lambda: check_percentiles(99), "percentiles is 99"),
    ],
)
def test_what_they_cannot_be(make: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make()


def test_percentiles_are_put_in_order() -> None:
    assert check_percentiles([99.9, 50, 50.0, 0, 100]) == (0.0, 50.0, 99.9, 100.0)


def test_deepsparse_is_understood() -> None:
    assert Setting(engine="deepsparse").engine == "deepsched"
    assert Setting(num_streams=4).chosen_scheduler == "multi_stream"
    assert Setting().chosen_scheduler == "single_stream"
    assert Setting("sync", 4).chosen_scheduler == "single_stream"
