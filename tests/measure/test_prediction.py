"""What single-stream runs predict of two streams, beside what two streams then do, on this machine."""

from __future__ import annotations

import time
from statistics import median

import pytest

from benchmarks.models import make_transformer
from deepsched import Topology, Workload, compile_model, simulate
from deepsched.measure import find_example, measure_closed_loop

EXAMPLES = ("light_squeezenet", "light_shufflenet", "light_resnet50", "light_densenet121")
CLOSEST = 0.10


def find_share_of_a_core() -> float:
    """Tell which share of a core's time a busy thread gets here: less than 1 where others work too."""
    wall, own = time.perf_counter(), time.thread_time()
    while time.perf_counter() < wall + 0.5:
        pass
    return (time.thread_time() - own) / (time.perf_counter() - wall)


def compare(model: str | bytes) -> tuple[float, float]:
    """Give the throughput of two streams as predicted, and as measured."""
    workload = Workload.measure(model, seconds=2.0)
    with compile_model(model, num_streams=2) as engine:
        measured = measure_closed_loop(engine, 2, 2.0).throughput
    return simulate("this", workload, 2).throughput.value, measured


@pytest.mark.skipif(len(Topology.detect().usable_cores) < 2, reason="two streams need two cores")
def test_two_streams_are_predicted_from_one() -> None:
    errors, shares = [], [find_share_of_a_core()]
    for model in (*map(find_example, EXAMPLES), make_transformer()):
        predicted, measured = compare(model)
        errors.append(abs(predicted / measured - 1))
        shares.append(find_share_of_a_core())
    if min(shares) < 0.97:
        pytest.skip(f"other processes leave a thread {min(shares):.0%} of a core: nothing is comparable")
    assert median(errors) <= CLOSEST, errors
