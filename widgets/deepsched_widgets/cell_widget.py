"""A widget that goes with its cell: what a cell made when it ran before is closed when it runs again."""

from __future__ import annotations

import sys
import weakref
from typing import Any

import anywidget

# What a widget gives to be displayed: data by MIME type, and metadata.
Bundle = tuple[dict[str, Any], dict[str, Any]]

# By cell: the execution that made widgets there last, and these. Weakly held, for a closed widget may be large.
_made: dict[str, tuple[str, list[weakref.ref[CellWidget]]]] = {}


class CellWidget(anywidget.AnyWidget):
    """Closes, when it is made, the widgets that an earlier execution of the same cell made.

    ipywidgets would keep them, their comms and all that they hold until the kernel ends. JupyterLab, Notebook and
    VS Code say which cell they run; a front end that does not leaves them there.

    Parameters
    ----------
    **traits
        As for every widget.

    Raises
    ------
    TypeError
        If there is no such trait.
    """

    def __init__(self, **traits: Any) -> None:
        unknown = sorted(set(traits) - set(self.class_trait_names()))
        if unknown:
            raise TypeError(f"{type(self).__name__}() got unexpected keyword arguments: {', '.join(unknown)}.")
        super().__init__(**traits)
        cell, execution = _find_cell()
        if cell:
            before, widgets = _made.get(cell, ("", []))
            if before != execution:
                # A lab is made after its pictures, and ends before them.
                for widget in reversed(widgets):
                    _close(widget())
                widgets = []
            _made[cell] = execution, [*widgets, weakref.ref(self)]

    def close(self) -> None:
        """Take the widget off the page, and its layout, which is a widget of its own. Safe to call twice."""
        super().close()
        self.layout.close()


def add_picture(bundle: Bundle | None, text: str, svg: str) -> Bundle | None:
    """Put a text and a picture beside a widget's view, for pages without a kernel; None where there is no view."""
    if bundle is None:
        return None
    data, metadata = bundle
    return {**data, "text/plain": text, "image/svg+xml": svg}, metadata


def _close(widget: CellWidget | None) -> None:
    if widget is not None:
        widget.close()


def _find_cell() -> tuple[str, str]:
    """Give the id of the cell that runs, and of its execution; nothing where no kernel runs or it does not know."""
    ipython = sys.modules.get("IPython")
    kernel = getattr(ipython and ipython.get_ipython(), "kernel", None)
    parent = kernel.get_parent("shell") if kernel else {}
    return str(parent.get("metadata", {}).get("cellId", "")), str(parent.get("header", {}).get("msg_id", ""))
