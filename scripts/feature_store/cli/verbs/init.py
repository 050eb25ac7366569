"""Add the feature store to a dbt project, or start one."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import Annotated

import typer

from feature_store.cli import app
from feature_store.dbt.project import DbtProject
from feature_store.display import shortened
from feature_store.errors import FeatureStoreError
from feature_store.files import write_all
from feature_store.settings import load_settings
from feature_store.starter.existing_project import Change, planned_change
from feature_store.starter.new_project import project_name, write_project
from feature_store.starter.package_source import Entry, package_entry

_PROJECT_FILE = "dbt_project.yml"


def init(
    folder: Annotated[
        Path, typer.Argument(help="The dbt project, or a folder for a new one.")
    ] = Path(),
    name: Annotated[
        str | None, typer.Option(help="Name of a new project; default: from the folder's name.")
    ] = None,
    package: Annotated[
        str | None,
        typer.Option(
            help="The dbt package: a git repository's address (…@REVISION), or a folder. Default: "
            "the one that is installed with this command."
        ),
    ] = None,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Change a file, or use a folder with files, unasked."),
    ] = False,
    no_build: Annotated[
        bool, typer.Option("--no-build", help="Write a new project, and do not build it.")
    ] = False,
) -> None:
    """Add the feature store to the dbt project of a folder, or start one where there is none.

    In an existing project it adds an entry to packages.yml, and asks before it changes that file.
    Otherwise it writes a project of one CSV, one table and one feature view, and builds it.
    """
    place = folder.resolve()
    _check_place(place)
    entry = package_entry(package, place)
    if not (place / _PROJECT_FILE).is_file():
        _check_empty(place, yes=yes)
        _start(place, project_name(name, place), entry)
        if not no_build:
            _build(place)
        steps = ["feature-store export", "feature-store get customer 1"]
        steps = ["dbt deps", "dbt build", *steps] if no_build else steps
        steps = steps if place == Path.cwd() else [f"cd {place}", *steps]
        app.out.print(f"Next: {', '.join(steps)}", markup=False)
        return
    if name is not None:
        raise FeatureStoreError(
            f"{place / _PROJECT_FILE}: the project has a name already",
            next_step="leave --name out, or run init in an empty folder",
        )
    _add(place, entry, package, yes=yes)


def _check_place(place: Path) -> None:
    if place.exists() and not place.is_dir():
        raise FeatureStoreError(f"{place}: is a file", next_step="name a folder")
    above = [one for one in place.parents if (one / _PROJECT_FILE).is_file()]
    if above and not (place / _PROJECT_FILE).is_file():
        raise FeatureStoreError(
            f"{place}: lies in the dbt project {above[0]}",
            allowed="a project's own folder, or a folder outside of all projects",
            next_step=f"run init in {above[0]}, or elsewhere",
        )


def _check_empty(place: Path, *, yes: bool) -> None:
    """Ask before a project is written into a folder that has something in it."""
    there = (
        sorted(one.name for one in place.iterdir() if one.name[0] != ".") if place.exists() else []
    )
    if not there or yes or _agreed(f"{place} is not empty. Start a project in it?"):
        return
    raise FeatureStoreError(
        f"{place}: is no dbt project, and has {shortened(', '.join(there), 60)} in it",
        allowed=f"a folder with {_PROJECT_FILE}, or an empty one",
        next_step="run init in the dbt project's folder, or in an empty one, or give --yes",
    )


def _start(place: Path, name: str, entry: Entry) -> None:
    for path in write_project(place, name, entry):
        app.out.print(f"new      {path}", markup=False)
    _say_local(entry)


def _build(place: Path) -> None:
    """Install the dbt package, and build and test what the project has."""
    project = DbtProject(load_settings(project_dir=place))
    try:
        project.install_packages()
    except FeatureStoreError as error:
        raise FeatureStoreError(
            error.what, next_step="correct packages.yml, then run dbt deps and dbt build"
        ) from error
    built = project.build()
    app.out.print(
        f"built    {built.nodes} nodes, tested and served as of the end of the data", markup=False
    )


def _add(place: Path, entry: Entry, given: str | None, *, yes: bool) -> None:
    change = planned_change(place, entry)
    if change is None:
        app.out.print("nothing to add: the project's packages have the feature store", markup=False)
        if given:
            app.err.print(
                f"note --package {given} was not looked at; change the entry by hand", markup=False
            )
        return
    label = change.path.name
    word = "new" if change.is_new else "changed"
    app.out.print(f"{word:8} {label}{_difference(change)}", markup=False)
    if not change.is_new and not yes and not _agreed(f"Change {label}?"):
        raise FeatureStoreError(
            f"{change.path}: not changed, because nobody agreed",
            next_step="run init in a terminal, or with --yes",
        )
    write_all({change.path: change.text})
    _say_local(entry)
    app.out.print(
        "Next: dbt deps, then feature-store build-views --new NAME --entity KEY --events MODEL",
        markup=False,
    )


def _difference(change: Change) -> str:
    before = "" if change.is_new else change.path.read_text(encoding="utf-8")
    lines = difflib.unified_diff(before.splitlines(), change.text.splitlines(), lineterm="", n=1)
    return "".join(f"\n         {line}" for line in [*lines][3:])


def _agreed(question: str) -> bool:
    return sys.stdin.isatty() and typer.confirm(question, err=True)


def _say_local(entry: Entry) -> None:
    if "local" in entry and Path(entry["local"]).is_absolute():
        app.err.print(
            f"note packages.yml names a folder of this machine, {entry['local']}; for a team give "
            "--package the address of the git repository",
            markup=False,
        )
