"""``deepsched lab``: the command that becomes JupyterLab, without JupyterLab."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """Stand in an empty folder with all that the lab needs, and gather the commands that would have been started."""
    commands: list[list[str]] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("deepsched.cli.lab.find_spec", lambda _name: object())
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "execv", lambda _path, command: commands.append(command))
    return commands


@pytest.mark.parametrize("missing", ["jupyterlab", "deepsched_widgets"])
def test_what_is_not_installed_is_named_with_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, call: Callable, started: list[list[str]], missing: str
) -> None:
    # GIVEN deepsched without its lab
    monkeypatch.setattr("deepsched.cli.lab.find_spec", lambda name: None if name == missing else object())
    # WHEN the lab is opened
    said = call("lab")
    # THEN a sentence says what to do, and nothing is started
    assert (said.status, said.out, started) == (2, "", [])
    assert said.err == "error: the lab needs JupyterLab and the widgets: pip install 'deepsched[lab]'.\n"


def test_the_notebooks_are_opened(call: Callable, started: list[list[str]], tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    assert call("lab").status == 0
    assert started == [[sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={tmp_path / 'notebooks'}"]]


def test_without_notebooks_this_folder_is_opened(call: Callable, started: list[list[str]], tmp_path: Path) -> None:
    call("lab")
    assert f"--ServerApp.root_dir={tmp_path}" in started[0]


def test_another_folder_is_opened(call: Callable, started: list[list[str]], tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "mine").mkdir()
    call("lab", "--folder", "mine")
    assert f"--ServerApp.root_dir={tmp_path / 'mine'}" in started[0]


def test_a_folder_that_is_none_is_a_mistake(call: Callable, started: list[list[str]]) -> None:
    said = call("lab", "--folder", "nowhere")
    assert (said.status, started) == (2, [])
    assert said.err == "error: nowhere is not a folder; expected one with notebooks.\n"


def test_further_options_go_to_jupyterlab(call: Callable, started: list[list[str]]) -> None:
    call("lab", "--no-browser", "--port", "9999", "--ServerApp.ip=0.0.0.0")
    assert started[0][4:] == ["--no-browser", "--port", "9999", "--ServerApp.ip=0.0.0.0"]


def test_root_is_allowed_where_root_is_all_there_is(
    monkeypatch: pytest.MonkeyPatch, call: Callable, started: list[list[str]]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    call("lab")
    assert "--allow-root" in started[0]
