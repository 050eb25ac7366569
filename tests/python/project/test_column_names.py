"""Keys and times whose names are words of SQL, names of our own CTEs, or need quotes."""

from __future__ import annotations

import pytest

from support.projects.feature_view_declarations import Declaration, view
from support.projects.incremental_project import IncrementalProject
from support.servers.dbt_process import DbtForker, dbt_forker

pytestmark = pytest.mark.slow

EVENTS = """
select
    *, k1 as "group", k2 as "Ä, b", ts as "end", k1 as events, k2 as changed, k1 as now, k2 as seen,
    ts as "When", k1 as features, k2 as changes, k1 as grains, k2 as "sElEcT",
    ts as "my ""own"" time"
from raw_events
"""
AGGREGATES = {
    "lines": "count(*)",
    "orders": "count(distinct order_id)",
    "big": {"sql": "sum(amount) filter (where amount > 5)", "empty": 0},
    "last": "arg_max(amount, line)",
}
NAMES = {
    "plain": (["k1", "k2"], "ts"),
    "words": (["group", "Ä, b"], "end"),
    "ours": (["events", "changed", "now", "seen"], "When"),
    "ours_too": (["features", "changes", "grains", "sElEcT"], 'my "own" time'),
}
DERIVED = {"order": "lines_1d + 1", "end": '"order" * 2'}


def declared(entity: list[str], event_time: str) -> Declaration:
    return view(["1d", "7d"], AGGREGATES, entity=entity, event_time=event_time, derived=DERIVED)


def _types(entity: list[str]) -> dict[str, str]:
    kinds = {"lines": "bigint", "orders": "bigint", "big": "decimal(38,2)", "last": "decimal(10,2)"}
    features = {f"{name}_{w}": kind for name, kind in kinds.items() for w in ("1d", "7d")}
    keys = dict(zip(entity, ["varchar", "bigint"], strict=True))
    derived = {"order": "bigint", "end": "bigint"}
    return {**keys, "feature_time": "timestamp", **features, **derived, "known_at": "timestamp"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> IncrementalProject:
    """Return a project with a view for each of the names; one has a contract, without quotes."""
    views = {name: declared(*names) for name, names in NAMES.items()}
    views |= {"contracted": views["words"], "quotes": declared(['a "b"', "k2"], "ts")}
    views["other_case"] = declared(["K1", "k2"], "TS")
    types = {"contracted": _types(NAMES["words"][0])}
    return IncrementalProject(tmp_path_factory.mktemp("names") / "project", views, types, EVENTS)


@pytest.fixture(scope="module")
def said(project: IncrementalProject) -> str:
    """Build twice, in several parts each, of old and of new events; return what dbt says."""
    with dbt_forker(project.folder) as dbt:
        _load(project, 0, 60)
        _run(dbt)
        _load(project, 60, 90)
        with project.connected() as connection:  # a time is corrected, and nothing else
            connection.execute("update raw_events set ts = ts + interval 2 day where line = 50")
        return _run(dbt)


def _run(dbt: DbtForker) -> str:
    run = dbt.run("run", "--vars", "{events_at_once: 20}")
    assert run.code == 1  # some of the views are refused
    assert "Traceback" not in run.said
    return run.said


def _load(project: IncrementalProject, first: int, end: int) -> None:
    with project.connected() as connection:
        connection.execute(
            "create table if not exists raw_events (k1 varchar, k2 bigint, ts timestamp, "
            "order_id int, amount decimal(10, 2), line int, loaded_at timestamp)"
        )
        connection.execute(
            "insert into raw_events select 'k' || (i % 4), i % 3, timestamp '2025-01-01' "
            "+ interval (i * 7) hour, i % 3, i % 11, i, "
            f"timestamp '2026-01-01' + interval {first} hour from range({first}, {end}) as t (i)"
        )


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_those_of_plain_names(name: str, project: IncrementalProject, said: str):
    count = len(NAMES[name][0])
    with project.connected() as connection:
        plain = connection.execute("from features.plain order by all").fetchall()
        relation = connection.execute(f"from features.{name} order by all")
        assert [column[0] for column in relation.description[:count]] == NAMES[name][0]
        rows = sorted((*row[:2], *row[count:]) for row in relation.fetchall())
    assert len(plain) == 206
    assert rows == plain


NEEDS_QUOTES = "is not a name that SQL accepts without quotes; add quote: true to the column"


@pytest.mark.parametrize(
    "told",
    [
        *[f"columns: {name} {NEEDS_QUOTES}" for name in ("end", "group", "order", "Ä, b")],
        'columns: a "b": dbt cannot write a name with a double quote in it. Next: ',
        'entity: K1 of "store"."main"."events" is written k1 there. Next: ',
    ],
)
def test_names_that_cannot_be_written_are_reported(told: str, said: str):
    assert told in said
