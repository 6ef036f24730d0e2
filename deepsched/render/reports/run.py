"""One setting of one model, as pictures and reports take it: its numbers, its latencies, its requests, its plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from deepsched.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deepsched.planning import StreamPlan
    from deepsched.render.sweeps.sweep import SweepPoint
    from deepsched.telemetry import RequestRecord


@dataclass(frozen=True, slots=True)
class Run:
    """What was found of one setting.

    Parameters
    ----------
    name : str
        What tells it from the others, such as ``"multi_stream, num_streams 2"``.
    point : SweepPoint
        Its throughput and latency with their intervals, and whether they were measured or simulated.
    latencies : sequence of float, optional
        Each request's latency in seconds; infinite and NaN ones are left out of pictures.
    records : sequence of RequestRecord, optional
        On which stream requests ran, and when.
    plan : StreamPlan, optional
        Who had which cores.
    settings : mapping of str to str, optional
        What else was set, as a table shows it.
    remarks : sequence of str, optional
        What there is to know before the numbers are trusted, in sentences.
    """

    name: str
    point: SweepPoint
    latencies: Any = field(default=(), repr=False, compare=False)
    records: Sequence[RequestRecord] = field(default=(), repr=False)
    plan: StreamPlan | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    remarks: Sequence[str] = ()

    @property
    def finite_latencies(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """The latencies that can be drawn, in seconds, in rising order."""
        values = np.asarray(self.latencies, dtype=np.float64).ravel()
        return np.sort(values[np.isfinite(values)])


def check_names(runs: Sequence[Run]) -> None:
    """See that each run has a name of its own: curves and rows are told apart by it.

    Raises
    ------
    OptionError
        If two have the same.
    """
    names = [run.name for run in runs]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise OptionError(f"{names.count(twice[0])} runs are named {twice[0]!r}; expected a name of its own for each.")
