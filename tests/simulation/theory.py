"""What queueing theory says of a wait, for one server a unit of work a second: means and percentiles, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from math import factorial, log


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds in the queue: the mean, and the 99th percentile."""

    mean: float
    p99: float


def solve_mmc(servers: int, utilisation: float) -> Wait:
    """Poisson arrivals, exponential service of mean 1 (A. K. Erlang, 1917; the formula "C")."""
    load = servers * utilisation
    full = load**servers / factorial(servers) / (1 - utilisation)
    must_wait = full / (full + sum(load**k / factorial(k) for k in range(servers)))
    drain = servers - load
    return Wait(must_wait / drain, log(must_wait / 0.01) / drain)


def solve_md1(utilisation: float) -> Wait:
    """Poisson arrivals, every service of length 1 (A. K. Erlang, 1909)."""
    low, high = 0.0, 10 / (1 - utilisation)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _waits_less(utilisation, middle) < 0.99 else (low, middle)
    return Wait(utilisation / 2 / (1 - utilisation), high)


def _waits_less(utilisation: float, seconds: float) -> float:
    # The terms alternate, and are far larger than their sum.
    with localcontext() as context:
        context.prec = 120
        load, moment, total = Decimal(utilisation), Decimal(seconds), Decimal(0)
        for k in range(int(seconds) + 1):
            left = load * (moment - k)
            total += (-left) ** k / factorial(k) * left.exp()
        return float((1 - load) * total)
