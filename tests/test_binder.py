"""The folder from which Binder builds its image, as far as that can be seen without Docker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BINDER = ROOT / "binder"


@pytest.fixture(scope="module")
def dockerfile() -> str:
    """What repo2docker would hand to Docker, and what it logs on the way."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(ROOT)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize(
    "line",
    [
        "Building conda environment for python=3.12",
        'pip install --no-cache-dir -r "binder/requirements.txt"',
        "RUN ./binder/postBuild",
        'ENV R2D_ENTRYPOINT="${REPO_DIR}/binder/start"',
    ],
)
def test_repo2docker_reads_each_file(dockerfile: str, line: str) -> None:
    assert line in dockerfile


def test_the_image_holds_the_lab_and_a_kernel_whose_comms_work_from_threads() -> None:
    requirements = (BINDER / "requirements.txt").read_text().splitlines()
    assert {"-e .[lab]", "ipykernel>=7.1"} <= set(requirements)


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_a_script_can_run(name: str) -> None:
    script = BINDER / name
    assert script.read_text().startswith("#!/bin/bash\n")
    assert script.stat().st_mode & 0o111 == 0o111, f"binder/{name} is not executable."
    subprocess.run(["bash", "-n", script], check=True)


def test_postbuild_finds_what_the_notebooks_open() -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [BINDER / "postBuild"], cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "light_squeezenet" in done.stdout


def test_start_becomes_the_command_that_it_is_given() -> None:
    command = [str(BINDER / "start"), "sh", "-c", 'echo "$OMP_NUM_THREADS $1"', "sh", "two words"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "1 two words\n"
