"""From real runs of real models to a workload."""

from __future__ import annotations

from statistics import median

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from deepsched import Workload, compile_model
from deepsched.errors import InputError, ModelNotFoundError, OptionError
from deepsched.measure import find_example
from deepsched.measure.calibration import _fit, measure_workload
from deepsched.planning import plan_streams
from deepsched.simulation import Costs, predict_service_times


def make_layers(count: int, width: int) -> bytes:
    """Make `count` MatMuls of ``width x width`` weights, one after another."""
    random = np.random.default_rng(0)
    weights = [numpy_helper.from_array(random.random((width, width), dtype=np.float32), f"w{i}") for i in range(count)]
    nodes = [helper.make_node("MatMul", [f"x{i}", f"w{i}"], [f"x{i + 1}"]) for i in range(count)]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, width]) for name in ("x0", f"x{count}")]
    graph = helper.make_graph(nodes, "layers", ends[:1], ends[1:], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def test_it_knows_what_a_request_touches() -> None:
    found = measure_workload(make_layers(6, 512), seconds=0.2)
    # THEN each layer is an operator, with a weight for each pair and one row of results
    assert found.operators == 6
    assert found.weights_bytes == 6 * 512 * 512 * 4
    assert found.activation_bytes == 6 * 512 * 4
    assert found.live_bytes == 2 * 512 * 4
    assert found.one_thread_seconds > 0
    assert 0 <= found.parallel_fraction <= 1


def test_weights_that_a_model_makes_itself_count_too() -> None:
    # GIVEN a model whose file holds no weights: onnxruntime makes them on opening
    found = Workload.measure(find_example("light_squeezenet"), seconds=0.5, name="squeezenet")
    assert found.name == "squeezenet"
    assert found.weights_bytes == pytest.approx(4 * 1.235e6, rel=0.01)
    assert 20 < found.operators < 100


def test_the_file_gives_the_name() -> None:
    assert Workload.measure(find_example("light_shufflenet"), seconds=0.1).name == "light_shufflenet"


def test_a_prediction_for_this_machine_is_of_the_right_size() -> None:
    model = make_layers(8, 1024)
    found = measure_workload(model, seconds=0.5)
    (predicted,) = predict_service_times(plan_streams("this", num_cores=1, scheduler="single_stream"), found)
    with compile_model(model, num_cores=1) as engine:
        inputs = [np.ones((1, 1024), np.float32)]
        measured = median(engine.timed_run(inputs)[1] for _ in range(50))
    # THEN it is within what a machine that others use too allows
    assert 0.2 < predicted.seconds / measured < 5


@pytest.mark.parametrize("fork_join", [0.0, 0.5e-6, 3e-6])
@pytest.mark.parametrize("fraction", [0.0, 0.6, 0.97, 1.0])
def test_the_fit_finds_what_was_put_in(fraction: float, fork_join: float) -> None:
    # GIVEN seconds that a machine of 32 cores would show
    truth = Workload(0.02, fraction, operators=50, fork_join_seconds=fork_join)
    seconds = {
        width: predict_service_times(plan_streams("core:32 pu:1", 1, num_cores=width), truth)[0].seconds
        for width in (1, 2, 4, 8, 16, 32)
    }
    # WHEN nothing is known but the number of operators
    found = _fit(Workload(1.0, 1.0, operators=50), seconds, Costs())
    assert found.one_thread_seconds == pytest.approx(0.02)
    assert found.parallel_fraction == pytest.approx(fraction, abs=1e-6)
    assert found.fork_join_seconds == pytest.approx(fork_join, abs=1e-12)


def test_two_widths_leave_the_fork_and_join_to_the_costs() -> None:
    costs = Costs(fork_join_seconds=1e-6)
    found = _fit(Workload(1.0, 1.0, operators=100), {1: 0.02, 2: 0.0111}, costs)
    assert found.fork_join_seconds is None
    assert found.parallel_fraction == pytest.approx(0.9)


def test_one_core_shows_no_parallel_fraction() -> None:
    found = _fit(Workload(1.0, 1.0, operators=100), {1: 0.02}, Costs())
    assert (found.one_thread_seconds, found.parallel_fraction) == (0.02, 0.0)


def test_noise_never_makes_nonsense() -> None:
    # GIVEN a second core that made it slower, or faster than twice
    for seconds, fraction in (({1: 0.02, 2: 0.05}, 0.0), ({1: 0.02, 2: 0.001}, 1.0)):
        assert _fit(Workload(1.0, 1.0), seconds, Costs()).parallel_fraction == fraction


def test_mistakes_before_anything_runs() -> None:
    with pytest.raises(ModelNotFoundError):
        measure_workload("missing.onnx")
    with pytest.raises(OptionError, match="seconds is 0"):
        measure_workload(make_layers(1, 8), seconds=0)
    with pytest.raises(InputError):
        measure_workload(make_layers(1, 8), inputs=[np.zeros((1, 9), np.float32)], seconds=0.1)
