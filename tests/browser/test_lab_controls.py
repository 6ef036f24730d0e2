"""All that a person can do in a lab, for the golden example and for this machine."""

from __future__ import annotations

import json
import re

import pytest

from tests.browser.labs import open_labs
from tests.browser.notebooks import GOLDEN
from tests.browser.pages import (
    PATIENCE,
    RUNS,
    choose,
    find_slider,
    list_cpus,
    press_start,
    press_stop,
    set_slider,
    storm_slider,
    wait_for_cpu_count,
    wait_for_cpus,
    wait_for_sentence,
)
from tests.topology.hwloc import export_xml

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def labs_page(chromium, running_jupyter):
    clipboard = ["clipboard-read", "clipboard-write"]
    with open_labs(chromium, running_jupyter, "two-labs.ipynb", 2, permissions=clipboard) as page:
        yield page


@pytest.fixture
def golden(labs):
    """The golden machine with three streams."""
    choose(labs[0], "machine", "golden")
    set_slider(labs[0], 3)
    labs[0].locator('[data-finding="socket-straddle"]').first.wait_for()
    return labs[0]


@pytest.fixture
def here(labs):
    """This machine, with one stream and two clients."""
    set_slider(labs[1], 1)
    wait_for_sentence(labs[1], "^1 stream planned")
    return labs[1]


def type_other(lab, name: str, text: str) -> None:
    """Choose the last entry, and type what is not listed."""
    select = lab.get_by_role("combobox", name=name, exact=True)
    select.select_option(index=select.locator("option").count() - 1)
    field = lab.get_by_role("textbox", name=f"other {name}")
    field.fill(text)
    field.press("Enter")


def test_a_finding_is_mended_by_its_button(labs_page, golden):
    straddle = golden.locator('[data-finding="socket-straddle"]')
    straddle.get_by_role("button", name="4 streams").first.click()
    wait_for_cpus(labs_page, golden, 3, [12, 13, 14, 15])
    straddle.first.wait_for(state="detached")
    assert find_slider(golden).input_value() == "4"


def test_the_scheduler_is_changed(labs_page, golden):
    golden.get_by_role("radio", name="single_stream").check(force=True)
    wait_for_cpus(labs_page, golden, 0, list(range(16)))
    assert find_slider(golden).is_disabled()
    golden.get_by_role("radio", name="multi_stream").check(force=True)
    wait_for_cpus(labs_page, golden, 1, [6, 7, 8, 9, 10])


def test_a_plan_is_kept_to_compare_with(labs_page, golden):
    compare = golden.get_by_role("button", name="to compare")
    compare.click()
    golden.locator("[data-part=compare][aria-pressed=true]").wait_for()
    set_slider(golden, 2)
    wait_for_sentence(golden, "^2 streams planned")
    # Each cpu is there twice: in the plan of now, and in the one that is kept.
    labs_page.wait_for_function("e => e.querySelectorAll('[data-cpu=\"6\"]').length === 2", arg=golden.element_handle())
    golden.locator("[data-part=compare]").click()
    labs_page.wait_for_function("e => e.querySelectorAll('[data-cpu=\"6\"]').length === 1", arg=golden.element_handle())


def test_the_code_is_copied(labs_page, golden):
    golden.get_by_text("Code", exact=True).click()
    code = golden.get_by_role("region", name="code")
    code.filter(has_text="compile_model").wait_for()
    golden.get_by_role("button", name="Copy").click()
    golden.get_by_role("button", name="Copied").wait_for()
    copied = labs_page.evaluate("navigator.clipboard.readText()")
    assert copied == code.inner_text()
    assert "num_streams=3" in copied
    # and the code follows the controls
    set_slider(golden, 4)
    code.filter(has_text="num_streams=4").wait_for()
    choose(golden, "for", "taskset")
    code.filter(has_text="taskset").wait_for()
    golden.get_by_text("Code", exact=True).click()


def test_another_machine_is_typed(labs_page, golden):
    type_other(golden, "machine", "pack:1 l3:2 core:2 pu:1")
    wait_for_cpu_count(labs_page, golden, 4)
    assert find_slider(golden).get_attribute("max") == "4"
    # WHEN it is no machine THEN it is refused beside the field, and what was typed stays
    type_other(golden, "machine", "pack:none")
    golden.get_by_role("alert").filter(has_text="pack:none").wait_for()
    field = golden.get_by_role("textbox", name="other machine")
    assert field.get_attribute("aria-invalid") == "true"
    assert field.input_value() == "pack:none"
    type_other(golden, "machine", GOLDEN)
    wait_for_cpu_count(labs_page, golden, 16)
    assert golden.get_by_role("alert").filter(has_text="pack:none").count() == 0


def test_a_machine_of_a_file_is_typed(labs_page, golden, tmp_path):
    file = tmp_path / "server.xml"
    file.write_text(export_xml("pack:1 l3:2 core:3 pu:1"))
    type_other(golden, "machine", str(file))
    wait_for_cpu_count(labs_page, golden, 6)
    golden.get_by_role("heading", name="server.xml").wait_for()


