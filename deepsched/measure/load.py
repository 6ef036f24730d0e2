"""The two kinds of load, as data: so many clients, or so many requests a second. And how long it lasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.checks import check_choice, check_count, check_number
from deepsched.errors import OptionError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ARRIVALS = ("poisson", "constant")
_MOST_REQUESTS = 20_000_000
_LONGEST = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class ClosedLoad:
    """`clients` callers, each of which sends its next request when the last one is answered.

    None stands for as many as there are streams.

    Raises
    ------
    OptionError
        If `clients` is no integer from 1 up.
    """

    clients: int | None = None

    def __post_init__(self) -> None:
        if self.clients is not None:
            check_count("clients", self.clients)

    def for_callers(self, callers: int) -> ClosedLoad:
        """Give the load with `callers` clients, where their number was left open."""
        return self if self.clients is not None else ClosedLoad(callers)

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {"loop": "closed", "clients": self.clients}


@dataclass(frozen=True, slots=True)
class OpenLoad:
    """`rate` requests a second that come whether or not earlier ones are answered, as those of strangers do.

    A request's latency counts from the moment it should have come, so that a stall is felt by every request that it
    held up (G. Tene's "coordinated omission").

    Parameters
    ----------
    rate : float
        Requests a second.
    arrivals : {"poisson", "constant"}
        Gaps between arrivals: exponentially distributed, or all alike.
    seed : int
        The same seed gives the same arrivals.

    Raises
    ------
    OptionError
        If the rate is not above 0, or there are no such arrivals.
    """

    rate: float
    arrivals: str = "poisson"
    seed: int = 0

    def __post_init__(self) -> None:
        check_number("rate", self.rate, above=0)
        check_choice("arrivals", self.arrivals, ARRIVALS)

    def schedule(self, seconds: float) -> NDArray[np.float64]:
        """Give the moments of all arrivals in `seconds` seconds, from 0, in order.

        Raises
        ------
        OptionError
            If they are too many to keep a record of each.
        """
        if self.rate * seconds > _MOST_REQUESTS:
            raise OptionError(
                f"rate is {self.rate:g} requests/s; in {seconds:g} s these are more than the {_MOST_REQUESTS:,} that "
                f"can be recorded. Lower it, or measure for less long."
            )
        if self.arrivals == "constant":
            return np.arange(1, int(self.rate * seconds) + 1) / self.rate
        random = np.random.default_rng(self.seed)
        expected = self.rate * seconds
        moments = np.empty(0)
        while not len(moments) or moments[-1] < seconds:
            gaps = random.exponential(1 / self.rate, int(expected + 4 * expected**0.5) + 16)
            moments = np.concatenate([moments, (moments[-1] if len(moments) else 0.0) + np.cumsum(gaps)])
        return moments[moments < seconds]

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {"loop": "open", "rate": self.rate, "arrivals": self.arrivals, "seed": self.seed}


@dataclass(frozen=True, slots=True)
class Times:
    """How long a round of load lasts, in seconds.

    After `warm_up` the `seconds` that count follow. Then the load goes on until every request of theirs is answered, so
    that the last ones meet the same load as the first, but for at most `patience` (None: as long as all before).

    Raises
    ------
    OptionError
        If a duration is out of range.
    """

    seconds: float = 10.0
    warm_up: float = 2.0
    patience: float | None = None

    def __post_init__(self) -> None:
        check_number("seconds", self.seconds, above=0, most=_LONGEST)
        check_number("warm_up", self.warm_up, least=0, most=_LONGEST)
        if self.patience is not None:
            check_number("patience", self.patience, least=0, most=_LONGEST)

    @property
    def longest(self) -> float:
        """How long a round can last at most, until no further requests are sent."""
        before = self.warm_up + self.seconds
        return before + (before if self.patience is None else self.patience)
