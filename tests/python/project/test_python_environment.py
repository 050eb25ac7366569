"""Scripts in a wrong Python environment end with one line and a next step."""

from __future__ import annotations

import ast
import shutil
import subprocess
from pathlib import Path

import pytest

from support.paths import SCRIPTS
from support.processes import run_python

ENTRY_POINTS = sorted(path for path in SCRIPTS.glob("*.py") if path.stem != "python_environment")


def run_bare(script: Path) -> subprocess.CompletedProcess[str]:
    """Run a script with a Python that has the standard library alone."""
    return run_python("-S", "-E", script)


@pytest.mark.parametrize("script", ENTRY_POINTS, ids=lambda path: path.stem)
def test_missing_packages(script: Path) -> None:
    done = run_bare(script)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert "is not installed here" in line
    assert "Next: make setup, then source .venv/bin/activate" in line


@pytest.mark.parametrize("script", ENTRY_POINTS, ids=lambda path: path.stem)
def test_an_old_python_can_parse_it(script: Path) -> None:
    first, *_ = [
        node
        for node in ast.parse(script.read_text(), feature_version=(3, 8)).body
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    assert isinstance(first, ast.Import)
    assert first.names[0].name == "python_environment"
    ast.parse((SCRIPTS / "python_environment.py").read_text(), feature_version=(3, 4))


def test_a_python_that_is_too_old(tmp_path: Path) -> None:
    """The check itself, with a version that none has yet in the place of the least one."""
    copy = tmp_path / "python_environment.py"
    shutil.copy(SCRIPTS / "python_environment.py", copy)
    copy.write_text(copy.read_text().replace("LEAST = (3, 11)", "LEAST = (9, 0)"))
    done = run_bare(copy)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "is too old, 9.0 or newer is needed. Next: make setup" in line
