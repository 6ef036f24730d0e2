"""A plotly figure on a page: one message a change, and plotly's JavaScript at most once a page.

A FigureWidget would bring 5 MB into the notebook with each instance, and exchange some ten messages with the page for
each change: https://github.com/plotly/plotly.py/issues/5143.
"""

from __future__ import annotations

import gzip
from functools import cache
from typing import Any

import traitlets
from plotly.offline import get_plotlyjs

from deepsched_widgets.cell_widget import CellWidget
from deepsched_widgets.page_files import join_script, join_styles


class ChartView(CellWidget):
    """Shows a plotly figure, in the colours of the page and as wide as it is, with a table of what it shows.

    Parameters
    ----------
    **picture
        What the traits hold, all but `narrow` of them.
    """

    _esm = join_script("chart_view")
    _css = join_styles("chart_view")

    data: traitlets.List[Any] = traitlets.List().tag(sync=True)
    """Kernel to page: the traces, as plotly takes them. One without `x` has that of the first."""
    layout_of_figure = traitlets.Dict().tag(sync=True)
    """Kernel to page: the layout, as plotly takes it; `layout` is the widget's own."""
    narrow = traitlets.Dict().tag(sync=True)
    """Kernel to page: what changes of the layout on a narrow page."""
    label = traitlets.Unicode().tag(sync=True)
    """Kernel to page: what the chart is, in words."""
    table = traitlets.Dict().tag(sync=True)
    """Kernel to page: what the chart shows, as `columns` and `rows` of text."""

    def __init__(self, **picture: Any) -> None:
        super().__init__(**picture)
        self.on_msg(self._on_message)

    def show_picture(self, **picture: Any) -> None:
        """Change some of the traits, in one message that holds only what differs."""
        with self.hold_sync():
            for name, value in picture.items():
                self.set_trait(name, value)

    def _on_message(self, _widget: Any, message: Any, _buffers: Any) -> None:
        """Send plotly to a page that has none yet."""
        if message == {"ask": "plotly"}:
            self.send({"plotly": "gzip"}, [_pack_plotly()])


@cache
def _pack_plotly() -> bytes:
    return gzip.compress(get_plotlyjs().encode(), 6)
