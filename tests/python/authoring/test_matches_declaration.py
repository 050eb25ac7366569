"""The test matches_declaration names each column that breaks the declaration, with an example."""

from __future__ import annotations

import json

import pytest

from support.projects.zoo_project import ZooProject
from support.servers.dbt_process import dbt_forker

pytestmark = pytest.mark.slow

_SQL = """select * from (values
    (1, 'x', timestamp '2024-05-01', 1, 1.00::decimal(9, 2), 0.5::double, 3, now()::timestamp),
    {rows}
) as t(animal_id, "the group", feature_time, visits_7d, price_7d, share, size_7d, known_at)
"""
_DECLARATION = {
    "entity": ["animal_id", "the group"],
    "event_time": "visited_at",
    "windows": ["7d"],
    "aggregates": {
        "visits": {"sql": "count(*)", "min": 0, "max": 9},
        "price": {"sql": "sum(price)", "min": 0.5},
        "size": "max(size)",
    },
    "derived": {"share": {"sql": "price_7d / visits_7d", "min": 0, "max": 1}},
}
#: A row each, with what the test says of it.
BREACHES = {
    "null key": (
        "(null, 'x', timestamp '2024-05-02', 1, 1.00, 0.5, 3, timestamp '2024-05-09')",
        ["animal_id: not_null: 1 rows, such as animal_id null, the group x, feature_time"],
    ),
    "null feature time": (
        "(1, 'x', null, 1, 1.00, 0.5, 3, timestamp '2024-05-09')",
        ["feature_time: not_null: 1 rows, such as animal_id 1, the group x, feature_time null"],
    ),
    "duplicate": (
        "(1, 'x', timestamp '2024-05-01', 1, 1.00, 0.5, 3, timestamp '2024-05-09')",
        ["animal_id, the group, feature_time: unique: 1 keys, such as animal_id 1, the group x"],
    ),
    "other group": (
        "(1, 'y', timestamp '2024-05-01', 1, 1.00, 0.5, null, timestamp '2024-05-09')",
        [],
    ),
    "null count": (
        "(2, 'x', timestamp '2024-05-01', null, 1.00, 0.5, 3, timestamp '2024-05-09')",
        ["visits_7d: not_null: 1 rows, such as animal_id 2", "visits_7d null"],
    ),
    "bounds of an integer": (
        "(2, 'x', timestamp '2024-05-01', -1, 1.00, 0.5, 3, timestamp '2024-05-09'),"
        "(3, 'x', timestamp '2024-05-01', 10, 1.00, 0.5, 3, timestamp '2024-05-09')",
        ["visits_7d: below_min: 1 rows, such as animal_id 2", "visits_7d: above_max: 1 rows"],
    ),
    "bounds of a decimal": (
        "(2, 'x', timestamp '2024-05-01', 1, 0.49, 0.5, 3, timestamp '2024-05-09')",
        ["price_7d: below_min: 1 rows, such as animal_id 2", "price_7d 0.49"],
    ),
    "bounds of a double": (
        "(2, 'x', timestamp '2024-05-01', 1, 1.00, 1.0000001, 3, timestamp '2024-05-09')",
        ["share: above_max: 1 rows"],
    ),
    "no number": (
        "(2, 'x', timestamp '2024-05-01', 1, 1.00, 'nan', 3, timestamp '2024-05-09')",
        ["share: not_a_number: 1 rows, such as animal_id 2", "share nan"],
    ),
    "infinity": (
        "(2, 'x', timestamp '2024-05-01', 1, 1.00, 'inf', 3, timestamp '2024-05-09'),"
        "(3, 'x', timestamp '2024-05-01', 1, 1.00, '-inf', 3, timestamp '2024-05-09')",
        ["share: above_max: 1 rows", "share: below_min: 1 rows", "share -inf"],
    ),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what dbt says of each view in one run, without line breaks."""
    project = ZooProject.made(tmp_path_factory.mktemp("breaches") / "zoo")
    profile = project.read("profiles.yml")
    project.write("profiles.yml", profile.replace("data/", f"{project.folder}/data/"))
    models = []
    for number, (rows, _) in enumerate(BREACHES.values()):
        project.write(f"models/broken_{number}.sql", _SQL.format(rows=rows))
        models.append(
            {
                "name": f"broken_{number}",
                "config": {"materialized": "table", "meta": {"feature_view": _DECLARATION}},
                "data_tests": ["feature_store.matches_declaration"],
            }
        )
    project.write("models/broken.yml", json.dumps({"models": models}))
    with dbt_forker(project.folder) as dbt:
        run = dbt.run("build")
    text = run.said.replace("\n  - ", " || ")
    parts = [line for line in text.splitlines() if "does not match its declaration" in line]
    return {line.split()[2]: line for line in parts}


@pytest.mark.parametrize("name", BREACHES)
def test_each_breach_is_named_with_its_count_and_an_example(
    said: dict[str, str], name: str
) -> None:
    view = f"broken_{[*BREACHES].index(name)}"
    expected = BREACHES[name][1]
    for part in expected:
        assert part in said[view]
    assert (view in said) == bool(expected)
    if expected:
        checks = [part for part in expected if ": " in part]
        assert said[view].count(" || ") == len(checks)
