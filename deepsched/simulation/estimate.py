"""Values with their confidence intervals, from chains that are independent of each other."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from deepsched.simulation.queueing import Floats

_Z = 1.959964  # the normal distribution's quantile at 97.5 %


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, and the interval that holds the true one 95 times out of 100.

    The interval tells only how far the run's randomness reaches, not how far the model is from a real machine.
    """

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """Give it as plain data."""
        return {"value": self.value, "low": self.low, "high": self.high}


def estimate_mean(of_chains: Floats) -> Estimate:
    """Estimate a mean from that of each chain."""
    mean, reach = float(of_chains.mean()), _find_reach(of_chains)
    return Estimate(mean, mean - reach, mean + reach)


def estimate_quantile(values: Floats, share: float) -> Estimate:
    """Estimate the quantile at `share`, from 0 to 1, of `values`, an array of the shape (requests, chains).

    The quantile is that of all values together: a chain's own would be biased. How uncertain it is shows in the share
    of each chain's values above it, and is carried back to seconds on the values' own distribution.
    """
    quantile = float(np.quantile(values, share))
    reach = _find_reach((values > quantile).mean(axis=0))
    low, high = np.quantile(values, [max(0.0, share - reach), min(1.0, share + reach)])
    return Estimate(quantile, float(low), float(high))


def _find_reach(of_chains: Floats) -> float:
    """Give half the width of the 95 % confidence interval of the chains' mean."""
    chains = len(of_chains)
    freedom = chains - 1
    # Student's t by its expansion about the normal quantile (Abramowitz and Stegun, 26.7.5): exact to 1e-4 from 31 up.
    student = _Z + (_Z**3 + _Z) / (4 * freedom) + (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / (96 * freedom**2)
    return student * float(of_chains.std(ddof=1)) / sqrt(chains)
