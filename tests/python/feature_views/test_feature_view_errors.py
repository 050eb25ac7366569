"""The errors of dbt for an invalid declaration, and for an invalid var as_of."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from support.projects.compiled_project import (
    compiled_with,
    dbt,
    keyed,
    read_rows,
    write_project,
)
from support.projects.feature_view_declarations import view
from support.projects.feature_view_errors import ERRORS, GOOD
from support.projects.feature_view_events import event, write_events

pytestmark = pytest.mark.slow

WINDOWED = "{{ windowed_features(ref('events'), feature_view()) }}"
ONLINE = "{{ online_features(ref('good'), ref('events'), feature_view()) }}"
BY_HAND = "{% do check_feature_view(feature_view()) %} select 1 as customer_id"
# SQL, declaration and errors of models that call another macro.
OTHER_MODELS: dict[str, tuple[str, Any, list[str]]] = {
    "served": (ONLINE, {**GOOD, "online": {"ttl": 1}}, ["online.ttl: …got 1"]),
    "served_by_nothing": (ONLINE, {}, ["config.meta.feature_view: missing"]),
    "by_hand": (
        BY_HAND,
        {"entity": "a", "grain": "1d"},
        ["feature_view: event_time is missing", "entity: a list of column names…got a"],
    ),
}


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the messages of one ``dbt run`` of all invalid declarations, by model."""
    folder = tmp_path_factory.mktemp("errors") / "project"
    models = {name: (WINDOWED, *case) for name, case in ERRORS.items()} | OTHER_MODELS
    write_project(
        folder,
        {"good": WINDOWED} | {name: sql for name, (sql, _, _) in models.items()},
        {name: {"feature_view": declaration} for name, (_, declaration, _) in models.items()},
    )
    run = dbt(folder, "run", "--exclude", "events", "good")
    assert "Traceback" not in run.stdout + run.stderr
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    assert {result["status"] for result in results} == {"error"}
    return {result["unique_id"].split(".")[-1]: result["message"] for result in results}


def _has_parts(line: str, parts: str) -> bool:
    pattern = ".*".join(map(re.escape, parts.split("…")))
    return re.search(pattern + ("$" if "got " in parts else ""), line) is not None


def assert_errors(message: str, model: str, errors: list[str]) -> None:
    """Check that an error names the model, its YAML, and in one line each these errors only."""
    count = f"{len(errors)} error{'s' if len(errors) > 1 else ''}"
    assert message.startswith(f"Compilation Error in model {model} (models/{model}.sql)"), message
    assert f"feature view {model} (models/views.yml): {count}\n" in message
    lines = re.findall(r"^ +- (.*)$", message, re.MULTILINE)
    for error in errors:
        assert sum(_has_parts(line, error) for line in lines) == 1, (error, message)
    assert len(lines) == len(errors), message


@pytest.mark.parametrize("name", ERRORS)
def test_error_lists_every_error(name: str, messages: dict[str, str]):
    assert_errors(messages[name], name, ERRORS[name][1])


@pytest.mark.parametrize("name", OTHER_MODELS)
def test_online_view_and_model_by_hand_are_checked_too(name: str, messages: dict[str, str]):
    assert_errors(messages[name], name, OTHER_MODELS[name][2])


def test_compile_fails_with_one_error(tmp_path: Path):
    declaration, errors = ERRORS["many"]
    meta = {"good": {"feature_view": GOOD}, "many": {"feature_view": declaration}}
    write_project(tmp_path / "project", dict.fromkeys(meta, WINDOWED), meta)
    run = dbt(tmp_path / "project", "compile")
    assert run.returncode != 0
    assert "Traceback" not in run.stdout + run.stderr
    assert run.stdout.count("Compilation Error") == 1
    message = run.stdout[run.stdout.index("Compilation Error") :]
    assert_errors(message, "many", errors)


# As they stand in --vars, with what they mean in UTC.
AS_OF = {
    "2017-06-15": datetime(2017, 6, 15),
    "2017-06-15 13:00:00": datetime(2017, 6, 15, 13),
    "2017-06-15T13:00:00+02:00": datetime(2017, 6, 15, 11),
    "'2017-06-15'": datetime(2017, 6, 15),
    "'2017-06-15 13:05'": datetime(2017, 6, 15, 13, 5),
    "'2017-06-15T13:00:00.25Z'": datetime(2017, 6, 15, 13, 0, 0, 250_000),
    "'2017-06-15 13:00:00-0530'": datetime(2017, 6, 15, 18, 30),
    "'2017-06-15 01:00:00+02'": datetime(2017, 6, 14, 23),
    "null": datetime(2017, 6, 17),  # the end of the last grain, of three days, that holds an event
}
INVALID_AS_OF = ["yesterday", "'2017-6-15'", "20170615", '"2017-06-15\' or 1=1"', "[2017-06-15]"]


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the models compiled with each of the times, or the error of dbt, by time."""
    folder = tmp_path_factory.mktemp("as_of") / "project"
    meta = {"feature_view": view(["1d"], {"lines": "count(*)"})}
    models = {
        "good": WINDOWED,
        "online": ONLINE,
        "run": "{{ as_of(ref('events'), 'ordered_at', '3d') }}",
    }
    write_project(folder, models, {"good": meta, "online": meta})
    times = [*AS_OF, *INVALID_AS_OF]
    compiled = compiled_with(folder, [f"{{as_of: {time}}}" for time in times])
    return dict(zip(times, compiled, strict=True))


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    """Return a DuckDB in memory with two events; the table of the view is made from them."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    events = [event(0, datetime(2017, 6, 14, 5)), event(1, datetime(2017, 6, 15, 5))]
    write_events(connection, events)
    return connection


@pytest.mark.parametrize("time", AS_OF)
def test_as_of_is_read_as_utc(time: str, at: dict[str, Any], connection: duckdb.DuckDBPyConnection):
    _, [row] = read_rows(connection, at[time]["run"])
    assert row["as_of"] == AS_OF[time]


@pytest.mark.parametrize("time", AS_OF)
def test_online_view_has_the_row_at_as_of(
    time: str, at: dict[str, Any], connection: duckdb.DuckDBPyConnection
):
    """There are rows at the 15th, 16th and 17th of June; the one at as_of itself counts."""
    connection.execute(f"create or replace table good as {at[time]['good']}")
    _, rows = read_rows(connection, at[time]["online"])
    latest = keyed(rows, ["customer_id"])
    end = datetime(2017, 6, 16) if time == "null" else AS_OF[time]
    expected = {} if end < datetime(2017, 6, 15) else {(1,): datetime(2017, 6, end.day)}
    assert {key: row["feature_time"] for key, row in latest.items()} == expected


@pytest.mark.parametrize("time", INVALID_AS_OF)
def test_an_invalid_as_of_is_an_error(time: str, at: dict[str, Any]):
    assert isinstance(at[time], str), at[time]
    assert "var as_of: a time such as 2017-06-15, 2017-06-15 13:00:00 or " in at[time]
    assert "Traceback" not in at[time]
