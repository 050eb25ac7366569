"""The folder of a training set: its allowed places, and the removal of abandoned folders."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from feature_store import FeatureStoreError
from feature_store.training.folder import check_folder, new_folder
from support.paths import SCRIPTS
from support.projects.training_project import TrainingProject
from support.servers.redis_server import TIMEOUT

pytestmark = pytest.mark.slow

#: Makes a set, says so, and waits to be killed.
_BUILDER = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from feature_store.training.folder import new_folder
with new_folder(Path(sys.argv[2])) as folder:
    (folder / "part").write_text("x")
    print(folder.name, flush=True)
    time.sleep(600)
"""


def builder(out: Path) -> tuple[subprocess.Popen[str], str]:
    """Start a process that makes a set, and return it with the folder's name."""
    running = subprocess.Popen(
        [sys.executable, "-c", _BUILDER, str(SCRIPTS), str(out)], stdout=subprocess.PIPE, text=True
    )
    assert running.stdout
    return running, running.stdout.readline().strip()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_only_folders_of_ended_processes_are_removed(tmp_path: Path):
    out = tmp_path / "set.1"
    others = {
        ".set.1-new-",
        ".set.1-new-notes",
        ".set.1-newer",
        ".set11-new-abcdefgh",
        "set.1-new-abcdefgh",
    }
    for name in others:
        (tmp_path / name).mkdir()
    (tmp_path / ".set.1-new-afile000").write_text("mine")
    (tmp_path / ".set.1-new-alink000").symlink_to(tmp_path / ".set.1-newer")
    kept = names(tmp_path)
    dead, left = builder(out)
    alive, held = builder(out)
    try:
        assert names(tmp_path) == kept | {left, held}
        dead.kill()
        dead.wait(TIMEOUT)
        with new_folder(out) as folder:
            assert names(tmp_path) == kept | {held, folder.name}
        assert names(tmp_path) == kept | {held, "set.1"}
        assert (tmp_path / held / "part").exists()
    finally:
        for process in (dead, alive):
            process.kill()
            process.communicate(timeout=TIMEOUT)
    with new_folder(out):
        pass
    assert names(tmp_path) == kept | {"set.1"}


@pytest.mark.parametrize("is_there", [False, True])
def test_killed_between_the_two_renames(is_there: bool, tmp_path: Path):
    """The old set is moved back where no new one has taken its place, and removed elsewhere."""
    out = tmp_path / "set"
    for name in (".set-new-abcdefgh", ".set-new-abcdefgh-old", *(["set"] if is_there else [])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "was").write_text(name)
    with pytest.raises(KeyboardInterrupt), new_folder(out):
        raise KeyboardInterrupt
    assert names(tmp_path) == {"set"}
    assert (out / "was").read_text() == ("set" if is_there else ".set-new-abcdefgh-old")


def test_replaces_a_set_on_a_file_system_without_locks(tmp_path, monkeypatch):
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    out = tmp_path / "set"
    for text in ("first", "second"):
        with new_folder(out) as folder:
            (folder / "part").write_text(text)
    assert (out / "part").read_text() == "second"
    assert names(tmp_path) == {"set"}


def test_two_at_once_leave_one_complete_set(tmp_path: Path):
    out = tmp_path / "set"
    with new_folder(out) as one:
        (one / "who").write_text("one")
        with new_folder(out) as other:
            (other / "who").write_text("other")
        assert (out / "who").read_text() == "other"
    assert names(tmp_path) == {"set"}
    assert (out / "who").read_text() == "one"


@pytest.mark.parametrize(
    ("out", "message"),
    [
        (".", "is the folder"),
        ("/", "is the folder /"),
        ("", "is the folder"),
        ("file", "file: is not a folder"),
        ("file/set", "file/set: cannot be written: "),
        ("file/deep/set", "file/deep/set: cannot be written: "),
        ("x" * 300, "cannot be written: File name too long"),
        ("é" * 125, "cannot be written: File name too long"),
        ("deep/" * 2000 + "set", "cannot be written: File name too long"),
        ("loop/set", "cannot be written: "),
        ("/proc/set", "cannot be written: "),
        ("/dev/null", "/dev/null: is not a folder"),
        ("nul\0", "cannot be written: embedded null byte"),
        (os.fsdecode(b"\xff\xfe"), r"\udcff\udcfe: cannot be written: "),
        ("full", "full: the folder holds something that is not a training set: "),
    ],
)
def test_paths_that_cannot_be_written(out, message, project, tmp_path, monkeypatch):
    """Told before anything is read: the labels do not exist."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in "abcdef":
        (tmp_path / "full").mkdir(exist_ok=True)
        (tmp_path / "full" / name).write_text("mine")
    before = names(tmp_path)
    with pytest.raises(FeatureStoreError) as caught:
        project.build(Path(out), labels="nowhere")
    if not out.startswith("/proc"):  # which only the making of it tells
        assert message in str(caught.value)
        assert "Traceback" not in str(caught.value)
    assert names(tmp_path) == before
    assert (tmp_path / "file").read_text() == "mine"


def test_names_that_can_be_written(project: TrainingProject, tmp_path: Path):
    for name in ("Zoë und 北京", "a'b\"c %d {x}", "*?[a]", "x" * 230, "-new-", ".hidden", "day=7"):
        out = tmp_path / name / name
        written = project.build(out, features=["visits"])
        assert written.rows == 302
        assert project.verify(out).is_reproducible
        assert names(out.parent) == {name}


def test_errors_of_the_disk(tmp_path: Path):
    """A folder in which nothing can be made, whoever asks: /proc has no permissions to look at."""
    assert check_folder(tmp_path / "new" / "set") == tmp_path / "new" / "set"
    with (
        pytest.raises(FeatureStoreError, match="/proc/set: cannot be written: "),
        new_folder(Path("/proc/set")),
    ):
        pass
