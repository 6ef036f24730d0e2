"""The lab in each front end that shows all of it: what the slider asks for is on the map, and a run starts and ends."""

from __future__ import annotations

import pytest

from tests.browser.pages import (
    find_lab,
    find_slider,
    open_in_jupyterlab,
    open_in_notebook,
    open_in_voila,
    press_start,
    press_stop,
    run_all_cells,
    wait_for_cpus,
    wait_for_sentence,
)

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("open_notebook", "comms_over_subshells"),
    [
        pytest.param(open_in_jupyterlab, "disabled", id="jupyterlab without subshells"),
        pytest.param(open_in_notebook, "perCommTarget", id="notebook"),
        pytest.param(open_in_notebook, "disabled", id="notebook without subshells"),
        pytest.param(open_in_voila, "perCommTarget", id="voila"),
    ],
)
def test_the_lab_follows_its_slider_and_runs(page, jupyter_server, open_notebook, comms_over_subshells):
    jupyter_server.set_up(comms_over_subshells=comms_over_subshells)
    open_notebook(page, jupyter_server, "golden.ipynb")
    if open_notebook is not open_in_voila:
        run_all_cells(page)
    # GIVEN the golden machine with two streams, and what the front end says of itself while it loads
    lab = find_lab(page).first
    wait_for_cpus(page, lab, 1, list(range(8, 16)))
    page.watch.begin(jupyter_server)
    # WHEN the slider moves to 3 THEN the map and the sentence follow
    find_slider(lab).focus()
    find_slider(lab).press("ArrowRight")
    wait_for_cpus(page, lab, 1, [6, 7, 8, 9, 10])
    lab.locator('[data-finding="socket-straddle"]').first.wait_for()
    # and WHEN it runs THEN it says so, and ends when it is told to
    press_start(lab)
    wait_for_sentence(lab, r"3 streams, [1-9][\d.]* items/s")
    press_stop(lab)
    wait_for_sentence(lab, "^3 streams planned")
    assert not page.watch.list_complaints()
