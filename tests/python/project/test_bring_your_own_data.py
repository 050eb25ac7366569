"""The example of docs/guides/bring_your_own_data.md, run as written there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.paths import REPOSITORY

PARTS = [
    *("dbt_packages", "macros", "models", "seeds", "snapshots", "tests/generic", "tests/data"),
    *("dbt_project.yml", "packages.yml", "profiles.yml"),
]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clone of the project with the example's folder copied over it."""
    folder = tmp_path_factory.mktemp("clone")
    for part in PARTS:
        if (REPOSITORY / part).is_dir():
            shutil.copytree(REPOSITORY / part, folder / part)
        else:
            shutil.copy(REPOSITORY / part, folder / part)
    shutil.copytree(REPOSITORY / "examples/clicks", folder, dirs_exist_ok=True)
    return folder


def run(clone: Path, command: str) -> str:
    """Run a command of the page in the clone, with the scripts of this project."""
    names = ("DBT_TARGET", "DBT_TARGET_PATH", "REDIS_URL", "FEATURE_STORE_WAREHOUSE")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    words = command.split()
    if words[0] == "dbt":
        words = [sys.executable, "-m", "dbt.cli.main", *words[1:]]
    else:
        words = [sys.executable, str(REPOSITORY / words[1]), *words[2:]]
    done = subprocess.run(
        words, cwd=clone, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commands_of(page: str) -> list[str]:
    """Return the lines of a page's last block of commands."""
    blocks = re.findall(
        r"```\n((?:(?:python|dbt) .*\n)+)```", (REPOSITORY / "docs/guides" / page).read_text()
    )
    return blocks[-1].splitlines()


def test_the_commands_of_the_page_serve_the_example(clone: Path) -> None:
    commands = commands_of("bring_your_own_data.md")
    assert len(commands) == 4
    for command in commands:
        output = run(clone, command)
    assert "visitor_clicks:seconds_7d" in output

    result = json.loads(run(clone, commands[-1] + " --json"))
    # ann: 12 s and 48 s on 1 May, 31 s on 2 May; served as of the end of 2 May.
    assert result["feature_times"] == {"visitor_clicks:v1": "2024-05-03T00:00:00Z"}
    assert result["features"] == {
        "visitor_id": "ann",
        "visitor_clicks:clicks_1d": 1,
        "visitor_clicks:clicks_7d": 3,
        "visitor_clicks:pages_1d": 1,
        "visitor_clicks:pages_7d": 2,
        "visitor_clicks:seconds_1d": 31,
        "visitor_clicks:seconds_7d": 91,
        "visitor_clicks:seconds_per_click_7d": 91 / 3,
    }
    # cleo's two clicks are copies of one.
    cleo = json.loads(run(clone, commands[-1].replace("ann", "cleo") + " --json"))
    assert cleo["features"]["visitor_clicks:clicks_7d"] == 1


def test_the_pages_quote_the_example_exactly() -> None:
    """Every YAML and SQL block about the example stands so in its files."""
    files = "\n".join(
        path.read_text() for path in (REPOSITORY / "examples/clicks").rglob("*.*") if path.is_file()
    )
    lines = {line.strip() for line in files.splitlines()}
    quoted = re.findall(
        r"```(?:yaml|sql)\n(.*?)```",
        (REPOSITORY / "docs/guides/bring_your_own_data.md").read_text()
        + (REPOSITORY / "docs/guides/add_a_feature_view.md").read_text(),
        flags=re.DOTALL,
    )
    assert quoted
    strange = [line for block in quoted for line in block.splitlines() if line.strip() not in lines]
    assert strange == []
