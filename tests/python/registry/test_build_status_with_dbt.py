"""The check that the last dbt build is green, for builds by the real dbt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from feature_store.registry.build_status import check_green, check_no_failures, read_results
from feature_store.registry.definitions import load_definitions
from feature_store.warehouse.connection import connect
from support.errors import message_of
from support.projects.compiled_project import dbt
from support.projects.dbt_project import DbtProject

pytestmark = pytest.mark.slow

NEXT = "Next: run dbt build until it is green, then try again"


_THINGS = """
models:
  - name: things
    config:
      meta:
        feature_view: {entity: [thing_id], event_time: at, grain: 1d, online: {}}
    columns:
      - {name: thing_id, data_type: integer}
      - {name: feature_time, data_type: timestamp}
      - {name: value, data_type: integer}
      - {name: known_at, data_type: timestamp}
    data_tests:
      - few: {config: {severity: warn}}
unit_tests:
  - name: values_are_kept
    model: things
    given:
      - {input: ref('between'), format: sql, rows: "select 1 as thing_id, 2 as value"}
    expect: {rows: [{thing_id: 1, value: 2}]}
"""
_SNAPSHOT = """
snapshots:
  - name: served_things_v1
    relation: ref('online_things_v1')
    config:
      {strategy: check, check_cols: all, unique_key: [thing_id], hard_deletes: invalidate}
"""
_FILES = {
    "models/features/things.yml": _THINGS,
    "snapshots/served.yml": _SNAPSHOT,
    "models/cleaned/base.sql": "select 1 as thing_id, 10 as value",
    "models/cleaned/between.sql": "{{ config(materialized='ephemeral') }} "
    "select * from {{ ref('base') }}",
    "models/features/things.sql": "select thing_id, timestamp '2026-01-01' as feature_time, "
    "value, timestamp '2026-01-01' as known_at from {{ ref('between') }}",
    "models/online/online_things_v1.sql": "{{ config(materialized='view') }} "
    "select * from {{ ref('things') }}",
    "tests/generic/few.sql": "{% test few(model) %} from {{ model }} {% endtest %}",
    "tests/base_is_small.sql": "select * from {{ ref('base') }} where value >= 100",
}


class ThingsProject(DbtProject):
    """A small dbt project with this project's macros and hooks.

    ``base`` feeds the feature view ``things`` through an ephemeral model; ``aside`` feeds nothing.
    """

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.write_settings(
            kept=("flags", "on-run-start", "on-run-end"),
            models={"feature_store": {"+materialized": "table"}},
            **{"test-paths": ["tests"]},
        )
        self.write_profile()
        for name, content in _FILES.items():
            self.write(name, content)

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

    def refusals(self) -> list[str]:
        """Return why the project, and why the view by itself, would not be exported."""
        definitions = load_definitions(self.folder / "target" / "manifest.json")
        with connect(self.warehouse) as connection:
            results = read_results(connection)
        return [
            message_of(check_no_failures, definitions, results),
            message_of(check_green, definitions, definitions.view("things"), results),
        ]


def test_a_project_through_its_builds(tmp_path: Path):
    """One project goes through it all, for each dbt command takes seconds."""
    project = ThingsProject(tmp_path / "project")

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
    printed = dbt(project.folder, "build").stdout
    assert "WARN=1 ERROR=0" in printed
    assert "unit_test" in printed
    assert project.refusals() == ["", ""]

    # A test of severity error fails, and what stands on the model is skipped; another model breaks.
    project.write("models/cleaned/base.sql", "select 1 as thing_id, 100 as value")
    broken = "select error('it''s; \"broken\" {' || '{ x }' || '}') as one"
    project.write("models/cleaned/aside.sql", broken)
    dbt(project.folder, "build")
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
    dbt(project.folder, "retry")
    assert project.refusals() == ["", ""]