def test_a_file_that_came_after_it_was_refused_is_taken(labs_page, golden, tmp_path):
    file = tmp_path / "later.xml"
    type_other(golden, "machine", str(file))
    alert = golden.get_by_role("alert").filter(has_text="later.xml")
    alert.wait_for()
    # WHEN the file is there and Enter is pressed again THEN it is taken
    file.write_text(export_xml("pack:1 l3:2 core:2 pu:1"))
    golden.get_by_role("textbox", name="other machine").press("Enter")
    wait_for_cpu_count(labs_page, golden, 4)
    alert.wait_for(state="detached")


def test_another_model_is_chosen(here):
    choose(here, "model", "light_shufflenet")
    here.get_by_role("heading", name=re.compile("shufflenet.* on this machine")).wait_for()
    type_other(here, "model", "no-such.onnx")
    here.get_by_role("alert").filter(has_text="no-such.onnx").wait_for()
    choose(here, "model", "light_squeezenet")
    here.get_by_role("heading", name=re.compile("squeezenet.* on this machine")).wait_for()
    press_start(here)
    wait_for_sentence(here, RUNS)
    press_stop(here)


def test_requests_come_at_a_rate(here):
    here.get_by_role("combobox", name="kind of load").select_option("rate")
    rate = here.get_by_role("spinbutton", name="rate, requests/s")
    rate.fill("5")
    rate.press("Enter")
    press_start(here)
    sentence = wait_for_sentence(here, RUNS)
    press_stop(here)
    assert float(re.search(r"([\d.]+) items/s", sentence)[1]) < 25, sentence
    here.get_by_role("combobox", name="kind of load").select_option("clients")


def test_words_are_read_aloud_once_a_second_at_most(labs_page, here):
    here.evaluate(
        """(lab) => {
            const LIVE = "[aria-live], [role=status], [role=alert]";
            const nameOf = (part) => part.dataset.part ?? part.className;
            lab.told = { since: performance.now(), counts: {} };
            new MutationObserver((changes) => {
                for (const part of new Set(changes.map(({ target }) => target.closest(LIVE))))
                    if (part) lab.told.counts[nameOf(part)] = (lab.told.counts[nameOf(part)] ?? 0) + 1;
            }).observe(lab, { childList: true, subtree: true });
        }"""
    )
    # WHEN somebody moves the slider in haste, and then lets it run
    storm_slider(here, [1 + number % 2 for number in range(50)])
    press_start(here)
    wait_for_sentence(here, RUNS)
    labs_page.wait_for_timeout(2500)
    seconds, counts = here.evaluate("({ told }) => [(performance.now() - told.since) / 1000, told.counts]")
    press_stop(here)
    # THEN the sentence tells of both, at its own pace
    assert counts["sentence"] > 2
    assert max(counts.values()) <= 1 + 1.1 * seconds, counts


@pytest.mark.parametrize(("number", "origin"), [(0, "simulated"), (1, "measured")], ids=["golden", "this machine"])
def test_a_run_is_downloaded(labs_page, labs, number, origin):
    lab = labs[number]
    press_start(lab)
    wait_for_sentence(lab, RUNS)
    labs_page.wait_for_timeout(2500)
    press_stop(lab)
    with labs_page.expect_download() as download:
        lab.get_by_role("button", name="Download run JSON").click()
    run = json.loads(download.value.path().read_text())
    assert origin in json.dumps(run)
    with labs_page.expect_download() as download:
        lab.get_by_role("button", name="Download trace").click()
    trace = json.loads(download.value.path().read_text())
    assert [event for event in trace["traceEvents"] if event["ph"] == "X"]
    # and the timeline shows these requests
    assert lab.locator("[data-deepsched=request-timeline]").is_visible()


def test_tune_finds_a_schedule_and_its_button_applies_it(golden):
    golden.get_by_role("button", name="Tune", exact=True).click()
    use = golden.get_by_role("button", name=re.compile("^Use "))
    use.wait_for(timeout=2 * PATIENCE)
    golden.get_by_role("button", name="Tune", exact=True).wait_for()
    label = use.inner_text()
    use.click()
    expected = re.search(r"(\d+) stream", label)
    if expected:
        wait_for_sentence(golden, f"^{expected[1]} streams? planned")
    else:
        wait_for_sentence(golden, "^single_stream planned")


def test_tuning_is_stopped(here):
    here.get_by_role("button", name="Tune", exact=True).click()
    here.get_by_role("progressbar", name="tuning").wait_for()
    here.get_by_role("button", name="Stop tuning").click()
    here.get_by_role("button", name="Tune", exact=True).wait_for()
    # and the machine is free again for a run
    press_start(here)
    wait_for_sentence(here, RUNS)
    press_stop(here)
    assert list_cpus(here, 0)
