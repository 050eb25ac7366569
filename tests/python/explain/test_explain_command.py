"""The time of an explanation that is printed."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from rich.console import Console

from feature_store.cli.verbs.explain import _default_time, explain
from feature_store.cli.verbs.get import get_features
from feature_store.explain import Explanation, Model
from feature_store.explain.show import show
from support.errors import raises

pytestmark = pytest.mark.unit

STORE: Any = SimpleNamespace(settings=SimpleNamespace(operations_schema="runs"))


def view(served_id: str | None) -> Any:
    """Return what is read of a feature view."""
    return SimpleNamespace(served_id=served_id)


def test_by_default_it_is_the_time_as_of_which_the_view_was_served_last() -> None:
    with duckdb.connect() as connection:
        assert _default_time(STORE, connection, view("snapshot.served"))[1].startswith("now")
        connection.execute(
            "create schema runs; create table runs.served_runs as select * from (values"
            "('snapshot.served', timestamp '2024-05-09', timestamp '2024-06-01 10:00:00.123'), "
            "('snapshot.served', timestamp '2024-05-10', timestamp '2024-06-02'), "
            "('snapshot.other', timestamp '2024-05-12', timestamp '2024-06-02')"
            ") as t(snapshot_id, as_of, served_at)"
        )
        served = _default_time(STORE, connection, view("snapshot.served"))
        assert served == (datetime(2024, 5, 10, tzinfo=UTC), "as of which it was served last")
        for never in ("snapshot.never", None):
            now, meaning = _default_time(STORE, connection, view(never))
            assert abs((datetime.now(UTC) - now).total_seconds()) < 60
            assert not now.microsecond
            assert meaning == "now, as it was never served"


def test_the_time_is_printed_in_one_line() -> None:
    out = io.StringIO()
    found = Explanation(
        reference="sales:spend_7d",
        view="sales:v1",
        feature="spend_7d",
        entity={"shop": "a"},
        at=datetime(2024, 5, 10, tzinfo=UTC),
        kind="aggregate",
        description="Spend.",
        definition=None,
        model=Model("model.sales.v1", 1, "hash", "sales_v1.sql", "sales.yml", "main.sales_v1"),
    )
    show(Console(file=out, width=200), found, "as of which it was served last")
    assert out.getvalue().splitlines()[0] == (
        "sales:spend_7d of shop a at 2024-05-10 00:00 UTC, as of which it was served last"
    )


def test_an_empty_time_is_refused() -> None:
    with raises("--at: '' is not a valid time", "2017-06-15"):
        explain("shop", "a", "sales:spend_7d", at="")
    with raises("--at: '' is not a valid time"):
        get_features("shop", "a", at="")
