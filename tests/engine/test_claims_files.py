"""The folder of claims, whatever lies in it and whatever it is."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepsched import Context
from deepsched.engine import claim_files
from deepsched.engine.claim_files import Claim, find_folder, guard_claims, read_claims, write_claim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    runtime = tmp_path / "runtime"
    (runtime / "deepsched").mkdir(parents=True, mode=0o700)
    runtime.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return runtime / "deepsched"


@pytest.fixture
def lock() -> Iterator[Callable[[Path], None]]:
    """Lock a file as another process would: through a descriptor that is not the engine's."""
    files = []

    def take(path: Path) -> None:
        files.append(path.open())
        fcntl.flock(files[-1], fcntl.LOCK_EX)

    yield take
    for file in files:
        file.close()


def make_claim(**changes: object) -> dict[str, object]:
    claim = {"cpus": [0], "num_streams": 1, "pid": 1, "name": "n", "since": "2026-01-31T09:00:00+00:00"}
    return claim | changes


def test_a_claim_is_read_as_it_was_written(folder: Path) -> None:
    claim = Claim((0, 5), 2, os.getpid(), "train.py", "2026-01-31T09:00:00+00:00")
    with guard_claims() as found:
        assert found == folder
        path = write_claim(folder, claim)
        # its own process does not count it, another one does
        assert read_claims(folder) == ()
        descriptor = claim_files._own.pop(path)
        assert read_claims(folder) == (claim,)
        claim_files._own[path] = descriptor
    claim_files.release_claim(path)
    assert not list(folder.glob("*.claim"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "junk",
        "[" * 100_000,
        "null",
        "[]",
        "{}",
        json.dumps(make_claim(cpus=None)),
        json.dumps(make_claim(cpus="0-3")),
        json.dumps(make_claim(cpus=[0.5])),
        json.dumps(make_claim(pid="1")),
        json.dumps(make_claim(since="yesterday")),
        json.dumps(make_claim(since=5)),
        json.dumps(make_claim(since="0001-01-01T00:00:00+14:00")),
        json.dumps(make_claim(more=1)),
        json.dumps(make_claim(cpus=list(range(1 << 18)))),
    ],
    ids=lambda text: text[:40],
)
def test_what_is_no_claim_counts_for_nothing(folder: Path, lock: Callable[[Path], None], text: str) -> None:
    (folder / "1-a.claim").write_text(text)
    lock(folder / "1-a.claim")
    assert read_claims(folder) == ()
    Context(num_cores=1, cores="free").close()


def test_a_name_cannot_play_tricks_on_a_terminal(folder: Path, lock: Callable[[Path], None]) -> None:
    (folder / "1-a.claim").write_text(json.dumps(make_claim(name="\x1b[2J\n" + "x" * 1000)))
    lock(folder / "1-a.claim")
    (claim,) = read_claims(folder)
    assert claim.name.startswith("?[2J?xxx")
    assert len(claim.name) == 80


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_text_at_all_is_more_than_no_claim(text: bytes) -> None:
    assert claim_files._parse_claim(text) is None


@given(st.sampled_from(sorted(make_claim())), JSON)
def test_no_value_at_all_is_more_than_no_claim(key: str, value: object) -> None:
    claim_files._parse_claim(json.dumps(make_claim(**{key: value})).encode())


def test_links_folders_and_pipes_are_left_alone(folder: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    (folder / "1-link.claim").symlink_to(precious)
    (folder / "2-folder.claim").mkdir()
    os.mkfifo(folder / "3-pipe.claim")
    (folder / "4-dangling.claim").symlink_to(tmp_path / "missing")
    Context(num_cores=1).close()
    assert len(list(folder.glob("*.claim"))) == 4
    assert precious.read_text() == "keep me"


def test_a_file_that_nobody_locks_is_removed(folder: Path) -> None:
    (folder / "1-a.claim").write_text(json.dumps(make_claim()))
    assert read_claims(folder) == ()
    assert not list(folder.glob("*.claim"))


@pytest.mark.parametrize("spoil", ["guard is a folder", "folder is a file", "folder is a link", "others may write"])
def test_an_engine_needs_no_folder(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    # GIVEN no folder in the temporary one either
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    if spoil == "guard is a folder":
        (folder / "guard.lock").mkdir()
    elif spoil == "others may write":
        folder.chmod(0o777)
    else:
        folder.rmdir()
        folder.symlink_to(tmp_path) if spoil == "folder is a link" else folder.write_text("")
    # WHEN an engine is built THEN it is, and the log has a line
    with Context(num_cores=1, cores="free") as context:
        assert context.num_cores == 1
    assert [record.name for record in caplog.records] == ["deepsched"]
    assert "engines of other processes are not seen" in caplog.text


def test_a_full_disk_is_a_line_in_the_log(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(claim_files.os, "write", refuse)
    with Context(num_cores=1):
        assert not list(folder.glob("*.claim"))
    assert "No space left" in caplog.text


@pytest.mark.parametrize("runtime", ["relative", "/nowhere/at/all", "shared"])
def test_the_temporary_folder_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: str) -> None:
    # GIVEN no runtime folder that is the user's own
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o777)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / runtime) if runtime == "shared" else runtime)
    folder = tmp_path / f"deepsched-{os.getuid()}"
    assert find_folder() == folder
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_guard_that_is_never_given_back_is_no_end(
    folder: Path, lock: Callable[[Path], None], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim_files, "_GUARD_SECONDS", 0.05)
    (folder / "guard.lock").touch()
    lock(folder / "guard.lock")
    Context(num_cores=1).close()
    assert "going on without the lock" in caplog.text


def test_a_system_without_flock_has_no_claims(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(claim_files, "fcntl", None)
    with Context(num_cores=1):
        assert not list(folder.iterdir())
