"""A lab with as many runs, samples and requests as it has in half an hour, in a minute: it does not grow."""

from __future__ import annotations

import pytest

from tests.browser.growth import MOST_GROWTH, open_lab, run_once, weigh

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

# Half an hour: a run stops by itself after a minute, and sends some four messages a second.
_RUNS = 30
_MESSAGES = 7500
_SECONDS = 2.0


def test_half_an_hour_of_runs_leaves_little_behind(page, jupyter_server):
    lab, kernel = open_lab(page, jupyter_server, "hasty.ipynb")
    # GIVEN a lab that has run, with plotly, the model and a full chart in memory
    for _ in range(4):
        run_once(lab, _SECONDS)
    page.wait_for_timeout(1000)
    before = weigh(page, kernel)
    page.watch.begin(jupyter_server)
    # WHEN it runs as often as in half an hour, and sends as much
    runs = 0
    while runs < _RUNS or len(page.watch.traffic.list_comms()) < _MESSAGES:
        run_once(lab, _SECONDS)
        runs += 1
    assert not page.watch.list_complaints()
    page.watch.begin(jupyter_server)
    page.wait_for_timeout(1000)
    after = weigh(page, kernel)
    # THEN both hold hardly more than before
    grown = f"from {before} to {after}"
    assert after.kernel - before.kernel <= MOST_GROWTH, grown
    assert after.page - before.page <= MOST_GROWTH, grown
