"""Columns added, dropped and redefined after serving (docs/guides/schema_changes.md).

Real dbt on a small project, a real Redis; each test begins with the project served once.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from decimal import Decimal

import pytest

from support.projects.changing_project import SERVED, SOURCE, ChangingProject
from support.projects.schema_change_checks import VIEW, documented, online_features
from support.servers.redis_server import RedisServer

pytestmark = pytest.mark.slow

IN_FULL = "purchases: built in full, because its definition changed"


def day(number: int) -> datetime:
    return datetime(2026, 5, number)


def test_a_new_feature_and_window_have_all_history(project: ChangingProject, server: RedisServer):
    assert [view.reason for view in project.export(server.unix_url)] == ["first export"]
    before = online_features(server, 1)
    declaration, types = project.views[1]
    declaration["windows"].append("9d")
    declaration["aggregates"]["smallest"] = {"sql": "min(amount)", "windows": ["3d"]}
    types |= {"orders_9d": "bigint", "spend_9d": "decimal(38,2)", "smallest_3d": "decimal(10,2)"}
    project.write_models()
    assert IN_FULL in project.build()

    # All of history has them, with the rows at which they change.
    history = project.rows(
        "select feature_time, orders_9d, smallest_3d from features.purchases_v1 "
        "where customer_id = 1 order by feature_time"
    )
    assert [tuple(row.values()) for row in history] == [
        (day(2), 1, Decimal("1.50")),
        (day(3), 1, Decimal("1.50")),
        (day(4), 2, Decimal("1.50")),
        (day(5), 2, Decimal("2.25")),
        (day(7), 2, None),
        (day(11), 1, None),
        (day(13), 0, None),
    ]
    # The rows served before have no values for them; those served from now on do.
    assert project.served("orders_3d", "orders_9d") == {
        **{(customer, False): (orders, None) for customer, orders in ((1, 2), (2, 1), (3, 1))},
        **{(customer, True): (orders, orders) for customer, orders in ((1, 2), (2, 1), (3, 1))},
    }
    assert project.as_served(["purchases:orders_3d", "purchases:orders_9d"]) == {
        "orders_3d": [2, 2],
        "orders_9d": [None, 2],
    }
    new = ("orders_9d", "smallest_3d", "spend_9d")
    assert project.differences() == {(n, "changed_definition", *new) for n in (1, 2, 3)}
    (exported,) = project.export(server.unix_url)
    assert (exported.reason, exported.rows) == ("new definition", 3)
    added = {"orders_9d": "2", "spend_9d": "3.75", "smallest_3d": "1.50"}
    assert online_features(server, 1) == before | added

    # The next run is incremental, and late data are reported as late, not as redefined.
    project.load("2.csv", "2,5,1.00,2026-05-03 01:00:00")
    assert "built in full" not in project.build()
    late = {difference[0] for difference in project.differences() if difference[1] == "late_data"}
    assert late == {2}


def test_a_dropped_feature_is_no_longer_served(project: ChangingProject, server: RedisServer):
    project.export(server.unix_url)
    assert online_features(server, 1)["largest_3d"] == "7"
    declaration, types = project.views[1]
    del declaration["aggregates"]["largest"], types["largest_3d"]
    project.write_models()
    assert IN_FULL in project.build()

    columns = project.rows("describe features.purchases_v1")
    assert "largest_3d" not in {row["column_name"] for row in columns}
    # The snapshot keeps what was served, and until when; the next row begins at the same time.
    assert project.served("orders_3d", "largest_3d") == {
        (1, False): (2, 7),
        (2, False): (1, 3),
        (3, False): (1, 1),
        (1, True): (2, None),
        (2, True): (1, None),
        (3, True): (1, None),
    }
    ends = project.rows(
        f"select distinct coalesce(dbt_valid_to, dbt_valid_from) as t from {SERVED}"
    )
    assert len(ends) == 1
    assert project.differences() == {(n, "changed_definition", "largest_3d") for n in (1, 2, 3)}
    (exported,) = project.export(server.unix_url)
    assert exported.reason == "new definition"
    assert online_features(server, 1) == {
        "orders_1d": "1",
        "orders_3d": "2",
        "spend_1d": "2.25",
        "spend_3d": "3.75",
    }

    served = project.served("dbt_scd_id")
    project.build()
    assert project.served("dbt_scd_id") == served


def test_dropping_a_feature_that_a_model_uses_is_an_error(project: ChangingProject):
    declaration, types = project.views[1]
    declaration["aggregates"]["orders"]["windows"] = ["1d"]
    del types["orders_3d"]
    project.write_models()
    said = project.refused("build")
    assert f"{VIEW}1 error\n" in said
    assert documented("- orders_3d: exposure churn uses it") in said
    assert project.rows("select max(orders_3d) as n from features.purchases_v1") == [{"n": 2}]


def test_columns_of_the_yaml_must_be_those_of_the_declaration(project: ChangingProject):
    _, types = project.views[1]
    del types["orders_1d"]
    types["orders_9d"] = "bigint"
    project.write_models()
    said = project.refused("compile")
    assert f"{VIEW}2 errors\n" in said
    assert documented("- columns: orders_1d") in said
    assert documented("- columns: orders_9d") in said


def test_a_redefined_feature_keeps_its_name(project: ChangingProject, server: RedisServer):
    project.export(server.unix_url)
    state = project.folder / "state"
    state.mkdir(exist_ok=True)
    shutil.copy(project.folder / "target/manifest.json", state)
    declaration, types = project.views[1]
    declaration["aggregates"]["spend"]["sql"] = "sum(amount) filter (where quantity > 1)"
    # A feature is renamed: the old name stays as a derived feature until no model reads it.
    declaration["aggregates"]["pieces"] = declaration["aggregates"].pop("largest")
    declaration["derived"] = {"largest_3d": "pieces_3d"}
    types["pieces_3d"] = "integer"
    project.write_models()
    listed = project.run("ls", "--select", "state:modified", "--state", str(state)).said
    assert "feature_store.features.purchases.v1\n" in listed
    assert "feature_store.cleaned.orders" not in listed
    assert IN_FULL in project.build()
    assert project.differences() == {
        (1, "changed_definition", "pieces_3d"),
        (2, "changed_definition", "pieces_3d"),
        (3, "changed_definition", "pieces_3d", "spend_1d", "spend_3d"),
    }
    (exported,) = project.export(server.unix_url)
    assert exported.reason == "new definition"
    renamed = online_features(server, 1)
    assert renamed["pieces_3d"] == renamed["largest_3d"] == "7"
    # `empty`, not null: the window has an order, and none that passes the filter.
    assert online_features(server, 3)["spend_3d"] == "0.00"


def test_an_undeclared_column_of_the_source_changes_no_feature(project: ChangingProject):
    before = project.rows("from features.purchases_v1 order by all")
    header = ",".join([*SOURCE, "channel"])
    loaded = project.load("2.csv", "4,1,3.00,2026-05-02 00:00:00,web", header=header)
    assert "2.csv: new column channel (varchar): loaded, and not declared" in loaded.notes[0]
    assert "built in full" not in project.build()
    known = project.rows("from features.purchases_v1 where customer_id < 4 order by all")
    assert known == before

    missing = project.load("3.csv", "5,1,2026-05-02", header="customer_id,quantity,ordered_at")
    assert "3.csv, line 1: column amount missing" in str(missing.error)
    assert "correct the file, or the columns" in str(missing.error)
