"""How far a measurement is, shown where the person looks: a rich bar in the terminal, tqdm's in a notebook."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    # Seconds done, and a few words on what is being done.
    Show = Callable[[float, str], None]


@contextmanager
def show_in_terminal(total: float) -> Iterator[Show]:
    """Show a bar on stderr, if that is a terminal; it is gone afterwards.

    It is drawn when there is news, and never in between: a thread that draws takes the GIL from the clients.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, auto_refresh=False, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("opening", total=total)
        yield lambda done, words: bar.update(task, completed=done, description=words, refresh=True)


@contextmanager
def show_in_notebook(total: float) -> Iterator[Show]:
    """Show tqdm's bar: a widget in notebooks, text on a terminal, and nothing where stderr is a file."""
    from tqdm.auto import tqdm  # noqa: PLC0415 - it loads ipywidgets, where that is installed

    form = "{desc}{percentage:3.0f}%|{bar}| {remaining} left"
    with tqdm(total=total, desc="opening", leave=False, disable=None, bar_format=form, mininterval=0) as bar:

        def show(done: float, words: str) -> None:
            bar.set_description(words, refresh=False)
            bar.update(max(0.0, min(done, total) - bar.n))

        yield show


@contextmanager
def show_nothing(_total: float) -> Iterator[Show]:
    """Show nothing."""
    yield lambda _done, _words: None
