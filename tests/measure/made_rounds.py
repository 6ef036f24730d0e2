"""Rounds that no server served: their numbers are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.measure import Round

if TYPE_CHECKING:
    from collections.abc import Sequence


def make_round(due: Any, latencies: Any, *, begin: float = 0.0, end: float = 10.0, open_loop: bool = True) -> Round:
    """Make a round of requests due at `due`, each answered after its latency; NaN means never."""
    due = np.asarray(due, dtype=float)
    answered = due + np.asarray(latencies, dtype=float)
    stopped = max(end, np.nanmax(answered, initial=end))
    return Round(begin, end, due, due, answered, stopped, open_loop=open_loop)


def make_noisy_rounds(rate: float, drifts: Sequence[float], seed: int) -> list[Round]:
    """Make a round of ten seconds for each drift, in each of which requests come at about `rate` times the drift."""
    random = np.random.default_rng(seed)
    rounds = []
    for drift in drifts:
        gaps = random.gamma(50, 1 / 50, int(rate * drift * 12)) / (rate * drift)
        due = np.cumsum(gaps)
        due = due[due < 10]
        rounds.append(make_round(due, random.gamma(100, 1 / 100, len(due)) / (rate * drift), open_loop=False))
    return rounds
