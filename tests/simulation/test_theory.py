"""The queue against what queueing theory says of it, exactly."""

from __future__ import annotations

from math import exp, log

import pytest

from deepsched.simulation import Simulation, Workload, simulate
from tests.simulation.theory import Wait, solve_md1, solve_mmc

# As many requests as the widths need: the waits of neighbours are much alike, the more so the busier it is.
REQUESTS = {0.5: 6_000_000, 0.8: 20_000_000, 0.95: 12_000_000}
WIDEST = {0.5: 0.02, 0.8: 0.02, 0.95: 0.10}


def simulate_queue(servers: int, service: str, utilisation: float, requests: int, seed: int = 0) -> Simulation:
    """Simulate streams that each serve one request a second on average."""
    return simulate(
        f"pack:1 l3:1 core:{servers} pu:1",
        Workload(1.0, 0.0),
        servers,
        rate=servers * utilisation,
        service=service,
        requests=requests,
        seed=seed,
    )


@pytest.mark.parametrize("utilisation", [0.5, 0.8, 0.95])
@pytest.mark.parametrize(
    ("servers", "service"),
    [(1, "exponential"), (4, "exponential"), (1, "deterministic")],
    ids=["M/M/1", "M/M/4", "M/D/1"],
)
def test_the_exact_wait_lies_in_a_narrow_interval(servers: int, service: str, utilisation: float) -> None:
    exact = solve_md1(utilisation) if service == "deterministic" else solve_mmc(servers, utilisation)
    found = simulate_queue(servers, service, utilisation, REQUESTS[utilisation])
    for estimate, value in ((found.mean_queue_time, exact.mean), (found.p99_queue_time, exact.p99)):
        assert estimate is not None
        assert estimate.low <= value <= estimate.high
        assert estimate.high - estimate.low <= WIDEST[utilisation] * value


def test_intervals_hold_the_exact_value_as_often_as_they_promise() -> None:
    # GIVEN many short simulations, whose seeds nobody chose
    exact = solve_mmc(2, 0.7)
    runs = [simulate_queue(2, "exponential", 0.7, 64_000, seed) for seed in range(60)]
    # THEN about 95 of 100 intervals hold the truth: 50 of 60 or fewer would be a chance of 1 in 10,000
    for name, value in (("mean_queue_time", exact.mean), ("p99_queue_time", exact.p99)):
        held = sum(getattr(run, name).low <= value <= getattr(run, name).high for run in runs)
        assert held > 50, f"{name}: {held} of {len(runs)}"


def test_the_theory_itself() -> None:
    # M/M/1 at 0.8 waits 0.8 / 0.2, and ln(80) / 0.2.
    assert solve_mmc(1, 0.8) == Wait(pytest.approx(4.0), pytest.approx(log(80) / 0.2))
    assert solve_mmc(2, 0.5).mean == pytest.approx(1 / 3)
    # M/D/1's tail falls off at the rate r of 0.95 (exp(r) - 1) = r, from 0.05 / (0.95 exp(r) - 1) (Cramer, Lundberg).
    found = solve_md1(0.95)
    rate = 0.1
    for _ in range(2000):
        rate = log(1 + rate / 0.95)
    assert found.mean == pytest.approx(9.5)
    assert found.p99 == pytest.approx(log(0.05 / (0.95 * exp(rate) - 1) / 0.01) / rate, rel=1e-6)
