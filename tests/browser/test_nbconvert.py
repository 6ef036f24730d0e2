"""Notebooks that were run and then exported: the last picture is there, without a kernel and without a network."""

from __future__ import annotations

import json
import subprocess
import sys
from copy import deepcopy

import nbformat
import pytest
from nbconvert import HTMLExporter

from tests.browser.notebooks import GALLERY, write_notebook
from tests.browser.watching import watch_page

pytestmark = pytest.mark.browser

STATE, VIEW = "application/vnd.jupyter.widget-state+json", "application/vnd.jupyter.widget-view+json"
WIDGETS = len(GALLERY) - 1


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """A notebook that was run with the state of its widgets, as nbconvert and JupyterLab keep it."""
    path = write_notebook(tmp_path_factory.mktemp("exported") / "gallery.ipynb", *GALLERY)
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", str(path)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    return nbformat.read(path, as_version=4)


def export(notebook) -> str:
    """Do what ``jupyter nbconvert --to html`` does, without another process."""
    text, _ = HTMLExporter().from_notebook_node(notebook)
    return text


@pytest.fixture(scope="module")
def exported_page(chromium, executed, tmp_path_factory):
    """The notebook as it is committed, without the state of its widgets, as HTML."""
    notebook = deepcopy(executed)
    del notebook.metadata["widgets"]
    path = tmp_path_factory.mktemp("exported") / "gallery.html"
    path.write_text(export(notebook))
    with watch_page(chromium, offline=True) as page:
        page.goto(path.as_uri())
        page.locator(".jp-OutputArea-output").first.wait_for()
        yield page


def test_every_widget_shows_its_last_picture(exported_page):
    widths = exported_page.locator(".jp-OutputArea-output").evaluate_all(
        "outputs => outputs.map((output) => output.querySelector('svg, img')?.getBoundingClientRect().width ?? 0)"
    )
    assert len(widths) == WIDGETS
    assert all(width > 300 for width in widths), widths


def test_every_picture_says_what_it_shows(exported_page):
    names = exported_page.get_by_role("img").evaluate_all(
        """pictures => pictures.map((picture) => {
            const title = document.getElementById(picture.getAttribute("aria-labelledby") ?? "");
            const label = picture.getAttribute("aria-label") ?? picture.getAttribute("alt");
            return label ?? (title ?? picture.querySelector("title"))?.textContent ?? "";
        })"""
    )
    assert len(names) >= WIDGETS
    assert all(names), names


def test_with_the_state_of_widgets_a_page_has_all_that_they_need(executed):
    # Such a page fetches Jupyter's own scripts from the network: here it is only looked at.
    text = export(executed)
    states = executed.metadata["widgets"][STATE]["state"]
    views = [o["data"][VIEW]["model_id"] for cell in executed.cells for o in cell.outputs if VIEW in o.get("data", {})]
    assert len(views) == WIDGETS
    for view in views:
        assert states[view]["model_module"] == "anywidget"
        assert json.dumps(view) in text
    # and the lab's children are there too, not only the lab
    lab = states[views[-1]]["state"]
    assert lab["machine_map"].removeprefix("anywidget:").removeprefix("IPY_MODEL_") in states
