"""What nbval does not compare: formats whose text differs from run to run, beside one whose text does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

NOT_COMPARED = ("application/javascript", "application/vnd.plotly.v1+json", "text/html")


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Tell nbval; image/svg+xml and text/plain stay compared."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += NOT_COMPARED
