"""Scripts, options, make targets and dbt commands of the Markdown pages exist."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import click
import pytest
from dbt.cli.main import cli as dbt

from support.documentation import PAGES, blocks, code, name_of
from support.paths import BENCHMARKS, REPOSITORY, SCRIPTS
from support.processes import run_python
from support.servers.redis_server import script_environment

pytestmark = pytest.mark.slow

_SCRIPT = re.compile(r"(?<![\w./])((?:scripts/|benchmarks/)?)(\w+\.py)\b([^\n;|#)]*)")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_MAKE = re.compile(
    r"(?:^|[\s;])make ((?:-s |-C \S+ )*)([a-z][a-z-]*)((?: +[A-Z]+=\S+)*)", re.MULTILINE
)
_DBT = re.compile(r"(?:^|[\s$])dbt (\S[^\n#|]*)", re.MULTILINE)
MAKEFILE = (REPOSITORY / "Makefile").read_text()


@cache
def options_of(script: Path) -> frozenset[str]:
    done = run_python(script, "--help", env=script_environment(COLUMNS="200"), check=True)
    return frozenset(_OPTION.findall(done.stdout))


def options_of_dbt(words: list[str]) -> set[str] | None:
    """Return the options of a dbt command; None where dbt has no such command."""
    command: click.Command = dbt
    options = {option for parameter in dbt.params for option in parameter.opts}
    while isinstance(command, click.Group):
        words = [word for word in words if not word.startswith("-")]
        found = command.commands.get(words.pop(0)) if words else None
        if found is None:
            return None
        command = found
        options |= {option for parameter in command.params for option in parameter.opts}
    return options


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_scripts_and_their_options(page: Path) -> None:
    wrong = []
    for text in code(page):
        for folder, name, arguments in _SCRIPT.findall(text):
            paths = [place / name for place in (SCRIPTS, BENCHMARKS) if (place / name).exists()]
            if paths:
                given = set(_OPTION.findall(arguments))
                wrong += [f"{name} {option}" for option in given - options_of(paths[0])]
            elif folder:
                wrong.append(folder + name)
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_make_targets_and_their_variables(page: Path) -> None:
    wrong = []
    for text in code(page):
        for _, target, settings in _MAKE.findall(text):
            if not re.search(rf"^{target}:", MAKEFILE, flags=re.MULTILINE):
                wrong.append(f"make {target}")
            for variable in re.findall(r"([A-Z]+)=", settings):
                if f"$({variable})" not in MAKEFILE:
                    wrong.append(f"make {target} {variable}=")
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_dbt_commands_and_their_options(page: Path) -> None:
    wrong = []
    for text in code(page):
        for arguments in _DBT.findall(text):
            bare = re.sub(r"'[^']*'|\"[^\"]*\"", "value", arguments)
            words = bare.split()
            options = options_of_dbt(words)
            given = {word for word in words if word.startswith("-")}
            if options is None:
                wrong.append(f"dbt {arguments}")
            else:
                wrong += [f"dbt {words[0]} {option}" for option in given - options]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_python_imports(page: Path) -> None:
    for text in blocks(page, "python"):
        for line in re.findall(r"^from feature_store.*$", text, flags=re.MULTILINE):
            exec(line, {})
