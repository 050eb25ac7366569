"""The console command lists its verbs, and says what is wrong with others."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from feature_store.cli.main import VERBS
from support.processes import run_python
from support.servers.redis_server import script_environment

_HEAVY = ("duckdb", "pandas", "pyarrow", "redis", "dbt", "typer", "rich")


def console(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run_python("-m", "feature_store.cli.main", *arguments, env=script_environment())


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)], ids=str)
def test_help_has_a_line_for_each_verb(arguments: tuple[str, ...]) -> None:
    done = console(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    listed = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert listed == {*VERBS}
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_help_imports_no_heavy_package() -> None:
    code = (
        "import sys; from feature_store.cli.main import main; main(['--help'])\n"
        f"print([name for name in {_HEAVY!r} if name in sys.modules])"
    )
    began = time.perf_counter()
    done = run_python("-c", code, env=script_environment())
    assert done.stdout.splitlines()[-1] == "[]"
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_can_be_imported(verb: str) -> None:
    assert callable(VERBS[verb].load())


def test_a_verb_has_the_options_of_its_script() -> None:
    done = console("get", "--help")
    assert done.returncode == 0
    assert "Usage: feature-store get [OPTIONS]" in done.stdout
    assert "--max-age" in done.stdout


def test_wrong_options_end_with_2() -> None:
    assert console("get", "--no-such").returncode == 2


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("expot", ("there is no verb 'expot'", "near names: export")),
        ("get_at", ("there is no verb 'get_at'", "near names: get-at")),
        ("--verison", ("there is no option '--verison'", "--help or --version")),
    ],
)
def test_unknown_verbs(given: str, expected: tuple[str, str]) -> None:
    done = console(given)
    assert (done.returncode, done.stdout) == (2, "")
    assert all(text in done.stderr for text in expected)
    assert "Next: feature-store --help lists the verbs" in done.stderr


def test_version() -> None:
    assert console("--version").stdout.startswith("feature-store ")


def test_a_missing_package_is_named() -> None:
    """With the standard library alone, the help works; a verb names what is missing."""
    environment = script_environment()
    command = [sys.executable, "-S", "-m", "feature_store.cli.main"]
    done = subprocess.run(
        [*command, "--help"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    done = subprocess.run(
        [*command, "get"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "is missing here or broken" in done.stderr
    assert "Traceback" not in done.stderr
