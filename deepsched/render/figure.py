"""From plotly's plain data to plotly: loaded only when a figure or a page is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deepsched.errors import MissingPackageError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Lines that differ in dash and marker too, so that they do without colour.
LINES = (
    ("#0072B2", "solid", "circle"),
    ("#D55E00", "dash", "square"),
    ("#009E73", "dashdot", "diamond"),
    ("#CC79A7", "dot", "cross"),
    ("#808080", "longdash", "x"),
    ("#E69F00", "longdashdot", "triangle-up"),
)


def make_figure(description: Mapping[str, Any], *, caller: str) -> Any:
    """Make a plotly figure of what a ``describe_`` function gave.

    Parameters
    ----------
    description : mapping
        `data` and `layout_of_figure`, as plotly takes them.
    caller : str
        The function that a person called.

    Raises
    ------
    MissingPackageError
        If plotly is not installed.
    """
    try:
        import plotly.graph_objects as go  # noqa: PLC0415 - an extra, and heavy
    except ImportError:
        raise MissingPackageError(_say_missing(caller)) from None
    layout = {**description["layout_of_figure"], "template": "plotly_white"}
    return go.Figure(data=description["data"], layout=layout)


def read_plotly_script(caller: str) -> str:
    """Give plotly's JavaScript, to stand in a page that opens offline.

    Raises
    ------
    MissingPackageError
        If plotly is not installed.
    """
    try:
        from plotly.offline import get_plotlyjs  # noqa: PLC0415 - an extra, and heavy
    except ImportError:
        raise MissingPackageError(_say_missing(caller)) from None
    return str(get_plotlyjs())


def _say_missing(caller: str) -> str:
    return f"{caller} needs plotly, which is not installed. Install it with: pip install 'deepsched[widgets]'"
