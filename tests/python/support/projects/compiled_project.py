"""A temporary dbt project with this project's macros, and feature tables read from a connection."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from support.oracles.windowed_features import View
from support.paths import TESTS
from support.processes import environment_without, run_python
from support.projects.dbt_project import DbtProject, read_rows

EVENTS = "select 1 as customer_id"  # a model of events, for ref('events')


def write_project(
    folder: Path,
    models: Mapping[str, str],
    meta: Mapping[str, Any],
    warehouse: Path = Path(":memory:"),
    config: Mapping[str, Any] | None = None,
) -> DbtProject:
    """Write a dbt project: SQL by model name, and ``config.meta`` of some of the models.

    ``config`` is what else those models have in their config.
    """
    project = DbtProject(folder)
    project.warehouse = warehouse
    project.write_settings(vars={"as_of": None})
    project.write_profile()
    properties = [
        {"name": name, "config": {"meta": given, **(config or {})}} for name, given in meta.items()
    ]
    project.write("models/views.yml", {"version": 2, "models": properties})
    for name, sql in {"events": EVENTS, **models}.items():
        project.write(f"models/{name}.sql", sql)
    return project


def _run(folder: Path, *module: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module, without the dbt settings of the environment."""
    return run_python("-m", *module, cwd=folder, env=environment_without("DBT_"))


def dbt(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a dbt command in a project."""
    return _run(folder, "dbt.cli.main", "--no-use-colors", *arguments)


def compiled(folder: Path, *arguments: str) -> dict[str, str]:
    """Compile a project and return the SQL of its models by name."""
    run = dbt(folder, "compile", *arguments)
    assert run.returncode == 0, run.stdout + run.stderr
    models = (folder / "target" / "compiled" / "feature_store" / "models").glob("*.sql")
    return {model.stem: model.read_text() for model in models}


class Warehouse:
    """A DuckDB, set up as dbt sets up its own, in which compiled models run."""

    def __init__(
        self, folder: Path, declarations: Mapping[str, Any], events: Mapping[str, str] | None = None
    ):
        """Compile, at once, each declaration as a feature view and as an online view on it.

        With the types of the columns of ``events``, the views are those of incremental models on a
        table that is there, which the plan of positions needs; otherwise they are made by frames.
        """
        windowed = "{{ windowed_features(ref('events'), feature_view()) }}"
        online = "{{{{ online_features(ref('{}'), ref('events'), feature_view()) }}}}"
        models = dict.fromkeys(declarations, windowed)
        models |= {f"online_{name}": online.format(name) for name in declarations}
        meta = {name: {"feature_view": given} for name, given in declarations.items()}
        meta |= {f"online_{name}": given for name, given in meta.items()}
        path = Path(":memory:")
        if events:
            path = folder.with_suffix(".duckdb")
            columns = ", ".join(f"{name} {kind}" for name, kind in events.items())
            with duckdb.connect(path) as connection:
                connection.execute(f"create table events ({columns})")
        config = {"materialized": "feature_view"} if events else {}
        write_project(folder, models, meta, path, config)
        self.sql = compiled(folder)
        self.declarations = declarations
        self.connection = duckdb.connect(path)
        self.connection.execute("set timezone = 'UTC'")
        self.connection.execute("set threads = 1")

    def table(self, name: str) -> dict[tuple[Any, ...], dict[str, Any]]:
        """Return the feature table that is made of the events there are, by key and time."""
        view = View(self.declarations[name])
        columns, rows = read_rows(self.connection, self.sql[name])
        assert columns == view.columns
        return keyed(rows, [*view.entity, "feature_time"])

    def online(self, name: str) -> dict[tuple[Any, ...], dict[str, Any]]:
        """Return the online view, by key, on the feature table that is built for it."""
        view = View(self.declarations[name])
        self.connection.execute(f'create or replace table "{name}" as {self.sql[name]}')
        columns, rows = read_rows(self.connection, self.sql[f"online_{name}"])
        assert columns == view.columns
        return keyed(rows, view.entity)


def keyed(rows: list[dict[str, Any]], key: list[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return rows by their key columns, which no two rows may share."""
    by_key = {tuple(row[column] for column in key): row for row in rows}
    assert len(by_key) == len(rows), f"{len(rows) - len(by_key)} rows share {key} with another"
    return by_key


def compiled_with(folder: Path, variables: list[str]) -> list[dict[str, str] | str]:
    """Compile a project once with each ``--vars``, in one process beside this one.

    Returns for each the SQL of the models by name, or the error of dbt.
    """
    run = _run(TESTS, __spec__.name, str(folder), json.dumps(variables))
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads((folder / "compiled.json").read_text())


def _compile_with(folder: Path, variables: list[str]) -> None:
    from dbt.cli.main import dbtRunner  # changes logging and more of the process it runs in

    where = ["--project-dir", str(folder), "--profiles-dir", str(folder)]
    manifest = dbtRunner().invoke(["--quiet", "parse", *where]).result  # parsed once, not each time
    results: list[dict[str, str] | str] = []
    for given in variables:
        runner = dbtRunner(manifest=manifest)
        result = runner.invoke(["--quiet", "compile", *where, "--vars", given])
        if result.success:
            results.append({node.node.name: node.node.compiled_code for node in result.result})
        else:
            results.append(str(result.exception))
    (folder / "compiled.json").write_text(json.dumps(results))


if __name__ == "__main__":
    _compile_with(Path(sys.argv[1]), json.loads(sys.argv[2]))
