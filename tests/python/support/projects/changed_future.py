"""The sample's feature SQL in a separate warehouse, in which events after a time can be changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from feature_store.dbt.macros import ProjectMacros, Relation
from feature_store.registry.definitions import FeatureDefinitions, load_definitions
from feature_store.settings import load_settings

#: The tables that the features are made from, with the column by which a few customers are taken.
SOURCES = {
    "cleaned.order_lines": "customer_id",
    "snapshots.customer_profiles": "customer_id",
    "seeds.age_bands": None,
    "seeds.income_bands": None,
}
CUSTOMERS = 15
#: Long after every label; an event at this time keeps the months that have labels.
_LAST = "timestamp '2018-02-01'"


def _number(modulus: int, salt: int) -> str:
    """Return SQL of a number that is random, but for each row always the same."""
    return f"cast(hash(source_row, source_file, {salt}) % {modulus} as bigint)"


#: The events at and after a time, changed: a quarter is deleted, the rest altered and moved (but
#: not before the time), a third doubled; and each customer buys something at that time.
_FUTURE = f"""
insert into cleaned.order_lines
with past as (select * from base.order_lines where ordered_at < $time),
later as (
    select * replace (
        $time + to_microseconds({_number(3 * 86_400_000_000, 1)}) as ordered_at,
        order_id + {_number(2, 2)} as order_id,
        product_id + {_number(3, 3)} as product_id,
        quantity + {_number(9, 5)} as quantity,
        amount + 10 * {_number(9, 6)} as amount,
        paid_amount * 3 + 1 as paid_amount,
        discount_amount + 5 as discount_amount,
        timestamp '2030-01-01' as loaded_at
    )
    from base.order_lines
    where ordered_at >= $time and {_number(4, 4)} > 0
),
now as (
    select * replace ($time as ordered_at, 7777 as paid_amount, 8888 as amount, 99 as order_id)
    from base.order_lines
    qualify row_number() over (partition by customer_id, store_id order by ordered_at) = 1
)
select * from past
union all select * from later
union all
select * replace (order_id + 1000000000 as order_id) from later where {_number(3, 7)} = 0
union all select * from now
union all
select * replace ({_LAST} as ordered_at, -1 as customer_id) from (from base.order_lines limit 1)
order by hash(source_row)
"""
#: The profiles, changed: each customer has another profile right after the time.
_PROFILES = """
create or replace table snapshots.customer_profiles as
select * from base.customer_profiles where dbt_valid_from <= $time
union all
select * replace (
    '65+' as age_band, '250K+' as income_band, '5+' as household_size,
    $time + interval 1 microsecond as dbt_valid_from
)
from base.customer_profiles
"""


@dataclass
class Shop:
    """The warehouse, and the SQL by name of its feature tables, labels and training sets."""

    connection: duckdb.DuckDBPyConnection
    definitions: FeatureDefinitions
    features: Mapping[str, str]
    labels: Mapping[str, str]
    joins: dict[str, str] = field(default_factory=dict)  # each has a column ``label_time``

    def build(self, features: Mapping[str, str] | None = None) -> None:
        """Build the feature tables from the present events."""
        for name, sql in (features or self.features).items():
            self.connection.execute(f"create or replace table features.{name} as {sql}")

    def change_future(self, time: datetime) -> None:
        """Change everything that happens at or after a time; what is before it stays as it was."""
        self.connection.execute(
            "create or replace table cleaned.order_lines as from base.order_lines limit 0"
        )
        self.connection.execute(_FUTURE, {"time": time})
        self.connection.execute(_PROFILES, {"time": time})

    def restore(self) -> None:
        for source in SOURCES:
            schema, table = source.split(".")
            self.connection.execute(
                f"create or replace table {schema}.{table} as from base.{table}"
            )

    def rows(self, join: str, time: datetime) -> pa.Table:
        """Return the rows of a training set with one label time."""
        sql = f"select * from ({self.joins[join]}) where label_time = timestamp '{time}'"
        return self.connection.sql(sql).to_arrow_table()

    def joined_views(self, prefix: Callable[[str], str]) -> list[dict[str, object]]:
        """Return every feature view as an argument of the join, with its times too."""
        return [
            {
                "features": Relation(view.relation, table),
                "entity": [key.name for key in view.entity],
                "select": [*(f.name for f in view.features), "feature_time", "known_at"],
                "prefix": prefix(table),
            }
            for view in self.definitions.views
            for table in [f"{view.name}_v{view.version}"]
        ]


def open_shop() -> Shop:
    """Copy the events of a few customers from the built sample, and read the compiled SQL."""
    settings = load_settings()
    definitions = load_definitions(settings.target_path / "manifest.json")
    compiled = settings.target_path / "compiled" / definitions.project_name / "models"
    database = settings.warehouse_path.stem
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'; set threads = 1")
    connection.execute(f"attach '{settings.warehouse_path}' as built (read_only)")
    connection.execute(f"attach ':memory:' as {database}; use {database}")
    for schema in ("base", "features", "training", *{name.split(".")[0] for name in SOURCES}):
        connection.execute(f"create schema {schema}")
    few = (
        "select distinct customer_id from built.cleaned.order_lines order by hash(customer_id) "
        f"limit {CUSTOMERS}"
    )
    for source, key in SOURCES.items():
        rows = f"from built.{source}" + (f" where {key} in ({few})" if key else "")
        connection.execute(f"create table base.{source.split('.')[1]} as select * {rows}")
    # The sample has all profiles since it was loaded; here they are older than the labels.
    connection.execute(
        "update base.customer_profiles set dbt_valid_from = dbt_valid_from - interval 10 years"
    )
    shop = Shop(
        connection,
        definitions,
        features={
            f"{view.name}_v{view.version}": _sql(compiled / "features", view.name, view.version)
            for view in definitions.views
        },
        labels={"churn_labels": (compiled / "training" / "churn_labels.sql").read_text()},
    )
    shop.restore()
    macros = ProjectMacros(json.loads((settings.target_path / "manifest.json").read_text()))
    for name in ("churn", "coupon"):
        connection.execute(
            f"create table training.{name}_labels as select * from built.training.{name}_labels "
            "where customer_id in (select customer_id from base.order_lines)"
        )
        training_set = compiled / "training" / f"{name}_training_set.sql"
        shop.joins[name] = training_set.read_text()
    # Times within the day: of orders, 1 µs beside them, on the hour; every key of every view.
    connection.execute(
        """
        create table training.moments as
        select customer_id, store_id, product_id, moment as label_time
        from base.order_lines, (
            select unnest([t, t + interval 1 microsecond, date_trunc('hour', t)]) as moment
            from (
                select ordered_at as t from base.order_lines
                where ordered_at > '2017-05-01' order by hash(source_row) limit 2
            )
        )
        where hash(source_row) % 60 = 0
        """
    )
    shop.joins["moments"] = macros.point_in_time_join(
        Relation("training.moments", "moments"), shop.joined_views(lambda table: f"{table}__")
    )
    return shop


def _sql(folder: Path, name: str, version: int | str) -> str:
    return (folder / f"{name}_v{version}.sql").read_text()
