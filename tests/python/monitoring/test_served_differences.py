"""Served and recomputed values differ only where late data, deletions or definitions explain it.

A small project is served in many runs: the same as_of twice, late events, an earlier as_of, a
failed run, some of the views, deleted rows and a new definition. After each step, the rows of
served_differences are compared with the differences of every entity in every run.
"""

from __future__ import annotations

import json
import random
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from feature_store.settings import load_settings
from feature_store.warehouse.connection import connect
from support.projects.compiled_project import read_rows
from support.projects.served_runs_project import DECLARATIONS, Row, ServedRunsProject

pytestmark = pytest.mark.slow

#: Loads, in their order: of the first days, then later, with late events among the new ones.
FIRST, SECOND = datetime(2026, 5, 6, 1), datetime(2026, 5, 11, 1)
LATE_CUSTOMER, NEW_CUSTOMER = 2, 99
#: Of one customer all events are deleted, of another one event.
DELETED_CUSTOMER, CORRECTED_CUSTOMER = 3, 4
SHOPS = ["north", 'so"uth', "e|ast"]


def day(number: int, hours: float = 0) -> datetime:
    return datetime(2026, 5, number) + timedelta(hours=hours)


def first_events() -> list[tuple[Any, ...]]:
    """Return random events of eight customers on five days."""
    chance = random.Random(3)
    return [
        (
            chance.randint(1, 8),
            chance.choice(SHOPS),
            day(chance.randint(1, 5), chance.randint(0, 23)),
            chance.randint(1, 900) / 100,
            FIRST,
        )
        for _ in range(60)
    ] + [
        (DELETED_CUSTOMER, "north", day(5, 12), 1, FIRST),
        (CORRECTED_CUSTOMER, "north", day(5, 12), 77, FIRST),
    ]


@dataclass
class Step:
    """The rows of served_differences after a step, and those expected."""

    found: list[Row]
    expected: list[Row]


@dataclass
class History:
    """The steps by name, and the served runs and the summary after the last one."""

    steps: dict[str, Step]
    runs: list[Row]
    summary: dict[str, Row]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    project = ServedRunsProject(tmp_path_factory.mktemp("served"))
    steps: dict[str, Step] = {}

    def note(name: str) -> None:
        steps[name] = Step(project.differences(), project.expected_differences())

    project.load(first_events())
    project.serve(day(6))
    project.serve(day(6))
    project.serve(day(9))  # three days later, events have left the windows
    note("on time")

    project.load(
        [
            (LATE_CUSTOMER, "north", day(5, 1), 20, SECOND),
            (NEW_CUSTOMER, "north", day(8, 1), 30, SECOND),
            *[(customer, "north", day(9, customer), 5, SECOND) for customer in range(1, 9)],
        ]
    )
    project.serve(day(11))
    note("late")

    # The next run fails: visits is not built, and its served rows stay.
    project.write("models/features/visits.sql", "{{ ref('events') }} is no SQL")
    project.serve(day(5), views=["purchases"], succeeds=False)
    project.write("models/features/visits.sql", project.feature_sql())
    # The online view was built for day 5; the var as_of of a run that only snapshots it is ignored.
    # The view of visits looks as if a killed run had begun to build it; its as_of is unknown.
    project.execute(
        "update operations.dbt_results set status = 'started' "
        "where unique_id = 'model.feature_store.online_visits'"
    )
    snapshot = ("snapshot", "--select", "served_purchases", "served_visits")
    project.serve(day(20), *snapshot, expected=day(5), views=["purchases"])
    note("in part")

    project.execute(
        f"delete from raw_events where customer_id = {DELETED_CUSTOMER} "
        f"or customer_id = {CORRECTED_CUSTOMER} and amount = 77"
    )
    changed = deepcopy(DECLARATIONS["visits"])
    changed["aggregates"]["spend"]["sql"] = "sum(amount + 1)"
    changed["aggregates"]["largest"] = {"sql": "max(amount)"}
    del changed["aggregates"]["days"]
    project.redefine("visits", changed)
    project.serve(None, expected=day(10))  # the end of the last day with events
    note("deleted and redefined")
    return History(
        steps,
        project.rows("select * from operations.served_runs order by served_at"),
        {row["feature_view"]: row for row in project.rows("from served_differences_summary")},
    )


@pytest.mark.parametrize("step", ["on time", "late", "in part", "deleted and redefined"])
def test_each_entity_of_each_run_is_compared(history: History, step: str) -> None:
    assert history.steps[step].found == history.steps[step].expected


