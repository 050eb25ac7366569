"""The content of rows, compared by hashes that ignore the order of the rows."""

from __future__ import annotations

import hashlib

import duckdb

from feature_store.warehouse.sql import identifier, rows_of


def _row_text(columns: list[str]) -> str:
    """Return the SQL of a row's JSON text, in which null, '' and 'null' differ."""
    names = ", ".join(identifier(name) for name in sorted(columns))
    return f"to_json(row({names}))::varchar"


def content_hash(
    connection: duckdb.DuckDBPyConnection, rows: str, columns: list[str]
) -> tuple[int, str]:
    """Return the number of rows of a query and a hash of them that ignores their order.

    Each row's JSON text is hashed by MD5; the sums of both halves over all rows, which count
    duplicates too, make the sha256 of all.
    """
    names = ", ".join(identifier(name) for name in sorted(columns))
    ((count, lower, upper),) = rows_of(
        connection,
        f"""
        select
            count(*),
            coalesce(sum(md5_number_lower(row_text)), 0),
            coalesce(sum(md5_number_upper(row_text)), 0)
        from (select {_row_text(columns)} as row_text from ({rows}))
        """,
    )
    return count, hashlib.sha256(f"{names}:{count}:{lower}:{upper}".encode()).hexdigest()


def with_load_times(
    connection: duckdb.DuckDBPyConnection, rows: str, loaded: str, columns: list[str]
) -> str:
    """Return the query of rows with the ``_loaded_at`` of the same rows in the raw table.

    ``loaded`` is a query of raw rows of the same content, which may be deleted afterwards.
    """
    row_hash = f"md5_number({_row_text(columns)}) as _row_hash"
    connection.execute(
        f"""
        create temp table load_kept as
        select {row_hash}, min(_loaded_at) as _loaded_at from ({loaded}) group by _row_hash
        """
    )
    return f"select * from (select *, {row_hash} from ({rows})) join load_kept using (_row_hash)"
