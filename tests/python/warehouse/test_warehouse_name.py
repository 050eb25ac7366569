"""dbt refuses a warehouse that has the name of one of its schemas."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.projects.compiled_project import dbt, write_project

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["features.duckdb", "operations.duckdb"])
def test_dbt_refuses_the_name_of_a_schema(tmp_path: Path, name: str) -> None:
    model = "{{ config(schema='features') }} select 1 as a"
    write_project(tmp_path, {"things": model}, {}, Path(name))
    done = dbt(tmp_path, "parse")
    assert done.returncode != 0
    said = " ".join((done.stdout + done.stderr).split())
    assert (
        f"the warehouse {name}: DuckDB names its database {name.split('.')[0]}, and a schema"
        in said
    )
    assert "Next: give the file another name" in said
