"""Which percentiles of the latency a person asks for."""

from __future__ import annotations

from typing import Any

from deepsched.checks import check_number
from deepsched.errors import OptionError


def check_percentiles(values: Any) -> tuple[float, ...]:
    """Accept percentiles from 0 to 100, and give them in order, each once.

    Raises
    ------
    OptionError
        If one is out of range or no number, or they are no list.
    """
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise OptionError(f"percentiles is {values!r}; expected a list of numbers from 0 to 100.")
    return tuple(sorted({check_number("a percentile", value, least=0, most=100) for value in values}))
