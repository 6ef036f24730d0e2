"""How a tuning stands, for those who watch it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepsched.measure.progress import show_in_notebook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from deepsched.measure.clock import Clock
    from deepsched.measure.tuning.trial import Trial

    Watch = Callable[["Standing"], None]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a tuning stands: the trials, what is being done, and the seconds gone by of the budget."""

    trials: tuple[Trial, ...]
    words: str
    elapsed: float
    budget: float


@dataclass(slots=True)
class Desk:
    """Where the trials lie while they are under way, and from where those who watch are told."""

    trials: Sequence[Trial]
    budget: float
    watch: Watch
    clock: Clock
    start: float
    words: str = "opening"

    def say(self, words: str) -> None:
        """Tell what is being measured."""
        self.words = words
        self.watch(Standing(tuple(self.trials), words, self.clock.now() - self.start, self.budget))

    def lay(self, trials: Sequence[Trial]) -> None:
        """Put the trials down as they are now, and tell."""
        self.trials = tuple(trials)
        self.say(self.words)


@contextmanager
def show_bar(budget: float) -> Iterator[Watch]:
    """Show tqdm's bar of the budget."""
    with show_in_notebook(budget) as show:
        yield lambda standing: show(standing.elapsed, standing.words)


@contextmanager
def show_nothing(_budget: float) -> Iterator[Watch]:
    """Show nothing."""
    yield lambda _standing: None
