"""What functions are asked for in choices and numbers: a wrong one is one clear sentence, before anything runs."""

from __future__ import annotations

import operator
import sys
from math import inf
from typing import TYPE_CHECKING, Any

from deepsched.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGEST = sys.float_info.max


def check_choice(name: str, value: object, choices: Sequence[str]) -> str:
    """Accept one of `choices`.

    Raises
    ------
    OptionError
        If it is none of them.
    """
    if isinstance(value, str) and value in choices:
        return value
    raise OptionError(f"{name} is {value!r}; expected one of {', '.join(choices)}.")


def check_count(name: str, value: Any, *, least: int = 1, most: int | None = None) -> int:
    """Accept an integer from `least` to `most`, numpy's too.

    Raises
    ------
    OptionError
        If it is none.
    """
    if not isinstance(value, bool) and hasattr(value, "__index__"):
        count = operator.index(value)
        if least <= count and (most is None or count <= most):
            return count
    upper = "up" if most is None else f"to {most:,}"
    raise OptionError(f"{name} is {value!r}; expected an integer from {least} {upper}.")


def check_number(name: str, value: Any, *, least: float = -inf, above: float = -inf, most: float = LARGEST) -> float:
    """Accept a number that is at least `least`, more than `above` and at most `most`; infinity only with ``most=inf``.

    Raises
    ------
    OptionError
        If it is none.
    """
    known = isinstance(value, int | float) and not isinstance(value, bool)
    if known and least <= value <= most and value > above:
        return float(value)
    lower = f" above {above:g}" if above > -inf else f" from {least:g} up" if least > -inf else ""
    upper = f" to {most:g}" if most < LARGEST else ""
    raise OptionError(f"{name} is {value!r}; expected a number{lower.removesuffix(' up') if upper else lower}{upper}.")
