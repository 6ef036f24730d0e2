"""A lab with as many runs, samples and requests as it has in half an hour, in a minute: it does not grow."""

from __future__ import annotations

import pytest

from tests.browser.growth import MOST_GROWTH, open_lab, run_once, weigh

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

_RUNS = 30
_SECONDS = 2.0
_SAMPLES = 30 * 60 * 2  # two a second, in half an hour


def test_half_an_hour_of_runs_leaves_little_behind(page, jupyter_server):
    lab, kernel = open_lab(page, jupyter_server, "hasty.ipynb")
    # GIVEN a lab that has run, with plotly, the model and a full chart in memory
    for _ in range(4):
        run_once(lab, _SECONDS)
    page.wait_for_timeout(2000)
    before = weigh(page, kernel)
    page.watch.begin(jupyter_server)
    # WHEN it runs as often as in half an hour
    for _ in range(_RUNS):
        run_once(lab, _SECONDS)
    page.wait_for_timeout(2000)
    after = weigh(page, kernel)
    # THEN it sent as much as in half an hour, and holds hardly more than before
    assert len(page.watch.traffic.list_comms()) > _SAMPLES / 2
    assert after.kernel - before.kernel <= MOST_GROWTH, f"from {before} to {after}"
    assert after.page - before.page <= MOST_GROWTH, f"from {before} to {after}"
    print(f"from {before} to {after}")
    assert not page.watch.list_complaints()
