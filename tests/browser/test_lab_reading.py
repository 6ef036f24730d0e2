"""What a person sets, reads and points at in a lab beside its main controls, on the golden machine and this one."""

from __future__ import annotations

import re

import onnx
import pytest
from onnx import parser

from tests.browser.labs import TALL, open_labs
from tests.browser.pages import (
    PATIENCE,
    RUNS,
    choose,
    find_slider,
    press_start,
    press_stop,
    set_slider,
    wait_for_cpu_count,
    wait_for_cpus,
    wait_for_sentence,
)

pytestmark = pytest.mark.browser

GOLDEN_CPUS = 16


@pytest.fixture(scope="module")
def labs_page(chromium, running_jupyter):
    with open_labs(chromium, running_jupyter, "short-labs.ipynb", 2, viewport=TALL) as page:
        yield page


@pytest.fixture
def golden(labs_page, labs):
    choose(labs[0], "machine", "golden")
    wait_for_cpu_count(labs_page, labs[0], GOLDEN_CPUS)
    set_slider(labs[0], 3)
    labs[0].locator('[data-finding="socket-straddle"]').first.wait_for()
    return labs[0]


def test_a_number_is_typed_beside_the_slider(labs_page, golden):
    box = golden.get_by_role("spinbutton", name="num_streams as a number")
    box.fill("4")
    box.press("Enter")
    wait_for_cpus(labs_page, golden, 3, [12, 13, 14, 15])
    assert find_slider(golden).input_value() == "4"


def test_escape_takes_back_what_is_typed(labs_page, golden):
    box = golden.get_by_role("spinbutton", name="num_streams as a number")
    box.fill("4")
    box.press("Escape")
    assert box.input_value() == "3"
    # THEN leaving the box asks for nothing either
    box.press("Tab")
    labs_page.wait_for_timeout(300)
    assert find_slider(golden).input_value() == "3"


def test_a_stream_is_pointed_at_and_chosen(golden):
    detail = golden.locator(".ds-map .ds-detail")
    golden.locator('[data-cpu="8"]').hover()
    detail.filter(has_text="stream 1").filter(has_text="straddles both sockets").wait_for()
    golden.locator('[data-cpu="8"]').click()
    golden.get_by_role("heading").first.hover()
    # THEN it stays, and the others step back
    detail.filter(has_text="straddles both sockets").wait_for()
    assert golden.locator('[data-cpu="0"].ds-quiet').count() == 1
    assert golden.locator('[data-cpu="8"].ds-quiet').count() == 0
    golden.locator('[data-cpu="8"]').press("Escape")
    # AND the legend's entries do as their cores do
    entry = golden.get_by_role("listbox", name="streams").get_by_role("option").nth(2)
    entry.click()
    detail.filter(has_text="stream 2").wait_for()
    entry.press("Escape")


def test_a_machine_of_the_catalogue_is_chosen(labs_page, golden):
    choose(golden, "machine", "hybrid-laptop")
    wait_for_cpu_count(labs_page, golden, 20)
    golden.get_by_role("heading", name="on hybrid-laptop").wait_for()


def test_hardware_threads_of_a_core_are_taken(labs_page, golden):
    choose(golden, "machine", "desktop")
    wait_for_cpu_count(labs_page, golden, 16)
    wait_for_cpus(labs_page, golden, 0, list(range(8)))
    choose(golden, "threads per core", "2")
    wait_for_cpus(labs_page, golden, 0, list(range(16)))
    choose(golden, "threads per core", "1")


def test_load_and_workload_are_changed_in_a_run(golden):
    press_start(golden)
    wait_for_sentence(golden, RUNS)
    clients = golden.get_by_role("spinbutton", name="clients")
    clients.fill("1")
    clients.press("Enter")
    golden.get_by_text("1 client can keep at most 1 of 3 streams busy.").wait_for()
    choose(golden, "workload", "memory bound")
    golden.get_by_role("heading", name="memory bound").wait_for()
    wait_for_sentence(golden, RUNS)
    press_stop(golden)
    choose(golden, "workload", "small convnet")
    clients.fill("16")
    clients.press("Enter")


def test_a_model_of_ones_own_is_typed_and_runs_until_it_stops_by_itself(labs, tmp_path):
    here = labs[1]
    model = parser.parse_model(
        '<ir_version: 9, opset_import: ["": 17]> own (float[batch, 8] x) => (float[batch, 8] y) { y = Relu(x) }'
    )
    onnx.save(model, tmp_path / "own.onnx")
    select = here.get_by_role("combobox", name="model", exact=True)
    select.select_option(index=select.locator("option").count() - 1)
    field = here.get_by_role("textbox", name="other model")
    field.fill(str(tmp_path / "own.onnx"))
    field.press("Enter")
    here.get_by_role("heading", name="own.onnx on this machine").wait_for()
    press_start(here)
    wait_for_sentence(here, RUNS)
    here.get_by_text("Inputs are generated, dynamic sizes being 1").wait_for()
    here.get_by_text("as every run does").wait_for(timeout=PATIENCE)
    here.get_by_role("button", name="Start").wait_for()
    choose(here, "model", "light_squeezenet")


def test_a_prediction_stands_beside_what_is_measured(labs):
    here = labs[1]
    here.get_by_role("checkbox", name="predict").check()
    press_start(here)
    here.get_by_text(re.compile(r"Predicted \(simulated\): .* the measured mean of")).wait_for(timeout=PATIENCE)
    press_stop(here)
    here.get_by_role("checkbox", name="predict").uncheck()


def test_what_was_tuned_here_is_applied_by_its_button(labs):
    here = labs[1]
    set_slider(here, 1)
    wait_for_sentence(here, "^1 stream planned")
    here.get_by_role("button", name="Tune", exact=True).click()
    use = here.get_by_role("button", name=re.compile("^Use "))
    use.wait_for(timeout=2 * PATIENCE)
    here.get_by_role("button", name="Tune", exact=True).wait_for()
    single = "single_stream" in use.inner_text()
    use.click()
    here.get_by_role("radio", name="single_stream" if single else "multi_stream", checked=True).wait_for()
