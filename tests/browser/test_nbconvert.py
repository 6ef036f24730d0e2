"""Notebooks that were run and then exported: what cells displayed is there, without a kernel and without a network."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode
from copy import deepcopy
from xml.etree import ElementTree as ET

import nbformat
import pytest
from nbconvert import HTMLExporter

from tests.browser.notebooks import GALLERY, write_notebook
from tests.browser.watching import watch_page

pytestmark = pytest.mark.browser

SVG = "{http://www.w3.org/2000/svg}"
STATE, VIEW = "application/vnd.jupyter.widget-state+json", "application/vnd.jupyter.widget-view+json"
WIDGETS = len(GALLERY) - 1

BAD_STREAM = {"3 streams on 16 cores", "S0", "S1", "S2", "▲ stream 1 straddles sockets 0 and 1"}
DISPLAYED = [
    BAD_STREAM,
    {"single_stream", "multi_stream", "◇ simulated", "queue", "S0", "S3"},
    {"items/s", "latency, ms: p50 solid, p99 dashed", "num_streams", "1", "8", "16", "◇ simulated"},
    {"Nothing ran yet."},
    BAD_STREAM,
]


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


@pytest.fixture(scope="module")
def pictures(exported_page):
    """The SVG of each output, which nbconvert puts into images."""
    images = exported_page.locator(".jp-OutputArea-output img").all()
    sources = [image.get_attribute("src").removeprefix("data:image/svg+xml;base64,") for image in images]
    return [ET.fromstring(b64decode(source)) for source in sources]


def test_every_widget_shows_the_picture_that_its_cell_displayed(exported_page, pictures):
    widths = exported_page.locator(".jp-OutputArea-output").evaluate_all(
        "outputs => outputs.map((output) => output.querySelector('img')?.getBoundingClientRect().width ?? 0)"
    )
    assert len(widths) == WIDGETS
    assert all(width > 300 for width in widths), widths
    written = [{text.text for text in picture.iter(f"{SVG}text")} for picture in pictures]
    missing = [words - there for words, there in zip(DISPLAYED, written, strict=True)]
    assert not any(missing), missing


def test_every_picture_says_what_it_shows(pictures):
    # nbconvert gives its images no words of theirs: they are in the picture.
    titles = [picture.findtext(f"{SVG}title", "") for picture in pictures]
    assert all(titles), titles


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
