"""Whether two contenders handed out the same rows, whatever their order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from bench.work import work_database
from feature_store.warehouse.sql import literal
from joins.measure import FEATURES

_SPINE_COLUMNS = ("label_id", "customer_id", "label_time", "is_churned")
_COLUMNS = ", ".join((*_SPINE_COLUMNS, *FEATURES))


@dataclass(frozen=True)
class SpineFacts:
    """What is special about a spine's rows: how many there are of each kind.

    Attributes:
        rows: all of them.
        repeated: rows that are there twice, in every column.
        without_key: rows whose key is null.
        unknown: rows of customers that the feature table does not have.
        early: rows of known customers before their first feature row.
        ties: rows at the very time of a feature row of their customer.
    """

    rows: int
    repeated: int
    without_key: int
    unknown: int
    early: int
    ties: int


@dataclass(frozen=True)
class Comparison:
    """How the rows of two results differ.

    Attributes:
        ours: rows of this project's result.
        theirs: rows of the other's.
        only_ours: rows, compared in every column, that the other lacks (counted as often as so).
        only_theirs: the reverse.
        ours_in_order: whether this project's rows stand in the spine's order.
        theirs_in_order: whether the other's do.
        examples: some of the rows that differ.
    """

    ours: int
    theirs: int
    only_ours: int
    only_theirs: int
    ours_in_order: bool
    theirs_in_order: bool
    examples: tuple[str, ...]


def _number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    return connection.execute(sql).fetchall()[0][0]


def _in_order(connection: duckdb.DuckDBPyConnection, result: Path, spine: Path) -> bool:
    differing = _number(
        connection,
        "select count(*) from read_parquet("
        f"{literal(str(spine))}, file_row_number = true) as s full join read_parquet("
        f"{literal(str(result))}, file_row_number = true) as r using (file_row_number) "
        "where s.label_id is distinct from r.label_id",
    )
    return differing == 0


def compare(ours: Path, theirs: Path, spine: Path) -> Comparison:
    """Compare two results in every column; columns are cast to the types of ``ours``.

    Args:
        ours: this project's rows (Parquet).
        theirs: the other contender's rows.
        spine: the spine that both were joined to.
    """
    with work_database(spine.parent) as connection:
        # Times become UTC with a zone on both sides: DuckDB keeps the spine's own type.
        for name, path in (("ours", ours), ("theirs", theirs)):
            columns = _COLUMNS.replace("label_time", "label_time::timestamptz as label_time")
            connection.execute(
                f"create view {name}_read as select {columns} from "
                f"read_parquet({literal(str(path))})"
            )
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
        counts = [
            _number(connection, f"select count(*) from {name}")
            for name in ("ours", "theirs", "only_ours", "only_theirs")
        ]
        return Comparison(
            *counts,
            ours_in_order=_in_order(connection, ours, spine),
            theirs_in_order=_in_order(connection, theirs, spine),
            examples=tuple(examples),
        )


def spine_facts(spine: Path, features: Path) -> SpineFacts:
    """Count the rows of a spine that joins get wrong most easily.

    Args:
        spine: the spine (Parquet).
        features: the feature table (Parquet).
    """
    with work_database(spine.parent) as connection:
        connection.execute(
            f"create view spine as from read_parquet({literal(str(spine))}); "
            f"create view features as from read_parquet({literal(str(features))}); "
            "create table firsts as select customer_id, min(feature_time) as first_time "
            "from features group by customer_id"
        )
        found = connection.execute(
            """
            select
                (select count(*) from spine),
                (select count(*) - count(distinct label_id) from spine),
                (select count(*) from spine where customer_id is null),
                (select count(*) from spine anti join firsts using (customer_id)
                    where customer_id is not null),
                (select count(*) from spine join firsts using (customer_id)
                    where label_time < first_time),
                (select count(*) from spine join features using (customer_id)
                    where feature_time = label_time)
            """
        ).fetchall()[0]
        return SpineFacts(*found)
