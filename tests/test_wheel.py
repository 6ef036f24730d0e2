"""What people install: the wheel, apart from the folder that it was built from."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STATIC = "deepsched_widgets/static"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's files; built without isolation, so that no network is needed."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def run_apart(unpacked: Path, code: str) -> str:
    """Run `code` where only the unpacked wheel, and what it depends on, can be found; give what it prints."""
    # An editable install stands at the end of sys.path, PYTHONPATH before it.
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, cwd=unpacked.parent, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_it_brings_two_packages_and_nothing_else(unpacked: Path) -> None:
    top = {path.name for path in unpacked.iterdir()}
    (metadata,) = {name for name in top if name.endswith(".dist-info")}
    assert top == {"deepsched", "deepsched_widgets", metadata}
    assert (unpacked / metadata / "licenses/LICENSE").is_file()


@pytest.mark.parametrize("package", ["deepsched", "deepsched_widgets"])
def test_it_is_typed_and_loads_by_itself(unpacked: Path, package: str) -> None:
    assert (unpacked / package / "py.typed").is_file()
    origin = Path(run_apart(unpacked, f"import {package}; print({package}.__file__)"))
    assert origin.is_relative_to(unpacked)


def test_it_brings_what_the_browser_draws_with(unpacked: Path) -> None:
    folders = unpacked / STATIC, ROOT / "widgets" / STATIC
    shipped, written = ({path.relative_to(folder) for path in folder.rglob("*.*")} for folder in folders)
    assert shipped == written
    assert {".js", ".css"} == {path.suffix for path in shipped}


def test_it_brings_the_command(unpacked: Path) -> None:
    (file,) = unpacked.glob("*.dist-info/entry_points.txt")
    scripts = ConfigParser()
    scripts.read(file)
    module, _, function = scripts["console_scripts"]["deepsched"].partition(":")
    assert run_apart(unpacked, f"import {module}; print(callable({module}.{function}))") == "True"
