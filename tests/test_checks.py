"""What is asked for in choices and numbers is taken as it is, or refused in one sentence."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest

from deepsched.checks import check_choice, check_count, check_number
from deepsched.errors import OptionError


def test_what_fits_is_given_back() -> None:
    assert check_choice("pinning", "core", ("core", "none")) == "core"
    assert check_count("clients", np.int64(3)) == 3
    assert type(check_count("clients", np.int64(3))) is int
    assert check_count("seed", 0, least=0) == 0
    assert check_number("rate", 3) == 3.0
    assert check_number("split_limit", inf, least=1, most=inf) == inf
    assert check_number("share", 1, least=0, most=1) == 1.0


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (lambda: check_choice("pinning", "cores", ("core", "none")), "pinning is 'cores'; expected one of core, none."),
        (lambda: check_choice("pinning", np.zeros(2), ("core",)), "expected one of core"),
        (lambda: check_choice("pinning", ["core"], ("core",)), r"pinning is \['core'\]; expected one of core"),
        (lambda: check_count("clients", 0), "clients is 0; expected an integer from 1 up."),
        (lambda: check_count("clients", 2.0), "clients is 2.0; expected an integer"),
        (lambda: check_count("clients", True), "clients is True; expected an integer"),
        (lambda: check_count("clients", 2000, most=1000), "clients is 2000; expected an integer from 1 to 1,000."),
        (lambda: check_number("rate", 0, above=0), "rate is 0; expected a number above 0."),
        (lambda: check_number("rate", "3"), "rate is '3'; expected a number."),
        (lambda: check_number("rate", True), "rate is True; expected a number."),
        (lambda: check_number("rate", nan), "rate is nan; expected a number."),
        (lambda: check_number("rate", inf), "rate is inf; expected a number."),
        (lambda: check_number("rate", 10**400), "expected a number"),
        (lambda: check_number("cv", -1, least=0), "cv is -1; expected a number from 0 up."),
        (lambda: check_number("share", 2, least=0, most=1), "share is 2; expected a number from 0 to 1."),
        (lambda: check_number("budget", 0, above=0, most=9), "budget is 0; expected a number above 0 to 9."),
    ],
)
def test_what_does_not_fit_is_refused_in_words(check, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        check()
