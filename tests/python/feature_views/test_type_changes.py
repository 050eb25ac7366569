"""Types of columns that change after they were served (docs/guides/schema_changes.md).

Real dbt on a small project, a real Redis; each test begins with the project served once.
"""

from __future__ import annotations

import json
import re

import pytest

from support.projects.changing_project import SERVED, ChangingProject
from support.projects.schema_change_checks import VIEW, documented, online_features
from support.servers.redis_server import RedisServer

pytestmark = pytest.mark.slow


def test_a_type_that_loses_values_gets_a_new_version(project: ChangingProject, server: RedisServer):
    project.export(server.unix_url)
    old = project.views[1]
    changed = json.loads(json.dumps(old))
    changed[0]["aggregates"]["largest"]["sql"] = "quantile_cont(quantity, 0.75)"
    changed[1]["largest_3d"] = "double"
    project.views = {1: changed}
    project.write_models()
    before = project.rows("from features.purchases_v1 order by all")
    said = project.refused("build")
    assert f"{VIEW}1 error\n" in said
    assert (
        documented("- largest_3d: integer in snapshots.served_purchases_v1, and now double") in said
    )
    assert project.rows("from features.purchases_v1 order by all") == before
    assert project.served("largest_3d") == {(1, True): (7,), (2, True): (3,), (3, True): (1,)}

    # Beside the old version, the new one is built for all of history at once.
    project.views = {1: old, 2: changed}
    project.write_models()
    assert "built in full" not in project.build()
    assert project.rows(
        "select largest_3d from snapshots.served_purchases_v2 where customer_id = 1"
    ) == [{"largest_3d": 5.75}]
    reasons = {view.view.label: view.reason for view in project.export(server.unix_url)}
    assert reasons == {"purchases:v1": "changes", "purchases:v2": "first export"}
    assert online_features(server, 1)["largest_3d"] == "7"


def test_a_wider_type_of_the_source_reaches_the_served_features(project: ChangingProject):
    project.source["quantity"] = "bigint"
    project.write_models()
    failed = project.load("2.csv", "2,4,1.00,2026-05-03 01:00:00")
    assert "column quantity: declared as bigint, but loaded as integer until now" in str(
        failed.error
    )
    run_named_statements(project, str(failed.error), r"(alter table \S+ alter \S+ type \w+),")
    assert project.load("2.csv", "2,4,1.00,2026-05-03 01:00:00").loaded == 1

    # Two snapshots have the old type; the view's error comes before anything of it is built.
    said = project.refused("build")
    assert f"{VIEW}1 error\n" in said
    assert "snapshot kept_orders (snapshots/kept_orders.yml): 1 error\n" in said
    assert documented("- largest_3d: integer in snapshots.served_purchases_v1, and now big") in said
    assert "- quantity: integer in snapshots.kept_orders, and now bigint, which holds every" in said
    assert project.rows("select count(*) as n from features.purchases_v1") == [{"n": 11}]
    assert project.rows("select count(*) as n from snapshots.kept_orders") == [{"n": 4}]

    # Do what the error says, and change the contract last.
    run_named_statements(project, said, r"(alter table \S+ alter \S+ type \w+), then build again")
    said = project.refused("build")
    assert documented("| largest_3d ") in said
    project.views[1][1]["largest_3d"] = "bigint"
    project.write_models()
    project.build()
    held = project.rows(f"describe {SERVED}")
    assert {row["column_type"] for row in held if row["column_name"] == "largest_3d"} == {"BIGINT"}
    # Only customer 2 has a new row, because of the new order.
    assert project.served("orders_3d", "largest_3d") == {
        (1, True): (2, 7),
        (2, False): (1, 3),
        (2, True): (2, 4),
        (3, True): (1, 1),
    }


def run_named_statements(project: ChangingProject, said: str, pattern: str) -> None:
    statements = re.findall(pattern, " ".join(said.split()))
    assert statements
    for statement in statements:
        project.execute(statement)


def test_types_that_hold_every_value_of_another(project: ChangingProject):
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
    project.write(
        "models/types.sql",
        f"{{% for case in {cases} %}}{{{{ feature_store._is_wider_type(*case) }}}}\n{{% endfor %}}",
    )
    assert project.run("compile", "--select", "types").code == 0
    compiled = project.folder / "target/compiled/feature_store/models/types.sql"
    expected = ["True"] * len(wider) + ["False"] * len(not_wider)
    assert compiled.read_text().split() == expected