def test_without_late_data_nothing_differs(history: History) -> None:
    assert history.steps["on time"].found == []


def test_only_late_data_are_reported_as_late(history: History) -> None:
    rows = history.steps["late"].found
    assert {row["reason"] for row in rows} == {"late_data"}
    found = {
        (row["feature_view"], json.loads(row["entity"])["customer_id"], row["runs"]) for row in rows
    }
    # The late event of day 5 changes the rows of day 6 (two runs) and 9; the new customer those of
    # day 9 only. The events of other customers are after day 9, so no run should have served them.
    assert found == {
        ("purchases:v1", LATE_CUSTOMER, 2),
        ("purchases:v1", NEW_CUSTOMER, 1),
        ("visits:v1", LATE_CUSTOMER, 2),
        ("visits:v1", LATE_CUSTOMER, 1),
        ("visits:v1", NEW_CUSTOMER, 1),
    }
    (missed,) = [row for row in rows if row["entity"] == f'{{"customer_id":{NEW_CUSTOMER}}}']
    assert missed["served_feature_time"] is None
    assert missed["recomputed_feature_time"] == day(9)
    assert missed["changed_features"] == []


def test_an_earlier_as_of_and_a_run_of_one_view_are_recorded(history: History) -> None:
    assert history.steps["in part"].found == history.steps["late"].found
    runs = [(row["feature_view"], row["as_of"]) for row in history.runs]
    of = {name: [time for view, time in runs if view == f"{name}:v1"] for name in DECLARATIONS}
    assert of["purchases"] == [day(d) for d in (6, 6, 9, 11, 5, 5, 10)]
    assert of["visits"] == [day(d) for d in (6, 6, 9, 11, 10)]


def test_deletions_and_definitions_are_not_reported_as_late(history: History) -> None:
    rows = history.steps["deleted and redefined"].found
    others = [row for row in rows if row["reason"] == "other_change"]
    assert {row["feature_view"] for row in others} == {"purchases:v1"}
    of = {
        customer: [row for row in others if row["entity"] == f'{{"customer_id":{customer}}}']
        for customer in (DELETED_CUSTOMER, CORRECTED_CUSTOMER)
    }
    assert sum(map(len, of.values())) == len(others)
    assert {row["recomputed_feature_time"] for row in of[DELETED_CUSTOMER]} == {None}
    assert any("spend_3d" in row["changed_features"] for row in of[CORRECTED_CUSTOMER])
    assert {row["reason"] for row in rows if row["feature_view"] == "visits:v1"} == {
        "changed_definition"
    }
    redefined = [row for row in rows if row["reason"] == "changed_definition"]
    named = [row["changed_features"] for row in redefined if row["changed_features"]]
    assert named
    # One feature has changed, one is new, one is gone.
    for names in named:
        assert {"spend_lifetime", "largest_lifetime", "days_lifetime"} <= {*names}


def test_the_summary_counts_entities(history: History) -> None:
    rows = history.steps["deleted and redefined"].found
    for name, summary in history.summary.items():
        of_view = [row for row in rows if row["feature_view"] == name]
        assert summary["runs"] == sum(row["feature_view"] == name for row in history.runs)
        for reason in ("late_data", "changed_definition", "other_change"):
            entities = {row["entity"] for row in of_view if row["reason"] == reason}
            assert summary[reason] == len(entities), (name, reason)
    assert set(history.summary) == {"purchases:v1", "visits:v1"}


def test_the_sample_serves_what_its_feature_tables_say() -> None:
    settings = load_settings()
    manifest = json.loads((settings.target_path / "manifest.json").read_text())
    snapshots = {
        unique_id
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] == "snapshot" and node["name"].startswith("served_")
    }
    (model,) = [node for node in manifest["nodes"].values() if node["name"] == "served_differences"]
    compared = {node for node in model["depends_on"]["nodes"] if node.startswith("snapshot.")}
    assert compared == snapshots, "models/monitoring/served_differences.sql: compare each view"
    with connect(settings.warehouse_path) as connection:
        _, runs = read_rows(connection, "select distinct snapshot_id from operations.served_runs")
        assert {row["snapshot_id"] for row in runs} == snapshots
        # Builds before the last one may be of other data or definitions.
        _, different = read_rows(
            connection,
            "select feature_view, entity, reason from monitoring.served_differences "
            "where last_served_at = (select max(served_at) from operations.served_runs as runs "
            "where runs.feature_view = served_differences.feature_view)",
        )
    assert different == []
