"""axe-core finds nothing serious in any widget, in light and in dark, at rest and with all that folds unfolded.

And nothing moves for a person who wants that.
"""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.notebooks import GALLERY
from tests.browser.pages import (
    RUNS,
    find_lab,
    open_in_jupyterlab,
    press_start,
    press_stop,
    run_all_cells,
    switch_theme,
    wait_for_sentence,
)
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
        show_all(page)
        yield page
    running_jupyter.end_kernels()


def show_all(page) -> None:
    """Make all of the notebook visible to axe-core, which passes over what it takes for hidden."""
    # JupyterLab's body has no height of its own, and hides what is outside.
    page.add_style_tag(content="html, body { height: 100%; }")
    height = page.locator(".jp-WindowedPanel-outer").first.evaluate("e => e.scrollHeight")
    page.set_viewport_size({"width": 1400, "height": height + 1000})
    page.wait_for_timeout(1000)


def list_serious(page) -> list[str]:
    """Give what axe-core finds serious or critical inside our widgets."""
    # A colour on its way to another one is neither.
    page.wait_for_function(
        "!document.getAnimations().some((a) => a instanceof CSSTransition && a.playState === 'running')"
    )
    answer = Axe().run(page, context=ROOTS).response
    return [
        f"{violation['id']}: {node['html'][:160]}\n{node['failureSummary']}"
        for violation in answer["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]


def list_moving(page) -> list[str]:
    """Give what of our widgets a style lets move, by itself or on its way to another look."""
    return page.locator(ROOTS).evaluate_all(
        """roots => {
            const moves = ({ transitionDuration, transitionDelay, animationName }) =>
                animationName !== "none" || !/^(0s(, )?)+$/.test(`${transitionDuration}, ${transitionDelay}`);
            const looks = (node) => [null, "::before", "::after"].map((part) => getComputedStyle(node, part));
            const nodes = roots.flatMap((root) => [root, ...root.querySelectorAll("*")]);
            return nodes.filter((node) => looks(node).some(moves)).map((node) => node.outerHTML.slice(0, 160));
        }"""
    )


def test_what_is_serious_would_be_found(gallery):
    pale = '<div id="planted"><p style="color: #ccc; background: #fff">pale words</p><button></button></div>'
    for number in range(WIDGETS):
        root = gallery.locator(ROOTS).nth(number)
        root.evaluate("(root, html) => root.insertAdjacentHTML('beforeend', html)", pale)
        found = "\n".join(list_serious(gallery))
        gallery.locator("#planted").evaluate("node => node.remove()")
        assert "color-contrast: <p style" in found, number
        assert "button-name: <button></button>" in found, number


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
    wait_for_sentence(lab, RUNS)
    gallery.wait_for_timeout(1500)
    found = list_serious(gallery)
    press_stop(lab)
    assert not found, "\n\n".join(found)


def test_nothing_moves_for_those_who_want_that(gallery):
    assert list_moving(gallery), "what moves would not be found"
    gallery.emulate_media(reduced_motion="reduce")
    moving = list_moving(gallery)
    gallery.emulate_media(reduced_motion="no-preference")
    assert not moving, "\n".join(moving)
