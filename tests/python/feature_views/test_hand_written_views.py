"""Feature views that are written by hand, and the checks of every view that need no YAML.

Real dbt on a small project with the hooks of this one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.projects.incremental_project import IncrementalProject
from support.servers.dbt_process import DbtForker, Run, dbt_forker

pytestmark = pytest.mark.slow

PROFILE = {"entity": ["customer_id"], "event_time": "seen_at", "grain": "1d"}
WINDOWED = PROFILE | {"windows": ["1d"], "aggregates": {"n": {"sql": "count(*)"}}}
ROWS = (
    "select customer_id, seen_at as feature_time, n, loaded_at as known_at from {{ ref('events') }}"
)
WITH_KEYS = f"{ROWS} where customer_id is not null and seen_at is not null"
CHECKED = "{% do check_feature_view(feature_view()) %}\n"
CALL = "{{ windowed_features(ref('events'), feature_view()) }}"
INCREMENT = f"{WITH_KEYS} {{% if is_increment() %}} and false {{% endif %}}"
MERGED = (
    "{{ config(incremental_strategy='delete+insert', unique_key=['customer_id', 'feature_time']) }}"
)
#: The SQL of each view, and its declaration.
VIEWS: dict[str, tuple[str, dict[str, Any]]] = {
    "checked": (CHECKED + WITH_KEYS, PROFILE),
    "unchecked": (WITH_KEYS, PROFILE),
    "with_aggregates": (WITH_KEYS, WINDOWED),
    "a_table": ("{{ config(materialized='table') }}" + WITH_KEYS, PROFILE),
    "a_view": ("{{ config(materialized='view') }}" + WITH_KEYS, PROFILE),
    "of_its_own": (INCREMENT, PROFILE),
    "merged": (MERGED + WITH_KEYS, PROFILE),
    "windowed": ("-- Visits.\n{% set kept = 1 %}" + CALL, WINDOWED),
    "windowed_table": ("{{ config(materialized='table') }}" + CALL, WINDOWED),
    "wrapped": (f"select * from (\n{CALL}\n) union all by name {WITH_KEYS}", WINDOWED),
}
EVENTS = """select * from (values
    (1, timestamp '2024-05-01 10:00:00', 7, timestamp '2024-05-09'),
    (2, timestamp '2024-05-02 10:00:00', 8, timestamp '2024-05-09'),
    (null, timestamp '2024-05-02 10:00:00', 9, timestamp '2024-05-09'),
    (4, null, 9, timestamp '2024-05-09'),
    (5, timestamp '2042-05-02 10:00:00', 1, timestamp '2024-05-09'),
    (6, timestamp '2024-05-02 12:00:00', 1, timestamp '2024-05-09')
) as t(customer_id, seen_at, n, loaded_at)"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> IncrementalProject:
    folder = tmp_path_factory.mktemp("by_hand") / "project"
    project = IncrementalProject(folder, {name: meta for name, (_, meta) in VIEWS.items()})
    project.write("models/events.sql", EVENTS)
    for name, (sql, _) in VIEWS.items():
        project.write(f"models/features/{name}.sql", sql)
    undeclared = {"name": "undeclared", "config": {"contract": {"enforced": False}}}
    project.write("models/features/undeclared.sql", WITH_KEYS)
    project.write("models/features/undeclared.yml", {"models": [undeclared]})
    return project


@pytest.fixture(scope="module")
def dbt(project: IncrementalProject) -> Iterator[DbtForker]:
    with dbt_forker(project.folder) as forker:
        yield forker


@pytest.fixture(scope="module")
def runs(project: IncrementalProject, dbt: DbtForker) -> tuple[Run, list[dict[str, Any]]]:
    """Return the last of two runs, and after each how many rows each view had."""
    counts = []
    for _ in range(2):
        run = dbt.run("run")
        assert run.code == 0, run.said
        with project.connected() as connection:
            names = [*VIEWS, "undeclared"]
            sql = "select count(*) from features."
            counts.append({name: connection.sql(sql + name).fetchall()[0][0] for name in names})
    return run, counts


