"""Who sends the requests: clients that wait for their answers, or strangers at a rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from deepsched.checks import check_count
from deepsched.simulation.draws import choose_gaps
from deepsched.simulation.queueing import run_closed_loop, run_open_loop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepsched.simulation.queueing import Draw, Requests

_MOST_CLIENTS = 100_000


@dataclass(frozen=True, slots=True)
class ClosedLoop:
    """`clients` callers, each of which sends its next request when the last one is answered."""

    clients: int

    def __post_init__(self) -> None:
        # An int of Python's own: JSON knows no numpy.
        object.__setattr__(self, "clients", check_count("clients", self.clients, most=_MOST_CLIENTS))

    def count_busy(self, num_streams: int) -> int:
        """Tell how many streams ever get a request: the one used last is taken first."""
        return min(self.clients, num_streams)

    def expect_throughput(self, capacity: float) -> float:
        """Tell how many requests a second are answered, where the busy streams have the `capacity`."""
        return capacity

    def explain_instability(self, capacity: float) -> str:  # noqa: ARG002 - the open loop needs it
        """Say nothing: no more requests can wait than there are clients."""
        return ""

    def run(
        self,
        service_seconds: Sequence[float],
        draw_factors: Draw,
        shape: tuple[int, int],
        random: np.random.Generator,  # noqa: ARG002
    ) -> Requests:
        """Simulate so many requests in so many chains."""
        return run_closed_loop(service_seconds, self.clients, draw_factors, shape)

    def __str__(self) -> str:
        return f"closed loop, {self.clients} client{'' if self.clients == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class OpenLoop:
    """`rate` requests a second, whether or not others are answered; gaps as `choose_gaps` knows them."""

    rate: float
    arrivals: str = "poisson"

    def __post_init__(self) -> None:
        choose_gaps(self.arrivals, self.rate, np.random.default_rng())

    def count_busy(self, num_streams: int) -> int:
        """Tell how many streams ever get a request: all, sooner or later."""
        return num_streams

    def expect_throughput(self, capacity: float) -> float:
        """Tell how many requests a second are answered."""
        return min(self.rate, capacity)

    def explain_instability(self, capacity: float) -> str:
        """Say that more requests come than can be served, if that is so."""
        if self.rate < capacity:
            return ""
        return (
            f"unstable: the queue grows without bound. {self.rate:.4g} requests/s arrive, and the streams serve "
            f"{capacity:.4g}. Lower the rate, or bound the queue and refuse the rest."
        )

    def run(
        self, service_seconds: Sequence[float], draw_factors: Draw, shape: tuple[int, int], random: np.random.Generator
    ) -> Requests:
        """Simulate so many requests in so many chains."""
        return run_open_loop(service_seconds, choose_gaps(self.arrivals, self.rate, random), draw_factors, shape)

    def __str__(self) -> str:
        return f"open loop, {self.rate:g} requests/s, {self.arrivals} arrivals"
