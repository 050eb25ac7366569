"""Malformed rows: finding them, telling the user, or keeping them in ``raw_rejects``."""

from __future__ import annotations

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.raw.column_mapping import MappedColumn
from feature_store.raw.converted_rows import converted
from feature_store.raw.internal_names import REJECTS
from feature_store.raw.readers.formats import Reader
from feature_store.raw.readers.staging import TEXT_LIMIT
from feature_store.raw.sources import RawTable
from feature_store.raw.text_encodings import encoding_advice
from feature_store.warehouse.sql import count_of, identifier, literal, rows_of

_SHOWN = 5


def find_faults(
    connection: duckdb.DuckDBPyConnection,
    reader: Reader,
    targets: list[MappedColumn],
    event_time: str,
    scope: str,
) -> int:
    """Find the values that their columns cannot hold.

    Args:
        connection: the warehouse, with the file staged.
        reader: the file's reader.
        targets: the columns.
        event_time: SQL of a staged row's event time; null where it is not readable.
        scope: SQL that is true for staged rows whose faults count.

    Returns:
        the number of malformed rows, those that could not even be staged included.
    """
    checked = [(i, t) for i, t in enumerate(targets) if t.shared.valid is not None]
    if checked:
        rows = converted([target for _, target in checked])
        tests = ", ".join(f"count(*) filter (not {test})" for test in rows.tests)
        (counts,) = rows_of(connection, f"select {tests} from {rows.source}")
        for (position, target), count in zip(checked, counts, strict=True):
            if not count:
                continue
            reason = literal(f"' is no {target.conversion.expects}")
            connection.execute(
                f"""
                insert into load_bad_values
                select
                    {reader.record}, {position}, {literal(target.name)},
                    'column ' || {literal(target.name)} || ': '''
                    || left({target.staged}::varchar, 100) || {reason},
                    {event_time}
                from load_staged
                where not {target.conversion.valid} and {scope}
                """
            )
    return count_of(
        connection,
        "select (select count(distinct record) from load_bad_values) + (select count(*) from load_malformed)",
    )


def _merge(connection: duckdb.DuckDBPyConnection, reader: Reader, limit: int | None) -> None:
    """Add the rows with bad values to ``load_malformed``, one line a row."""
    reader.locate(limit)
    connection.execute(
        """
        insert into load_malformed
        select
            l.line,
            arg_min(b.column_name, b.position),
            string_agg(b.reason, '; ' order by b.position),
            any_value(l.row_text),
            any_value(b.event_time)
        from load_bad_values as b
        join load_located as l on b.record = l.record
        group by b.record, l.line
        """
    )


def refuse(
    connection: duckdb.DuckDBPyConnection, reader: Reader, table: RawTable, total: int
) -> FeatureStoreError:
    """Return the error that shows the first malformed rows of a file."""
    _merge(connection, reader, _SHOWN)
    rows = rows_of(
        connection,
        f"select line, column_name, reason, row_text from load_malformed order by line limit {_SHOWN}",
    )
    lines = []
    for line, column, reason, text in rows:
        place = f"{reader.place} {line}"
        shown = text if len(text) <= 100 else text[:100] + "…"
        lines.append(f"{place}, {reason}" if column else f"{place}: {reason}: {shown}")
    what = [f"{reader.file.label}, {lines[0]}", *(f"  {line}" for line in lines[1:])]
    if total > len(lines):
        what.append(f"  … ({total:,} malformed rows in all)")
    if any(reason.startswith("the text is not ") for _, _, reason, _ in rows):
        return FeatureStoreError(
            "\n".join(what),
            next_step=encoding_advice(reader.file, f"table {table.name} in {table.declared_in}"),
        )
    return FeatureStoreError(
        "\n".join(what),
        allowed=f"the types declared for table {table.name} in {table.declared_in}; nothing is "
        "rounded, trimmed or guessed",
        next_step="correct the file, declare the column as varchar, or keep the malformed rows "
        f"apart with load_raw.py --quarantine. Table {table.schema}.{table.identifier} is "
        "unchanged.",
    )


def create_rejects(connection: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Make the table of rejected rows where it is missing."""
    connection.execute(
        f"""
        create table if not exists {identifier(schema, REJECTS)} (
            table_name varchar,
            source_file varchar,
            line bigint,
            column_name varchar,
            reason varchar,
            row_text varchar,
            event_time timestamp,
            _loaded_at timestamp,
            _batch_id varchar
        )
        """
    )


def replace_rejects(
    connection: duckdb.DuckDBPyConnection,
    reader: Reader,
    table: RawTable,
    interval: str | None,
    stamp: tuple[str, str],
) -> bool:
    """Make the rejected rows of a file, or of its interval, those found now.

    Args:
        connection: the warehouse.
        reader: the file's reader, with the faults found.
        table: the raw table.
        interval: SQL that is true for event times in the interval, or None for the whole file.
            Rows without a readable event time belong to every interval.
        stamp: ``_loaded_at`` (SQL) and ``_batch_id`` of new rows.

    Returns:
        whether anything was changed.
    """
    rejects = identifier(table.schema, REJECTS)
    scope = (
        f"table_name = {literal(table.identifier)} and source_file = {literal(reader.file.label)}"
    )
    if interval:
        scope += f" and (event_time is null or {interval})"
    if not count_of(
        connection,
        f"select (select count(*) from {rejects} where {scope})"
        " + (select count(*) from load_malformed) + (select count(*) from load_bad_values)",
    ):
        return False
    _merge(connection, reader, None)
    kept = f"line, column_name, reason, left(row_text, {TEXT_LIMIT}) as row_text, event_time"
    old = f"select {kept} from {rejects} where {scope}"
    new = f"select {kept} from load_malformed"
    difference = f"({old} except all {new}) union all ({new} except all {old})"
    if not count_of(connection, f"select count(*) from ({difference})"):
        return False
    loaded_at, batch_id = stamp
    connection.execute(f"delete from {rejects} where {scope}")
    connection.execute(
        f"""
        insert into {rejects}
        select
            {literal(table.identifier)}, {literal(reader.file.label)}, {kept},
            {loaded_at}, {literal(batch_id)}
        from load_malformed
        order by line
        """
    )
    return True
