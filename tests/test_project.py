"""The house rules that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
import tokenize
import tomllib
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("deepsched", "widgets", "tests", "notebooks", "benchmarks")
MOST_LINES = 400


def find_sources(*suffixes: str) -> list[Path]:
    found = chain.from_iterable((ROOT / folder).rglob("*") for folder in FOLDERS)
    return sorted(path for path in found if path.suffix in suffixes and "node_modules" not in path.parts)


def test_no_file_is_long() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in find_sources(".py", ".js", ".mjs", ".css")}
    long = [f"{path.relative_to(ROOT)}: {lines}" for path, lines in lengths.items() if lines > MOST_LINES]
    assert lengths
    assert not long, "\n  ".join([f"Longer than {MOST_LINES} lines; one idea a file:", *long])


def test_every_package_says_what_it_is() -> None:
    packages = [path for path in find_sources(".py") if path.name == "__init__.py"]
    silent = [str(path.relative_to(ROOT)) for path in packages if not ast.get_docstring(ast.parse(path.read_text()))]
    assert packages
    assert not silent, "\n  ".join(["Without a docstring:", *silent])


def test_every_suppression_names_its_rule() -> None:
    blanket = re.compile(r"noqa(?!: ?[A-Z]+\d)|type: ignore(?!\[)")
    broken = []
    for path in find_sources(".py"):
        with path.open("rb") as source:
            broken += [
                f"{path.relative_to(ROOT)}:{token.start[0]}: {token.string}"
                for token in tokenize.tokenize(source.readline)
                if token.type == tokenize.COMMENT and blanket.search(token.string)
            ]
    assert not broken, "\n  ".join(["Suppresses more than it says:", *broken])


def test_the_changelog_knows_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert version in headings[1:] or len(headings) == 1, f"CHANGELOG.md has no entry for {version}."


def test_make_help_lists_every_target() -> None:
    # GIVEN the targets that the Makefile declares
    declared = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert declared
    # WHEN make is called with no target
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    # THEN each is there with what it does
    assert re.findall(r"^make (\S+) +\S", done.stdout, flags=re.MULTILINE) == declared[1].split()


def test_the_scripts_can_run() -> None:
    for path in (ROOT / ".ci/run", *(ROOT / "tools").glob("*.sh")):
        assert path.stat().st_mode & 0o111, f"{path.relative_to(ROOT)} is not executable."
        subprocess.run(["bash", "-n", path], check=True)
