"""Reads the times of a CSV file, converted exactly or not at all.

DuckDB takes the type of a column from a sample of its rows and casts the others: it drops an offset
in a later row without an error, and reads ``05/02/2024`` as a day of either month. So times are
read as text here, and converted afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.warehouse.sql import identifier, literal, rows_of

_DATE = "[0-9]{4,6}-[0-9]{2}-[0-9]{2}"
_TIME = _DATE + "[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6}0*)?)?"
_OFFSET = "(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
_TEXTS = ("varchar", "text", "string", "enum")
_ALLOWED = "ISO 8601 times, all with an offset or all without (UTC), to the microsecond"


def csv_query(
    connection: duckdb.DuckDBPyConnection, path: str, time: str, keys: Iterable[tuple[str, str]]
) -> str:
    """Return a query of the rows of a CSV file, with the types that all of its rows have.

    Another column than ``time`` whose texts are not such times stays text. A key that is text in
    the features stays text, and a key column without any value gets the features' type. The path is
    SQL text.
    """
    # The types of other columns, keys among them, are taken from all rows, not from a sample.
    options = f"{path}, header = true, hive_partitioning = false, sample_size = -1"
    types = {row[0]: row[1] for row in rows_of(connection, f"describe from read_csv({options})")}
    texts = {name for name, kind in keys if name != time and kind.lower().startswith(_TEXTS)}
    times = [
        name
        for name, kind in types.items()
        if name == time or (kind.startswith(("DATE", "TIMESTAMP")) and name not in texts)
    ]
    empty = {
        name: kind
        for name, kind in keys
        if types.get(name) == "VARCHAR"
        and name not in times
        and rows_of(connection, f"select count({identifier(name)}) = 0 from read_csv({options})")
        == [(True,)]
    }
    casts = [f"cast(null as {kind}) as {identifier(name)}" for name, kind in empty.items()]
    as_text = ", ".join(
        f"{literal(name)}: 'VARCHAR'" for name in types if name in texts or name in times
    )
    rows = f"read_csv({options}{f', types = {{{as_text}}}' if as_text else ''})"
    for name in times:
        kind = _time_type(connection, rows, name, name == time)
        casts.append(f"cast({identifier(name)} as {kind}) as {identifier(name)}")
    replaced = f" replace ({', '.join(casts)})" if casts else ""
    return f"select *{replaced} from {rows}"


def _time_type(
    connection: duckdb.DuckDBPyConnection, rows: str, name: str, is_required: bool
) -> str:
    """Return the type to which all texts of a column are cast exactly."""
    text = identifier(name)
    kinds = {
        "date": f"regexp_full_match({text}, '{_DATE}') and try_cast({text} as date) is not null",
        "timestamp": f"regexp_full_match({text}, '{_TIME}') "
        f"and try_cast({text} as timestamp) is not null",
        "timestamptz": f"regexp_full_match({text}, '{_TIME}{_OFFSET}') "
        f"and try_cast({text} as timestamptz) is not null",
    }
    cases = " ".join(f"when {condition} then '{kind}'" for kind, condition in kinds.items())
    found = dict(
        rows_of(
            connection,
            f"select case {cases} end as kind, min({text}) from {rows} "
            f"where {text} is not null group by kind",
        )
    )
    if None in found:
        problem = f"{found[None]!r} is not a valid time"
    elif "timestamptz" in found and len(found) > 1:
        others = [example for kind, example in found.items() if kind != "timestamptz"]
        problem = f"{found['timestamptz']!r} has an offset and {others[0]!r} has none"
    else:
        return next(
            (kind for kind in ("timestamptz", "timestamp", "date") if kind in found), "timestamp"
        )
    if is_required:
        raise FeatureStoreError(
            f"time column {name}: {problem}",
            allowed=_ALLOWED,
            next_step="correct the file, or pass a query that converts the column",
        )
    return "varchar"
