"""Numbers that a measurement is asked for: wrong ones are one clear sentence, before anything runs."""

from __future__ import annotations

import math
import operator
from typing import Any

from deepsched.errors import OptionError


def check_count(name: str, value: Any, *, least: int = 1) -> int:
    """Accept an integer from `least` up.

    Raises
    ------
    OptionError
        If it is none.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__") or operator.index(value) < least:
        raise OptionError(f"{name} is {value!r}; expected an integer from {least} up.")
    return operator.index(value)


def check_number(
    name: str, value: Any, *, least: float = -math.inf, above: float = -math.inf, most: float = math.inf
) -> float:
    """Accept a finite number that is at least `least`, more than `above` and at most `most`.

    Raises
    ------
    OptionError
        If it is none.
    """
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if not (math.isfinite(number) and least <= number <= most and number > above):
        low = f"above {above:g}" if above > -math.inf else f"from {least:g} up"
        high = f" to {most:g}" if most < math.inf else ""
        raise OptionError(f"{name} is {value!r}; expected a number {low}{high}.")
    return number


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
