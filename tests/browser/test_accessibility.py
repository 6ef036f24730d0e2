"""axe-core finds nothing serious in any widget, in light and in dark, at rest and with all that folds unfolded."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.notebooks import GALLERY
from tests.browser.pages import find_lab, open_in_jupyterlab, press_start, press_stop, run_all_cells, wait_for_sentence
from tests.browser.watching import watch_page

pytestmark = pytest.mark.browser

ROOTS = "[data-deepsched]"
WIDGETS = len(GALLERY) - 1


@pytest.fixture(scope="module")
def gallery(chromium, running_jupyter):
    running_jupyter.set_up(windowing="none")
    with watch_page(chromium) as page:
        open_in_jupyterlab(page, running_jupyter, "gallery.ipynb")
        run_all_cells(page)
        page.wait_for_function(f"document.querySelectorAll('{ROOTS}').length >= {WIDGETS}")
        # plotly comes with the first chart, and takes its time.
        page.locator(f"{ROOTS} .main-svg").first.wait_for()
        yield page
    running_jupyter.end_kernels()


def switch_theme(page, theme: str) -> None:
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Theme$")).hover()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^JupyterLab {theme.title()}$")).click()
    page.locator(f'body[data-jp-theme-light="{str(theme == "light").lower()}"]').wait_for(state="attached")


def list_serious(page) -> list[str]:
    """Give what axe-core finds serious or critical inside our widgets."""
    answer = Axe().run(page, context=ROOTS).response
    # It has looked at something: names, roles, contrast and so on are rules of their own.
    assert len(answer["passes"]) > 10
    return [
        f"{violation['id']}: {node['html'][:160]}\n{node['failureSummary']}"
        for violation in answer["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_is_found(gallery, theme):
    switch_theme(gallery, theme)
    found = list_serious(gallery)
    assert not found, "\n\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_is_found_in_what_unfolds(gallery, theme):
    switch_theme(gallery, theme)
    gallery.evaluate(f"for (const d of document.querySelectorAll('{ROOTS} details')) d.open = true")
    gallery.wait_for_timeout(500)
    found = list_serious(gallery)
    assert not found, "\n\n".join(found)


def test_nothing_serious_is_found_while_a_lab_runs(gallery):
    lab = find_lab(gallery).first
    press_start(lab)
    wait_for_sentence(lab, r"items/s")
    gallery.wait_for_timeout(1500)
    found = list_serious(gallery)
    press_stop(lab)
    assert not found, "\n\n".join(found)
