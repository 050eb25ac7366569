"""Seeds as labels: times with an offset keep their instant in the warehouse and in a join."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.projects.compiled_project import dbt, write_project

pytestmark = pytest.mark.slow

JOIN = """{{ config(materialized='table') }}
{{ point_in_time_join(
    ref('LABELS'), [{'features': ref('daily'), 'entity': ['customer_id']}], time='label_time'
) }}"""
DAILY = """{{ config(materialized='table') }}
select 7::bigint as customer_id, day::timestamp as feature_time, n as day_number, day as known_at
from (values (date '2024-05-01', 1), (date '2024-05-02', 2)) as days(day, n)"""
SEEDS = {
    "zoned": ["2024-05-02T00:30:00+02:00", "2024-05-01T22:30:00-02:00", ""],
    "naive": ["2024-05-02 00:30:00", "2024-05-01 23:59:59", ""],
    "days": ["2024-05-02", "2024-05-01", ""],
    "texts": ["2024-05-02T00:30:00+02:00", "soon", ""],
    "mixed": ["2024-05-02T00:30:00+02:00", "2024-05-02T00:30:00", ""],
}


def test_seeds_with_times(tmp_path: Path):
    folder = tmp_path / "project"
    models = {"daily": DAILY}
    models |= {f"of_{name}": JOIN.replace("LABELS", name) for name in SEEDS}
    project = write_project(folder, models, {}, folder / "seeds.duckdb")
    for name, times in SEEDS.items():
        rows = "\n".join(f"7,{time}" for time in times)
        project.write(f"seeds/{name}.csv", f"customer_id,label_time\n{rows}\n")

    done = dbt(folder, "build")
    assert done.returncode == 1
    assert "mixed.label_time: times all with an offset or all without (UTC)" in done.stdout
    assert "time column label_time is of type VARCHAR; a timestamp or a date is" in done.stdout
    assert "ERROR=2 " in done.stdout  # the seed, and the join to texts
    [(first,), *_] = project.query("select label_time from zoned")
    assert first.astimezone(UTC) == datetime(2024, 5, 1, 22, 30, tzinfo=UTC)
    for name, expected in {"zoned": [1, 2], "naive": [2, 1], "days": [2, 1]}.items():
        found = project.query(f"select day_number from of_{name}")
        assert [row[0] for row in found] == [*expected, None], name
