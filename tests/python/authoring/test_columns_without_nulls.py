"""Tests of which features are declared not null."""

from __future__ import annotations

import duckdb
import pytest
import yaml

from feature_store.authoring.declared_columns import features_of
from support.completed import ONE_VIEW, completed, types_of_sales
from support.projects.zoo_project import SMALLEST, ZooProject

FILE = "models/farm/animals.yml"


@pytest.mark.unit
def test_empty_says_nothing_of_nulls_in_the_column() -> None:
    """A sum over events without an amount is null, whatever ``empty`` is."""
    text = ONE_VIEW.replace("sales: count(*)", "sales: {sql: sum(amount), empty: 0}")
    for complete in (frozenset(["price"]), frozenset(["amount"])):
        model = yaml.safe_load(completed(text, types_of_sales, without_nulls=complete))["models"][0]
        [column] = [one for one in model["columns"] if one["name"] == "sales_7d"]
        assert ("constraints" in column) == ("amount" in complete)


@pytest.mark.unit
def test_a_constraint_goes_with_the_test_whatever_the_description_is() -> None:
    text = ONE_VIEW.replace("sales: count(*)", "sales: {sql: sum(amount), empty: 0}")
    tested = frozenset(["amount"])
    first = completed(text, without_nulls=tested)
    described = first.replace("Sales in the 7 days before feature_time.", "Ours.")
    assert described != first
    for before in (first, described, completed(described, without_nulls=tested)):
        after = completed(before)
        assert "constraints" in before.split("name: sales_7d")[1].split("\n")[0]
        assert "constraints" not in after.split("name: sales_7d")[1].split("\n")[0]
        assert completed(after) == after


@pytest.mark.unit
def test_a_constraint_by_hand_stays() -> None:
    text = completed(ONE_VIEW.replace("sales: count(*)", "sales: sum(amount)"))
    ours = text.replace(
        "before feature_time.}", "before feature_time., constraints: [{type: not_null}]}"
    )
    assert ours != text
    assert completed(ours) == ours
    none = completed(ONE_VIEW).replace("{name: sales_7d,", "{name: sales_7d, constraints: [],")
    none = none.replace(
        "before feature_time., constraints: [{type: not_null, warn_unsupported: false}]}",
        "before feature_time.}",
    )
    assert "constraints: []" in completed(none)


@pytest.mark.unit
@pytest.mark.parametrize(
    ("sql", "is_never_null"),
    [
        ("sum(amount)", True),
        ('max( "Amount" ) filter (where amount > 1)', True),
        ("sum(amount + other)", False),
        ("sum(amount) + 1", False),
        ("stddev_samp(amount)", False),
        ("count(other)", True),
    ],
)
def test_aggregates_that_are_never_null(sql: str, is_never_null: bool) -> None:
    declaration = {"aggregates": {"a": {"sql": sql, "empty": 0}}, "windows": ["1d"]}
    [column] = features_of(declaration, frozenset(["amount"]))
    assert column.not_null == is_never_null


@pytest.mark.slow
def test_a_key_in_quotes_and_values_that_are_null(zoo: ZooProject) -> None:
    zoo.write(
        "models/odd.sql",
        """select * from (values
    (1, 'a b', timestamp '2024-05-01 10:00:00', null::double),
    (1, 'a b', timestamp '2024-05-03 10:00:00', 2.5),
    (2, 'c', timestamp '2024-05-02 10:00:00', null)) as t("order", "Mixed Case", seen_at, price)""",
    )
    with duckdb.connect(str(zoo.folder / "data/zoo.duckdb")) as connection:
        connection.execute(f"create view odd as {zoo.read('models/odd.sql')}")
    text = SMALLEST.replace("[animal_id]", '[order, "Mixed Case"]').replace("('visits')", "('odd')")
    text = text.replace("visited_at", "seen_at").replace("animal_visits", "odd_visits")
    price = "            price: {sql: sum(price), empty: 0}\n"
    zoo.write(FILE, text.replace("          online", f"{price}          online"))
    zoo.complete()
    zoo.dbt.build()
    with duckdb.connect(str(zoo.folder / "data/zoo.duckdb")) as connection:
        found = connection.execute(
            'select "order", price_7d from odd_visits_v1 order by "order", feature_time'
        ).fetchall()
        served = connection.execute('select "order", price_7d from served_odd_visits_v1').fetchall()
    assert found[:2] == [(1, None), (1, 2.5)]
    assert (2, None) in found
    assert {key for key, _ in served} == {1, 2}
    assert zoo.complete(check=True).changes == []
