"""Changes of columns that have been served: what docs/guides/schema_changes.md says.

Real dbt on a small project of its own, a real Redis, and each test on the project as it was served.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import pytest

from support.paths import REPOSITORY
from support.projects.changing_project import SERVED, SOURCE, ChangingProject, changing_project
from support.servers.redis_server import RedisServer

DOCUMENTATION = REPOSITORY / "docs/guides/schema_changes.md"
IN_FULL = "purchases: built in full, because its definition changed"
VIEW = "feature view purchases v1 (models/features/purchases.yml): "


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChangingProject]:
    """Return the project, built and served once."""
    with changing_project(tmp_path_factory.mktemp("changing") / "project") as project:
        yield project


@pytest.fixture
def project(served: ChangingProject) -> ChangingProject:
    """Return the project as it was served once."""
    served.restore()
    return served


def day(number: int) -> datetime:
    """Return a midnight of May 2026."""
    return datetime(2026, 5, number)


def online(server: RedisServer, customer: int) -> dict[str, str]:
    """Return what Redis has of a customer, without the feature time."""
    with server.client() as client:
        found = client.hgetall(f"fs:{{customer:{customer}}}:purchases:v1")
    return {name: text for name, text in found.items() if not name.startswith("_")}


def documented(part: str) -> str:
    """Return the line of the documentation that holds a text."""
    (line,) = [line.strip() for line in DOCUMENTATION.read_text().splitlines() if part in line]
    return line


def test_a_new_feature_and_a_new_window_reach_back(project: ChangingProject, server: RedisServer):
    assert [view.reason for view in project.export(server.unix_url)] == ["first export"]
    before = online(server, 1)
    declaration, types = project.views[1]
    declaration["windows"].append("9d")
    declaration["aggregates"]["smallest"] = {"sql": "min(amount)", "windows": ["3d"]}
    types |= {"orders_9d": "bigint", "spend_9d": "decimal(38,2)", "smallest_3d": "decimal(10,2)"}
    project.write()
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
    # What was served before had none of them; from now on it has.
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
    assert online(server, 1) == before | added

    # From then on a day costs a day; what comes late is late, and no other definition.
    project.load("2.csv", "2,5,1.00,2026-05-03 01:00:00")
    assert "built in full" not in project.build()
    late = {difference[0] for difference in project.differences() if difference[1] == "late_data"}
    assert late == {2}


def test_a_dropped_feature_is_served_no_longer(project: ChangingProject, server: RedisServer):
    project.export(server.unix_url)
    assert online(server, 1)["largest_3d"] == "7"
    declaration, types = project.views[1]
    del declaration["aggregates"]["largest"], types["largest_3d"]
    project.write()
    assert IN_FULL in project.build()

    columns = project.rows("describe features.purchases_v1")
    assert "largest_3d" not in {row["column_name"] for row in columns}
    # The record keeps what was served, and until when; the next row begins in the same moment.
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
    assert online(server, 1) == {
        "orders_1d": "1",
        "orders_3d": "2",
        "spend_1d": "2.25",
        "spend_3d": "3.75",
    }

    served = project.served("dbt_scd_id")
    project.build()
    assert project.served("dbt_scd_id") == served


def test_a_feature_that_a_model_uses_is_not_dropped(project: ChangingProject):
    declaration, types = project.views[1]
    declaration["aggregates"]["orders"]["windows"] = ["1d"]
    del types["orders_3d"]
    project.write()
    said = project.refused("build")
    assert f"{VIEW}1 error\n" in said
    assert documented("- orders_3d: exposure churn uses it") in said
    assert project.rows("select max(orders_3d) as n from features.purchases_v1") == [{"n": 2}]


def test_a_type_that_loses_values_gets_a_new_version(project: ChangingProject, server: RedisServer):
    project.export(server.unix_url)
    old = project.views[1]
    changed = json.loads(json.dumps(old))
    changed[0]["aggregates"]["largest"]["sql"] = "quantile_cont(quantity, 0.75)"
    changed[1]["largest_3d"] = "double"
    project.views = {1: changed}
    project.write()
    before = project.rows("from features.purchases_v1 order by all")
    said = project.refused("build")
    assert f"{VIEW}1 error\n" in said
    assert (
        documented("- largest_3d: integer in snapshots.served_purchases_v1, and now double") in said
    )
    assert project.rows("from features.purchases_v1 order by all") == before
    assert project.served("largest_3d") == {(1, True): (7,), (2, True): (3,), (3, True): (1,)}

    # Beside the old version, the new one has all of history at once.
    project.views = {1: old, 2: changed}
    project.write()
    assert "built in full" not in project.build()
    assert project.rows(
        "select largest_3d from snapshots.served_purchases_v2 where customer_id = 1"
    ) == [{"largest_3d": 5.75}]
    reasons = {view.view.label: view.reason for view in project.export(server.unix_url)}
    assert reasons == {"purchases:v1": "changes", "purchases:v2": "first export"}
    assert online(server, 1)["largest_3d"] == "7"


def test_a_wider_type_in_the_source_goes_all_the_way(project: ChangingProject):
    project.source["quantity"] = "bigint"
    project.write()
    failed = project.load("2.csv", "2,4,1.00,2026-05-03 01:00:00")
    assert "column quantity: declared as bigint, but loaded as integer until now" in str(
        failed.error
    )
    follow(project, str(failed.error), r"(alter table \S+ alter \S+ type \w+),")
    assert project.load("2.csv", "2,4,1.00,2026-05-03 01:00:00").loaded == 1

    # Two records hold it; the view's error is told before anything of it is built.
    said = project.refused("build")
    assert f"{VIEW}1 error\n" in said
    assert "snapshot kept_orders (snapshots/kept_orders.yml): 1 error\n" in said
    assert documented("- largest_3d: integer in snapshots.served_purchases_v1, and now big") in said
    assert "- quantity: integer in snapshots.kept_orders, and now bigint, which holds every" in said
    assert project.rows("select count(*) as n from features.purchases_v1") == [{"n": 11}]
    assert project.rows("select count(*) as n from snapshots.kept_orders") == [{"n": 4}]

    # As it says, and the contract last.
    follow(project, said, r"(alter table \S+ alter \S+ type \w+), then build again")
    said = project.refused("build")
    assert documented("| largest_3d ") in said
    project.views[1][1]["largest_3d"] = "bigint"
    project.write()
    project.build()
    held = project.rows(f"describe {SERVED}")
    assert {row["column_type"] for row in held if row["column_name"] == "largest_3d"} == {"BIGINT"}
    # Only customer 2 has another row, because of the new order.
    assert project.served("orders_3d", "largest_3d") == {
        (1, True): (2, 7),
        (2, False): (1, 3),
        (2, True): (2, 4),
        (3, True): (1, 1),
    }


def follow(project: ChangingProject, said: str, pattern: str) -> None:
    """Run the statements that an error names."""
    statements = re.findall(pattern, " ".join(said.split()))
    assert statements
    for statement in statements:
        project.execute(statement)


def test_columns_of_the_yaml_that_are_not_those_of_the_declaration(project: ChangingProject):
    _, types = project.views[1]
    del types["orders_1d"]
    types["orders_9d"] = "bigint"
    project.write()
    said = project.refused("compile")
    assert f"{VIEW}2 errors\n" in said
    assert documented("- columns: orders_1d") in said
    assert documented("- columns: orders_9d") in said


def test_a_definition_that_changes_under_its_name(project: ChangingProject, server: RedisServer):
    project.export(server.unix_url)
    state = project.folder / "state"
    state.mkdir(exist_ok=True)
    shutil.copy(project.folder / "target/manifest.json", state)
    declaration, types = project.views[1]
    declaration["aggregates"]["spend"]["sql"] = "sum(amount) filter (where quantity > 1)"
    # A feature is renamed: its old name goes on as a derived one until nobody reads it any more.
    declaration["aggregates"]["pieces"] = declaration["aggregates"].pop("largest")
    declaration["derived"] = {"largest_3d": "pieces_3d"}
    types["pieces_3d"] = "integer"
    project.write()
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
    assert online(server, 1)["pieces_3d"] == online(server, 1)["largest_3d"] == "7"
    # `empty`, not null: the window has an order, and none that passes the filter.
    assert online(server, 3)["spend_3d"] == "0.00"


def test_a_new_column_of_the_source_waits_until_it_is_asked_for(project: ChangingProject):
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


def test_which_types_hold_every_value_of_another(project: ChangingProject):
    wider = [
        *[("TINYINT", "SMALLINT"), ("INTEGER", "BIGINT"), ("BIGINT", "HUGEINT")],
        *[("DECIMAL(10,2)", "DECIMAL(38,2)"), ("DECIMAL(10,2)", "DECIMAL(11,3)")],
        *[("FLOAT", "DOUBLE"), ("DATE", "TIMESTAMP")],
    ]
    not_wider = [
        *[(new, old) for old, new in wider],
        *[("DECIMAL(10,2)", "DECIMAL(38,1)"), ("DECIMAL(10,2)", "DECIMAL(10,3)")],
        *[("BIGINT", "DOUBLE"), ("INTEGER", "VARCHAR"), ("DECIMAL(10,2)", "DOUBLE")],
    ]
    cases = json.dumps(wider + not_wider)
    project.put(
        "models/types.sql",
        f"{{% for case in {cases} %}}{{{{ feature_store._is_wider_type(*case) }}}}\n{{% endfor %}}",
    )
    assert project.run("compile", "--select", "types").code == 0
    compiled = project.folder / "target/compiled/feature_store/models/types.sql"
    answers = ["True"] * len(wider) + ["False"] * len(not_wider)
    assert compiled.read_text().split() == answers
