"""Malformed rows: finding them, the error that shows them, and the table ``raw_rejects``."""

from __future__ import annotations

from feature_store.display import shortened
from feature_store.errors import FeatureStoreError
from feature_store.raw.column_mapping import MappedColumn
from feature_store.raw.converted_rows import converted
from feature_store.raw.internal_names import REJECTS
from feature_store.raw.readers.base import Reader
from feature_store.raw.readers.staging import TEXT_LIMIT
from feature_store.raw.text_encodings import encoding_advice
from feature_store.warehouse.sql import count_of, identifier, literal, rows_of

#: Malformed rows that an error shows, and characters of each.
_SHOWN, _WIDTH = 5, 100


def find_bad_values(
    reader: Reader, columns: list[MappedColumn], event_time: str, scope: str
) -> int:
    """Put the values that their columns cannot hold into ``load_bad_values``.

    Checks the staged rows in ``scope``; the result is the number of malformed rows, including those
    that could not be staged.
    """
    connection = reader.connection
    checked = [(i, column) for i, column in enumerate(columns) if column.shared.valid is not None]
    if checked:
        rows = converted([column for _, column in checked])
        tests = ", ".join(f"count(*) filter (not {test})" for test in rows.tests)
        (counts,) = rows_of(connection, f"select {tests} from {rows.source}")
        for (position, column), count in zip(checked, counts, strict=True):
            if count:
                reason = literal(f"' is not a valid {column.conversion.expects}")
                connection.execute(
                    f"""
                    insert into load_bad_values
                    select
                        {reader.record}, {position}, {literal(column.name)},
                        'column ' || {literal(column.name)} || ': '''
                        || left({column.staged}::varchar, {_WIDTH}) || {reason},
                        {event_time}
                    from load_staged
                    where not {column.conversion.valid} and {scope}
                    """
                )
    return count_of(
        connection,
        "select (select count(distinct record) from load_bad_values)"
        " + (select count(*) from load_malformed)",
    )


def _merge_bad_values(reader: Reader, limit: int | None) -> None:
    reader.locate(limit)
    reader.connection.execute(
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


def malformed_rows_error(reader: Reader, total: int) -> FeatureStoreError:
    """Return the error that shows the first malformed rows of a file."""
    table = reader.table
    _merge_bad_values(reader, _SHOWN)
    rows = rows_of(
        reader.connection,
        "select line, column_name, reason, row_text from load_malformed "
        f"order by line limit {_SHOWN}",
    )
    lines = [
        f"{reader.place} {line}, {reason}"
        if column
        else f"{reader.place} {line}: {reason}: {shortened(text, _WIDTH)}"
        for line, column, reason, text in rows
    ]
    what = [f"{reader.file.label}, {lines[0]}", *(f"  {line}" for line in lines[1:])]
    if total > len(lines):
        what.append(f"  … ({total:,} malformed rows in all)")
    if any(reason.startswith("the text is not ") for _, _, reason, _ in rows):
        return FeatureStoreError(
            "\n".join(what), next_step=encoding_advice(reader.file, table.declaration)
        )
    return FeatureStoreError(
        "\n".join(what),
        allowed=f"the types declared for {table.declaration}; nothing is rounded, trimmed or "
        "guessed",
        next_step="correct the file, declare the column as varchar, or keep the malformed rows "
        f"apart with feature-store load --quarantine. Table {table.schema}.{table.identifier} is "
        "unchanged.",
    )


def replace_rejects(reader: Reader, interval: str | None, loaded_at: str, batch_id: str) -> bool:
    """Replace the rejected rows of a file, or of its interval, by the malformed rows of this load.

    ``interval`` is the SQL condition for event times in the interval, or None for the whole file;
    rows without a readable event time belong to every interval. The result is whether anything was
    changed.
    """
    connection, table = reader.connection, reader.table
    rejects = identifier(table.schema, REJECTS)
    names = f"{literal(table.identifier)}, {literal(reader.file.label)}"
    scope = f"(table_name, source_file) = ({names})"
    if interval:
        scope += f" and (event_time is null or {interval})"
    if not count_of(
        connection,
        f"select (select count(*) from {rejects} where {scope})"
        " + (select count(*) from load_malformed) + (select count(*) from load_bad_values)",
    ):
        return False
    _merge_bad_values(reader, None)
    kept = f"line, column_name, reason, left(row_text, {TEXT_LIMIT}) as row_text, event_time"
    old = f"select {kept} from {rejects} where {scope}"
    new = f"select {kept} from load_malformed"
    difference = f"({old} except all {new}) union all ({new} except all {old})"
    if not count_of(connection, f"select count(*) from ({difference})"):
        return False
    connection.execute(f"delete from {rejects} where {scope}")
    connection.execute(
        f"""
        insert into {rejects}
        select {names}, {kept}, {loaded_at}, {literal(batch_id)} from load_malformed order by line
        """
    )
    return True
