"""Comparison of the rows that two contenders joined, in any order, and facts about the labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from harness.work_database import parquet, work_database
from joins.task import FEATURES

_COLUMNS = ("label_id", "customer_id", "label_time", "is_churned", *FEATURES)


@dataclass(frozen=True)
class Comparison:
    """Differences between the rows of two results.

    Attributes:
        ours: rows of this project's result.
        theirs: rows of the other result.
        only_ours: rows, compared in every column, that only this project's result has.
        only_theirs: rows that only the other result has.
        ours_in_order: whether this project's rows are in the order of the spine.
        theirs_in_order: whether the other rows are.
        examples: some of the rows that differ.
    """

    ours: int
    theirs: int
    only_ours: int
    only_theirs: int
    ours_in_order: bool
    theirs_in_order: bool
    examples: tuple[str, ...]


def _number(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return connection.execute(f"select count(*) from {table}").fetchall()[0][0]


def _in_order(connection: duckdb.DuckDBPyConnection, result: Path, spine: Path) -> bool:
    numbered = ", file_row_number = true"
    return not _number(
        connection,
        f"{parquet(spine, numbered)} as s full join {parquet(result, numbered)} as r "
        "using (file_row_number) where s.label_id is distinct from r.label_id",
    )


def compare(ours: Path, theirs: Path, spine: Path) -> Comparison:
    """Compare two results in every column; columns are cast to the types of ``ours``.

    Args:
        ours: this project's rows (Parquet).
        theirs: the other contender's rows.
        spine: the labels that both were joined to.
    """
    # Both sides get times with a zone, in UTC: DuckDB keeps the type of the spine's column.
    columns = ", ".join(_COLUMNS).replace("label_time", "label_time::timestamptz as label_time")
    with work_database(spine.parent) as connection:
        for name, path in (("ours", ours), ("theirs", theirs)):
            connection.execute(f"create view {name}_read as select {columns} from {parquet(path)}")
        types = connection.execute("describe ours_read").fetchall()
        cast = ", ".join(f"cast({row[0]} as {row[1]}) as {row[0]}" for row in types)
        connection.execute(
            f"create table ours as select {cast} from ours_read; "
            f"create table theirs as select {cast} from theirs_read; "
            "create table only_ours as from ours except all from theirs; "
            "create table only_theirs as from theirs except all from ours"
        )
        examples = [
            f"{side}: {row}"
            for side in ("only_ours", "only_theirs")
            for row in connection.execute(f"from {side} order by all limit 3").fetchall()
        ]
        tables = ("ours", "theirs", "only_ours", "only_theirs")
        return Comparison(
            *(_number(connection, table) for table in tables),
            ours_in_order=_in_order(connection, ours, spine),
            theirs_in_order=_in_order(connection, theirs, spine),
            examples=tuple(examples),
        )


def special_labels(labels: Path, features: Path) -> dict[str, int]:
    """Return the numbers of labels that joins get wrong most easily, by a description.

    Args:
        labels: the labels (Parquet).
        features: the feature table (Parquet).
    """
    with work_database(labels.parent) as connection:
        found = connection.execute(
            f"""
            with labels as (from {parquet(labels)}),
            features as (from {parquet(features)}),
            firsts as (
                select customer_id, min(feature_time) as first_time
                from features
                group by customer_id
            )
            select
                (select count(*) - count(distinct label_id) from labels) as "are duplicates",
                (select count(*) from labels where customer_id is null) as "have no key",
                (
                    select count(*) from labels anti join firsts using (customer_id)
                    where customer_id is not null
                ) as "are of unknown customers",
                (
                    select count(*) from labels join firsts using (customer_id)
                    where label_time < first_time
                ) as "are before the customer's first feature row",
                (
                    select count(*) from labels join features using (customer_id)
                    where feature_time = label_time
                ) as "are at the exact time of a feature row"
            """
        )
        kinds = [column[0] for column in found.description]
        return dict(zip(kinds, found.fetchall()[0], strict=True))
