"""Random gaps between arrivals, and random factors on service times; always of the mean asked for."""

from __future__ import annotations

from functools import partial
from math import log1p, sqrt
from typing import TYPE_CHECKING

import numpy as np

from deepsched.checks import check_number
from deepsched.errors import OptionError

if TYPE_CHECKING:
    from deepsched.simulation.queueing import Draw, Floats

ARRIVALS = ("poisson", "constant")
SERVICES = ("deterministic", "exponential", "lognormal")


def choose_gaps(arrivals: str, rate: float, random: np.random.Generator) -> Draw:
    """Make the draw of seconds between arrivals, `rate` a second on average.

    Raises
    ------
    OptionError
        If `arrivals` is none of `ARRIVALS`, or `rate` is not above 0.
    """
    gap = 1 / check_number("rate", rate, above=0)
    if arrivals == "poisson":
        return partial(_draw_exponential, random, gap)
    if arrivals == "constant":
        return lambda shape: np.full(shape, gap)
    raise OptionError(f"arrivals is {arrivals!r}; expected one of {', '.join(ARRIVALS)}.")


def choose_factors(service: str, cv: float, random: np.random.Generator) -> Draw:
    """Make the draw of factors on the service time, 1 on average.

    Parameters
    ----------
    service : str
        One of `SERVICES`: always 1; exponentially distributed; or lognormal with the coefficient of variation `cv`,
        the standard deviation over the mean.

    Raises
    ------
    OptionError
        If `service` is none of these, or `cv` is negative.
    """
    check_number("cv", cv, least=0)
    if service == "deterministic":
        return np.ones
    if service == "exponential":
        return partial(_draw_exponential, random, 1.0)
    if service == "lognormal":
        variance = log1p(cv**2)
        return lambda shape: random.lognormal(-variance / 2, sqrt(variance), shape)
    raise OptionError(f"service is {service!r}; expected one of {', '.join(SERVICES)}.")


def _draw_exponential(random: np.random.Generator, mean: float, shape: tuple[int, int]) -> Floats:
    return random.exponential(mean, shape)