def test_every_view_is_the_same_after_any_number_of_builds(
    runs: tuple[Run, list[dict[str, Any]]],
) -> None:
    first, *others = runs[1]
    assert all(other == first for other in others)
    written = {name: rows for name, rows in first.items() if name not in ("wrapped",)}
    windowed = {name: written.pop(name) for name in ("windowed", "windowed_table")}
    assert set(written.values()) == {4}
    assert set(windowed.values()) == {8}
    assert first["wrapped"] == 12


@pytest.mark.parametrize("name", ["windowed", "windowed_table"])
def test_unused_events_are_counted_and_reported(
    project: IncrementalProject, runs: tuple[Run, list[dict[str, Any]]], name: str
) -> None:
    """Also in a run in which nothing changed."""
    said = " ".join(runs[0].said.split())
    place = f"Warning: feature view {name} (models/features/{name}.yml): "
    unused = "2 of 6 events (33.3%) are not used: 1 without customer_id, 1 without seen_at"
    late = "1 of 6 events are later than their own load (seen_at up to 2042-05-02 10:00:00, UTC)"
    assert place + unused in said
    assert place + late in said
    with project.connected() as connection:
        rows = connection.execute(
            "select feature_view, events, unused, without_entity, without_event_time, after_load, "
            "cast(latest_after_load as varchar) from operations.event_counts "
            f"where unique_id like '%.{name}'"
        ).fetchall()
    assert rows == [(f"{name}:v1", 6, 2, 1, 1, 1, "2042-05-02 10:00:00")]


BROKEN = {
    "repeated": (
        f"{WITH_KEYS} union all {WITH_KEYS}",
        "(customer_id, feature_time) is not unique: 4 of them occur in up to 2 rows each, such as "
        "customer_id 1, feature_time 2024-05-01 10:00:00.",
    ),
    "null_keys": (
        ROWS,
        "2 rows without customer_id or feature_time, such as customer_id 4, feature_time null.",
    ),
    "no_feature_time": (
        "select 1 as customer_id, timestamp '2024-05-01' as known_at",
        "feature_time: the view has no such column; it has customer_id, known_at.",
    ),
    "no_known_at": (
        "select 1 as customer_id, timestamp '2024-05-01' as feature_time",
        "known_at: the view has no such column; it has customer_id, feature_time.",
    ),
}


@pytest.mark.parametrize("kind", ["feature_view", "table", "view"])
def test_wrong_keys_end_the_build_and_keep_the_old_rows(
    project: IncrementalProject, dbt: DbtForker, runs: tuple[Run, list[dict[str, Any]]], kind: str
) -> None:
    name = {"feature_view": "checked", "table": "a_table", "view": "a_view"}[kind]
    sql, _ = VIEWS[name]
    for broken, expected in list(BROKEN.values())[: 4 if kind == "feature_view" else 1]:
        config = f"{{{{ config(materialized='{kind}') }}}}"
        project.write(f"models/features/{name}.sql", config + broken)
        dbt.parse()
        run = dbt.run("run", "-s", name)
        said = " ".join(run.said.split())
        assert run.code == 1
        assert f"feature view {name} (models/features/{name}.yml): 1 error" in said
        assert expected in said
        with project.connected() as connection:
            assert connection.sql(f"select count(*) from features.{name}").fetchall() == [(4,)]
    project.write(f"models/features/{name}.sql", sql)
    dbt.parse()


@pytest.mark.parametrize(("bound", "code"), [(0.33, 1), (0.34, 0)])
def test_max_unused_limits_the_unused_events(
    project: IncrementalProject,
    dbt: DbtForker,
    runs: tuple[Run, list[dict[str, Any]]],
    bound: float,
    code: int,
) -> None:
    project.declare("windowed", WINDOWED | {"max_unused": bound})
    dbt.parse()
    run = dbt.run("run", "-s", "windowed")
    assert run.code == code, run.said
    if code:
        assert f"Allowed: {bound:.1%} (max_unused)" in run.said


@pytest.mark.parametrize("bound", ["some", 1.5])
def test_an_invalid_max_unused_is_an_error(
    project: IncrementalProject, dbt: DbtForker, bound: object
) -> None:
    project.declare("windowed", WINDOWED | {"max_unused": bound})
    dbt.parse()
    run = dbt.run("compile", "-s", "windowed")
    assert run.code == 1
    assert "max_unused: a share of the events from 0 to 1 is allowed" in run.said
