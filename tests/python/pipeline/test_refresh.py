"""Refreshes of intervals in any order and any number give the same tables.

Real dbt and a real Redis, on the example of clicks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.projects.refresh_project import LOAD_COLUMNS, day, run_steps, tables, write_project
from support.servers.redis_server import redis_server

pytestmark = pytest.mark.slow

#: The intervals of each history, in days. All end with the same three days.
HISTORIES = {"piece": [(0, 3)], "parts": [(0, 2), (2, 3)], "disorder": [(2, 3), (0, 1), (1, 2)]}
#: What says when the export was, and of which dbt run.
CLOCK_FIELDS = {"exported_at", "dbt_invocation_id"}
VISITOR_ROWS = '"features"."visitor_clicks_v1"'


@dataclass
class Histories:
    """The warehouses and what was online.

    Attributes:
        folder: the project's; each warehouse has a folder in it.
        said: what each refresh said, or None, by warehouse.
        online: what was online before one of them was refreshed again, after that, and after
            another one's build had failed; each by prefix, the warehouse's name, then by key.
    """

    folder: Path
    said: dict[str, list[str | None]]
    online: dict[str, dict[str, dict[str, Any]]]

    def warehouse(self, name: str) -> Path:
        return self.folder / name / "feature_store.duckdb"


def interval(warehouse: str, first: int, last: int) -> dict[str, Any]:
    """Return the step that refreshes a warehouse with the days from the first to the last."""
    return {"warehouse": warehouse, "interval": [day(first), day(last)]}


@pytest.fixture(scope="module")
def histories(tmp_path_factory: pytest.TempPathFactory) -> Histories:
    folder = tmp_path_factory.mktemp("clicks")
    write_project(folder)
    steps = [interval(name, *days) for name, intervals in HISTORIES.items() for days in intervals]
    steps += [
        {"warehouse": "parts", "copy_to": "before"},
        {"online_to": "before.json"},
        interval("parts", 0, 1),
        {"online_to": "after.json"},
        # In a copy, a row that a test refuses.
        {"warehouse": "parts", "copy_to": "refused"},
        {"warehouse": "refused", "sql": "update raw.clicks set seconds = -1 where seconds = 7"},
        interval("refused", 3, 4),
        {"online_to": "refused.json"},
    ]
    with redis_server() as server:
        said = run_steps(folder, steps, REDIS_URL=server.unix_url)
    names = [name for name, intervals in HISTORIES.items() for _ in intervals]
    by_name: dict[str, list[str | None]] = {}
    for name, line in zip([*names, "again", "refused"], said, strict=True):
        by_name.setdefault(name, []).append(line)
    online = {
        name: json.loads((folder / f"{name}.json").read_text())
        for name in ("before", "after", "refused")
    }
    return Histories(folder, by_name, online)


def test_every_interval_is_loaded_built_and_exported(histories: Histories) -> None:
    for name, intervals in HISTORIES.items():
        assert histories.said[name] == [None] * len(intervals)
    (rows,) = {len(tables(histories.warehouse(name))[VISITOR_ROWS]) for name in HISTORIES}
    assert rows > 10


@pytest.mark.parametrize("name", [name for name in HISTORIES if name != "piece"])
def test_the_order_of_intervals_does_not_change_the_tables(histories: Histories, name: str) -> None:
    piece = tables(histories.warehouse("piece"), without=LOAD_COLUMNS)
    assert tables(histories.warehouse(name), without=LOAD_COLUMNS) == piece


@pytest.mark.parametrize("name", [name for name in HISTORIES if name != "piece"])
def test_the_order_of_intervals_does_not_change_the_online_rows(
    histories: Histories, name: str
) -> None:
    rows = {
        prefix: {key: row for key, row in keys.items() if not key.startswith("meta")}
        for prefix, keys in histories.online["before"].items()
    }
    assert len(rows["piece"]) == 7  # visitors
    assert rows[name] == rows["piece"]


def test_an_earlier_interval_does_not_set_the_served_time_back(histories: Histories) -> None:
    for name in HISTORIES:
        metadata = histories.online["before"][name]["meta:visitor_clicks:v1"]
        assert metadata["as_of"].startswith(day(3)), name


def test_the_same_interval_again_changes_nothing_in_the_warehouse(histories: Histories) -> None:
    assert histories.said["again"] == [None]
    before, after = (
        tables(histories.warehouse(name), history=True) for name in ("before", "parts")
    )
    assert after == before
    assert '"raw"."raw_files"' in after


def test_the_same_interval_again_changes_nothing_online(histories: Histories) -> None:
    before, after = (
        {
            key: {name: text for name, text in value.items() if name not in CLOCK_FIELDS}
            if isinstance(value, dict)
            else value
            for key, value in histories.online[when]["parts"].items()
        }
        for when in ("before", "after")
    )
    assert after == before


def test_a_failing_test_is_named_and_stops_the_run_before_the_export(histories: Histories) -> None:
    (said,) = histories.said["refused"]
    assert said is not None
    first = said.splitlines()[0]
    assert first.startswith("dbt build: 1 of ")
    assert "were skipped" in first
    assert "expect_column_values_to_be_between_clicks_seconds" in said
    assert "fail: Got " in said
    assert "dbt.log" in said
    assert "refused" not in histories.online["refused"]
