"""The units, cron lines and make commands in docs/operate/scheduling.md are valid."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from configparser import ConfigParser

import pytest

from support.documentation import blocks
from support.paths import REPOSITORY
from support.servers.redis_server import run_script, script_environment

PAGE = REPOSITORY / "docs/operate/scheduling.md"


def units() -> dict[str, str]:
    return {block.splitlines()[0].rpartition("/")[2]: block for block in blocks(PAGE, "ini")}


def parsed(name: str) -> ConfigParser:
    """Read a unit file; a section or key that comes twice is an error."""
    unit = ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(units()[name])
    return unit


def options_of(script: str) -> set[str]:
    done = run_script(script, "--help", environment=script_environment())
    assert done.returncode == 0, done.stderr
    return {*re.findall(r"--[a-z-]+", done.stdout)}


def assert_refreshes(command: list[str]) -> None:
    """Assert that a command runs refresh.py with options that it has."""
    assert "scripts/refresh.py" in command
    given = {word for word in command if word.startswith("--")}
    assert given <= options_of("refresh.py")


def made(*arguments: str) -> list[str]:
    """Return the words of the last command that make would run."""
    # Under make a make says more.
    own = {name: text for name, text in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        ["make", "-n", *arguments],
        cwd=REPOSITORY,
        env=own,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return shlex.split(done.stdout.replace("\\\n", " ").strip().splitlines()[-1])


def test_the_service_runs_what_exists_once_at_a_time() -> None:
    unit = parsed("feature-store-refresh.service")
    assert set(unit.sections()) == {"Unit", "Service"}
    service = unit["Service"]
    assert service["Type"] == "oneshot"
    assert service["EnvironmentFile"].startswith("/")
    command = shlex.split(service["ExecStart"])
    assert command[0].startswith(service["WorkingDirectory"])
    assert_refreshes(command)


def test_the_timer_is_of_that_service_and_makes_up_for_missed_runs() -> None:
    unit = parsed("feature-store-refresh.timer")
    assert set(unit.sections()) == {"Unit", "Timer", "Install"}
    assert unit["Timer"]["Persistent"] == "true"
    assert unit["Timer"]["OnCalendar"].endswith(" UTC")
    # A timer starts the service of its own name.
    assert "feature-store-refresh.service" in units()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_understands_the_calendar() -> None:
    calendar = parsed("feature-store-refresh.timer")["Timer"]["OnCalendar"]
    done = subprocess.run(
        ["systemd-analyze", "calendar", calendar], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_cron_line_calls_a_target_that_exists() -> None:
    (block,) = blocks(PAGE, "cron")
    (line,) = block.splitlines()
    *times, command = line.split(maxsplit=5)
    assert len(times) == 5
    assert all(re.fullmatch(r"\*|[0-9]+", time) for time in times)
    assert "%" not in command  # which cron takes for the end of the line
    call = shlex.split(command.rpartition(";")[2])
    assert call[:4] == ["make", "-s", "-C", "/srv/feature-store"]
    assert call[-1] == ">/dev/null"
    refresh = made(*call[4:-1])
    assert_refreshes(refresh)
    assert "--quiet" in refresh


def test_cron_and_systemd_read_the_same_secrets() -> None:
    file = parsed("feature-store-refresh.service")["Service"]["EnvironmentFile"]
    (cron,) = blocks(PAGE, "cron")
    assert f". {file};" in cron
    assert f"install -m 600 -o feature-store /dev/null {file}" in PAGE.read_text()
    (text,) = blocks(PAGE, "sh")
    assert all(re.fullmatch(r'[A-Z_]+="[^"$`\\]*"', line) for line in text.splitlines())


def test_make_passes_an_interval_on() -> None:
    refresh = made("refresh", "START=2017-06-01", "END=2017-06-02")
    assert refresh[1:] == [*("scripts/refresh.py", "--start", "2017-06-01", "--end", "2017-06-02")]
    assert made("refresh")[1:] == ["scripts/refresh.py"]
    replay = made("replay", "START=2017-06-01", "END=2017-06-08", "EVERY=1w", "FRESH=1")
    assert replay[1:] == [
        *("scripts/replay.py", "--start", "2017-06-01", "--end", "2017-06-08"),
        *("--every", "1w", "--fresh"),
    ]
    assert {word for word in replay if word.startswith("--")} <= options_of("replay.py")


def test_the_page_s_make_commands_exist() -> None:
    commands = re.findall(r"^(?:\$ )?(make .*?)$", PAGE.read_text(), flags=re.MULTILINE)
    assert len(commands) >= 4
    for command in commands:
        assert made(*shlex.split(command)[1:])[1] in ("scripts/refresh.py", "scripts/replay.py")
