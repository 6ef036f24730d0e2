"""What a widget sends to the page before anything else: one sound and light script, and its style sheet."""

from __future__ import annotations

import subprocess

import pytest

from deepsched_widgets.page_files import join_script, join_styles

WIDGETS = ["chart_view", "machine_map", "request_timeline", "stream_lab"]


@pytest.mark.parametrize("widget", WIDGETS)
def test_the_script_is_light_and_sound(widget, tmp_path):
    script = tmp_path / "widget.mjs"
    script.write_text(join_script(widget), encoding="utf-8")
    assert script.stat().st_size < 20_000
    # A name that two of its files declare is an error here, as all share one scope.
    checked = subprocess.run(["node", "--check", script], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    # WHEN it is loaded THEN it imports nothing, and gives what anywidget calls
    ask = f'import("{script}").then((m) => console.log(Object.keys(m) + ":" + Object.keys(m.default)))'
    asked = subprocess.run(["node", "-e", ask], capture_output=True, text=True, check=False)
    assert asked.stdout.strip() == "default:render", asked.stderr


@pytest.mark.parametrize("widget", WIDGETS)
def test_the_style_sheet_keeps_to_our_elements(widget):
    rules = [line for line in join_styles(widget).splitlines() if line.rstrip().endswith("{")]
    assert rules
    assert all(".ds" in rule or "@" in rule or rule.strip() in {"from {", "to {"} for rule in rules)
