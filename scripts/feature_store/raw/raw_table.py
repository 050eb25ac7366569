"""The raw table in the warehouse: its columns, and queries on its rows."""

from __future__ import annotations

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.raw.internal_names import INTERNAL_COLUMNS, ROW_NUMBER
from feature_store.raw.sources import RawTable
from feature_store.warehouse.sql import count_of, identifier, literal, rows_of


def existing_columns(connection: duckdb.DuckDBPyConnection, table: RawTable) -> dict[str, str]:
    """Return the raw table's columns with their types, none if it does not exist."""
    rows = rows_of(
        connection,
        """
        select column_name, data_type
        from duckdb_columns()
        where
            database_name = current_database()
            and lower(schema_name) = lower(?)
            and lower(table_name) = lower(?)
        order by column_index
        """,
        [table.schema, table.identifier],
    )
    return dict(rows)


def check_types(table: RawTable, declared: dict[str, str], existing: dict[str, str]) -> bool:
    """Check the declaration against the raw table.

    Returns:
        whether the raw table has every declared column, and numbers its rows.
    """
    if not existing:
        return False
    raw = table.relation
    missing = [name for name in INTERNAL_COLUMNS if name not in existing]
    if missing not in ([], [ROW_NUMBER]):
        raise FeatureStoreError(
            f"{raw}: the table exists, but without the column {', '.join(missing)}: "
            "the loader did not create it",
            next_step="rename or drop that table, or give the source another schema",
        )
    present = {name.lower(): kind for name, kind in existing.items()}
    for name, kind in declared.items():
        before = present.get(name.lower(), kind)
        if before != kind:
            raise FeatureStoreError(
                f"{table.declared_in}: table {table.name}, column {name}: declared as "
                f"{kind.lower()}, but loaded as {before.lower()} until now",
                allowed=f"the type of the raw table ({before.lower()})",
                next_step=f"alter table {raw} alter {identifier(name)} type {kind.lower()}, "
                f"or drop table {raw}, and load again",
            )
    return not missing and all(name.lower() in present for name in declared)


def add_columns(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    kinds: dict[str, str],
    existing: dict[str, str],
) -> dict[str, str]:
    """Create the raw table, or add the columns that it lacks; return all columns with types."""
    known = {name.lower() for name in existing}
    new = {name: kind for name, kind in kinds.items() if name.lower() not in known}
    if existing and ROW_NUMBER not in existing:
        new[ROW_NUMBER] = INTERNAL_COLUMNS[ROW_NUMBER]
    if not existing:
        columns = [f"{identifier(n)} {kind}" for n, kind in (new | INTERNAL_COLUMNS).items()]
        connection.execute(f"create table {table.relation} ({', '.join(columns)})")
        return new | INTERNAL_COLUMNS
    for name, kind in new.items():
        connection.execute(f"alter table {table.relation} add column {identifier(name)} {kind}")
    return existing | new


def source_filter(label: str) -> str:
    """Return the SQL condition for the raw rows of one file."""
    return f"_source_file = {literal(label)}"


def count_rows(connection: duckdb.DuckDBPyConnection, table: RawTable, where: str) -> int:
    """Return the number of raw rows that meet a condition."""
    return count_of(connection, f"select count(*) from {table.relation} where {where}")


def later_than_loaded(
    connection: duckdb.DuckDBPyConnection, table: RawTable, loaded_at: str
) -> str:
    """Return a load time that is later than every load time in a raw table.

    A clock can be set back, and two loads can share a microsecond, but incremental models find new
    rows by comparing load times. ``loaded_at`` is the SQL of the clock's time.

    Returns:
        SQL of that time or, where the table has later rows, of one microsecond after the latest.
    """
    ((time,),) = rows_of(
        connection,
        f"select greatest({loaded_at}, max(_loaded_at) + interval 1 microsecond) "
        f"from {table.relation}",
    )
    return f"timestamp {literal(time.isoformat(' '))}"
