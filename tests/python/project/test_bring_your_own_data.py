"""The example of docs/guides/bring_your_own_data.md, run as written there."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from support.documentation import blocks
from support.paths import REPOSITORY
from support.processes import environment_without, run_python

pytestmark = pytest.mark.slow

PAGE = REPOSITORY / "docs/guides/bring_your_own_data.md"
PARTS = [
    *("dbt_packages", "macros", "models", "seeds", "snapshots", "tests/data"),
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
    environment = environment_without("DBT_TARGET", "REDIS_URL", "FEATURE_STORE_WAREHOUSE")
    words = command.split()
    if words[0] == "dbt":
        words = ["-m", "dbt.cli.main", *words[1:]]
    else:
        words = [str(REPOSITORY / words[1]), *words[2:]]
    done = run_python(*words, cwd=clone, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_commands_of_the_page_serve_the_example(clone: Path) -> None:
    commands = [text for text in blocks(PAGE, "") if re.fullmatch(r"((python|dbt) .*\n)+", text)]
    commands = commands[-1].splitlines()
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
    pages = (PAGE, PAGE.with_name("add_a_feature_view.md"))
    quoted = [block for page in pages for block in blocks(page, "yaml", "sql")]
    assert quoted
    strange = [line for block in quoted for line in block.splitlines() if line.strip() not in lines]
    assert strange == []
