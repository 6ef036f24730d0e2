"""The work laid out before it is done: a list of jobs, so that progress is known and Ctrl-C keeps what is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from benchmarks.samples import Sample


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure.

    Parameters
    ----------
    rounds : int
        How often each contender is measured; the medians count.
    seconds, warm_up : float
        The window of one measurement, and the load before it, in seconds.
    folder : Path
        Where big models may be written.
    """

    rounds: int = 5
    seconds: float = 2.0
    warm_up: float = 0.3
    folder: Path = field(default_factory=Path)


@dataclass(frozen=True, slots=True)
class Job:
    """One measurement of one contender: what it is called, and how to do it."""

    label: str
    measure: Callable[[], Iterable[Sample]]


def take_turns(contenders: Sequence[str], rounds: int) -> Iterator[tuple[int, str]]:
    """Give (round, contender) so that every contender meets each phase of the machine, and none is always first."""
    for number in range(rounds):
        first = number % len(contenders)
        yield from ((number, contender) for contender in [*contenders[first:], *contenders[:first]])
