"""The report: one HTML file, complete, that a browser opens offline."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

from deepsched.errors import MissingPackageError, OptionError
from deepsched.render import Report, name_boundaries, write_report
from deepsched.render.reports.report import compose_report
from tests.render.made_runs import GOLDEN, make_run

if TYPE_CHECKING:
    from pathlib import Path

NAN = float("nan")
RUNS = (
    make_run("best <1>", 2, 180, 0.020),
    make_run("three", 3, 150, 0.030),
    make_run("three, other pinning", 3, 140, 0.030),
    make_run("planned", 4, 200, NAN, origin="simulated"),
)
REPORT = Report(
    "resnet <50>",
    RUNS,
    {"processor": "golden & old"},
    ["num_streams 2 is best."],
    "compile_model('a<b', num_streams=2)",
    name_boundaries(GOLDEN),
    25.0,
)


class Page(HTMLParser):
    """What stands in a page: words, scripts by their type, and what it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words, self.scripts, self.loads, self.open = "", [], [], []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = dict(attrs)
        self.loads += [given[name] for name in ("src", "href") if name in given]
        if tag == "script":
            self.scripts.append((given.get("type"), ""))
        if tag not in {"meta", "path", "rect", "circle"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            kind, text = self.scripts[-1]
            self.scripts[-1] = (kind, text + data)
        elif "style" not in self.open:
            self.words += data

    @property
    def figures(self) -> list[dict[str, Any]]:
        return [json.loads(text) for kind, text in self.scripts if kind == "application/json"]


def test_it_says_what_there_is_to_say() -> None:
    page = Page(compose_report(REPORT))
    for words in (
        *("resnet <50>", "best <1>", "num_streams 2 is best.", "compile_model('a<b', num_streams=2)", "golden & old"),
        *("180 (162 to 198)", "20 (18 to 24)", "measured", "simulated", "\u25b2 straddles", "straddles both sockets"),
        "cores 16",
    ):
        assert words in page.words


def test_it_loads_nothing_and_brings_plotly_once() -> None:
    text = compose_report(REPORT)
    page = Page(text)
    assert page.loads == []
    assert "@import" not in text.split("</style>")[0]
    scripts = sorted(len(script) for kind, script in page.scripts if kind is None)
    assert len(scripts) == 2
    assert scripts[0] < 5000
    assert scripts[1] > 1_000_000


def test_each_question_has_its_picture() -> None:
    assert len(Page(compose_report(REPORT)).figures) == 4
    alone = Page(compose_report(replace(REPORT, runs=RUNS[:1])))
    assert len(alone.figures) == 2  # no curve through one point, no front of one setting
    bare = replace(RUNS[0], latencies=(), records=(), plan=None)
    assert Page(compose_report(replace(REPORT, runs=[bare], machine={}))).figures == []


def test_a_curve_has_the_fastest_of_each_num_streams() -> None:
    sweep, *_ = Page(compose_report(REPORT)).figures
    (curve,) = [trace for trace in sweep["data"] if trace.get("name") == "items/s, measured"]
    assert (curve["x"], curve["y"]) == ([2, 3], [180, 150])


def test_names_cannot_end_a_script() -> None:
    evil = "</script><script>alert(1)</script>"
    page = Page(compose_report(Report(evil, [make_run(evil, 2, 1, 1)], {evil: evil}, [evil], evil)))
    assert len([kind for kind, _ in page.scripts if kind is None]) == 2
    assert page.words.count(evil) >= 5


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_draws_it_offline(tmp_path: Path, scheme: str) -> None:
    path = tmp_path / "report.html"
    write_report(path, REPORT)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(color_scheme=scheme, offline=True).new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path.as_uri())
        page.wait_for_function("document.querySelectorAll('.figure .main-svg .xtick').length > 8")
        page.wait_for_timeout(300)
        ink = page.evaluate("getComputedStyle(document.body).color")
        drawn = page.evaluate("getComputedStyle(document.querySelector('.figure .xtick text')).fill")
        assert (len(page.query_selector_all(".figure .main-svg")) >= 4, said) == (True, [])
        assert drawn == ink
        browser.close()


class TestMistakes:
    def test_no_run_or_two_of_one_name(self) -> None:
        with pytest.raises(OptionError, match="without any run"):
            Report("nothing", [])
        with pytest.raises(OptionError, match="2 runs are named 'three'"):
            Report("twice", [RUNS[1], RUNS[1]])

    def test_a_file_that_cannot_be_written(self) -> None:
        with pytest.raises(OptionError, match=r"/nowhere/r.html cannot be written"):
            write_report("/nowhere/r.html", REPORT)

    def test_without_plotly_it_says_how_to_install_it(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setitem(sys.modules, "plotly.offline", None)
        with pytest.raises(MissingPackageError, match=r"write_report needs plotly.*pip install"):
            write_report(tmp_path / "r.html", REPORT)
        assert not list(tmp_path.iterdir())
