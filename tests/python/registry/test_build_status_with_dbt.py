"""The check that the last dbt build is green, for builds by the real dbt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import yaml

from feature_store.errors import FeatureStoreError
from feature_store.registry.build_status import check_green, check_no_failures, read_results
from feature_store.registry.definitions import load_definitions
from feature_store.warehouse.connection import connect
from support.paths import REPOSITORY

NEXT = "Next: run dbt build until it is green, then try again"


class DbtProject:
    """A small dbt project of that name, with this project's macros and hooks.

    ``base`` feeds the feature view ``things`` through an ephemeral model; ``aside`` feeds nothing.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        ours = yaml.safe_load((REPOSITORY / "dbt_project.yml").read_text())
        project = {
            "name": "feature_store",
            "version": "0.1.0",
            "profile": "feature_store",
            "macro-paths": [str(REPOSITORY / "macros")],
            "test-paths": ["tests"],
            "flags": ours["flags"],
            "models": {"feature_store": {"+materialized": "table"}},
            **{hook: ours[hook] for hook in ("on-run-start", "on-run-end")},
        }
        output = {"type": "duckdb", "path": "store.duckdb", "threads": 1}
        profiles = {"feature_store": {"target": "dev", "outputs": {"dev": output}}}
        declaration = {"entity": ["thing_id"], "event_time": "at", "grain": "1d", "online": {}}
        columns = [
            {"name": name, "data_type": kind}
            for name, kind in {
                "thing_id": "integer",
                "feature_time": "timestamp",
                "value": "integer",
                "known_at": "timestamp",
            }.items()
        ]
        things = {
            "name": "things",
            "config": {"meta": {"feature_view": declaration}},
            "columns": columns,
            "data_tests": [{"few": {"config": {"severity": "warn"}}}],
        }
        rows = "select 1 as thing_id, 2 as value"
        unit_test = {
            "name": "values_are_kept",
            "model": "things",
            "given": [{"input": "ref('between')", "format": "sql", "rows": rows}],
            "expect": {"rows": [{"thing_id": 1, "value": 2}]},
        }
        snapshot = {
            "name": "served_things_v1",
            "relation": "ref('online_things_v1')",
            "config": {
                "strategy": "check",
                "check_cols": "all",
                "unique_key": ["thing_id"],
                "hard_deletes": "invalidate",
            },
        }
        self.write("dbt_project.yml", project)
        self.write("profiles.yml", profiles)
        self.write("models/features/things.yml", {"models": [things], "unit_tests": [unit_test]})
        self.write("snapshots/served.yml", {"snapshots": [snapshot]})
        self.write("models/cleaned/base.sql", "select 1 as thing_id, 10 as value")
        self.write(
            "models/cleaned/between.sql",
            "{{ config(materialized='ephemeral') }} select * from {{ ref('base') }}",
        )
        self.write(
            "models/features/things.sql",
            "select thing_id, timestamp '2026-01-01' as feature_time, value, "
            "timestamp '2026-01-01' as known_at from {{ ref('between') }}",
        )
        self.write(
            "models/online/online_things_v1.sql",
            "{{ config(materialized='view') }} select * from {{ ref('things') }}",
        )
        self.write("tests/generic/few.sql", "{% test few(model) %} from {{ model }} {% endtest %}")
        self.write("tests/base_is_small.sql", "select * from {{ ref('base') }} where value >= 100")

    def write(self, name: str, content: object) -> None:
        """Write a file of the project: a text, or what is to stand in YAML."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start dbt."""
        return subprocess.Popen(
            [sys.executable, "-m", "dbt.cli.main", "--no-use-colors", *arguments],
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if not name.startswith("DBT_")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def dbt(self, *arguments: str) -> str:
        """Run dbt to its end, and return what it printed."""
        process = self.start(*arguments)
        printed, _ = process.communicate()
        return printed

    def refusals(self) -> tuple[str | None, str | None]:
        """Return why the project, and why the view by itself, would not be exported."""
        definitions = load_definitions(self.folder / "target" / "manifest.json")
        answers: list[str | None] = []
        with connect(self.folder / "store.duckdb") as connection:
            results = read_results(connection)
        for check in (
            lambda: check_no_failures(definitions, results),
            lambda: check_green(definitions, definitions.view("things"), results),
        ):
            try:
                check()
                answers.append(None)
            except FeatureStoreError as error:
                answers.append(str(error))
        return answers[0], answers[1]


def test_a_project_through_its_builds(tmp_path: Path):
    """One project goes through it all, for each dbt command takes seconds."""
    project = DbtProject(tmp_path / "project")

    # dbt is killed while it builds.
    project.write("models/cleaned/aside.sql", "select sum(range) as one from range(1000000000000)")
    killed = project.start("run", "--select", "aside")
    assert any("START sql table model" in line for line in killed.stdout)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    whole, view = project.refusals()
    assert "model.feature_store.aside: dbt run, begun at " in whole
    assert " UTC, did not end" in whole
    assert "aside" not in view
    assert "model.feature_store.base: has never run" in view

    # A whole build makes that good; it is green with a warning, a unit test, an ephemeral model.
    project.write("models/cleaned/aside.sql", "select 1 as one")
    printed = project.dbt("build")
    assert "WARN=1 ERROR=0" in printed
    assert "unit_test" in printed
    assert project.refusals() == (None, None)

    # A test of severity error fails, and what stands on the model is skipped; another model breaks.
    project.write("models/cleaned/base.sql", "select 1 as thing_id, 100 as value")
    broken = "select error('it''s; \"broken\" {' || '{ x }' || '}') as one"
    project.write("models/cleaned/aside.sql", broken)
    project.dbt("build")
    whole, view = project.refusals()
    assert "test.feature_store.base_is_small: fail: Got 1 result" in view
    assert "model.feature_store.things: skipped" in view
    assert "snapshot.feature_store.served_things_v1: skipped" in view
    assert "aside" not in view
    assert NEXT in view
    assert whole.startswith("the project: the last dbt build is not green\n")
    assert "model.feature_store.aside: error: " in whole
    assert 'it\'s; "broken" {{ x }}' in whole

    # What failed is put right, and run again by itself.
    project.write("tests/base_is_small.sql", "select * from {{ ref('base') }} where value > 100")
    project.write("models/cleaned/aside.sql", "select 1 as one")
    project.dbt("retry")
    assert project.refusals() == (None, None)
