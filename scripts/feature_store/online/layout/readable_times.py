"""Check for times outside the years 1 to 9999, which DuckDB can hold and Python cannot read."""

from __future__ import annotations

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.online.layout.keys import KeySpace
from feature_store.online.layout.types import TIMES, sql_type
from feature_store.registry.definitions import Feature, FeatureView
from feature_store.warehouse.sql import identifier

_FIRST, _LAST = "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"
ALLOWED = "times from 0001-01-01 to 9999-12-31 23:59:59.999999 (UTC)"


class UnreadableTimeError(FeatureStoreError):
    """A view cannot be exported because it holds a time that Python cannot read."""


def check_times(connection: duckdb.DuckDBPyConnection, keys: KeySpace, view: FeatureView) -> None:
    """Check that no current served row of a view holds a time that Python cannot read.

    Feature values may be infinite, ids and feature times may not.

    Raises:
        UnreadableTimeError: a row does; names the view, an entity and the time.
        duckdb.Error: the snapshot is not as the project declares it.
    """
    conditions = {
        "feature_time": _unreadable_sql("feature_time", "timestamp", may_be_infinite=False)
    }
    for columns, may_be_infinite in ((view.entity, False), (view.features, True)):
        for column in columns:
            name = identifier(column.name)
            if condition := _column_sql(column, name, may_be_infinite=may_be_infinite):
                conditions[column.name] = condition
    found = connection.execute(
        f"""
        select {keys.entity_sql(view)}, count(*) over (), {
            ", ".join(
                f"case when {condition} then cast({identifier(name)} as varchar) end"
                for name, condition in conditions.items()
            )
        }
        from {view.served_relation}
        where dbt_valid_to is null and ({" or ".join(conditions.values())})
        limit 1"""
    ).fetchall()
    if not found:
        return
    [(key, rows, *texts)] = found
    name, text = next(pair for pair in zip(conditions, texts, strict=True) if pair[1] is not None)
    raise UnreadableTimeError(
        f"{view.label}: {key}: {name} is {text}, which Python cannot read"
        + (f" ({rows:,} rows have such times)" if rows > 1 else ""),
        allowed=ALLOWED
        + ("" if name == "feature_time" else ", infinity and -infinity in features"),
        next_step="correct or leave out the event that it comes from, run dbt build, export again",
    )


def _column_sql(column: Feature, name: str, *, may_be_infinite: bool) -> str | None:
    """Return the SQL condition that a column holds such a time; None if its type cannot."""
    found = sql_type(column.data_type)
    return found and _type_sql(found, name, 0, may_be_infinite=may_be_infinite)


def _type_sql(
    found: duckdb.DuckDBPyType, value: str, depth: int, *, may_be_infinite: bool
) -> str | None:
    if found.id in TIMES or found.id == "date":
        return _unreadable_sql(value, found.id, may_be_infinite=may_be_infinite)
    if found.id not in ("list", "array", "struct", "map"):
        return None
    children = {name: child for name, child in found.children if name != "size"}
    parts = []
    for name, child in children.items():
        if found.id == "struct":
            inner = f"struct_extract({value}, '{name.replace(chr(39), chr(39) * 2)}')"
            parts.append(_type_sql(child, inner, depth, may_be_infinite=may_be_infinite))
            continue
        of_map = {"key": f"map_keys({value})", "value": f"map_values({value})"}
        elements = of_map[name] if found.id == "map" else value
        element = f"_element_{depth}"
        if condition := _type_sql(child, element, depth + 1, may_be_infinite=may_be_infinite):
            parts.append(f"len(list_filter({elements}, lambda {element}: {condition})) > 0")
    listed = [part for part in parts if part]
    return f"({' or '.join(listed)})" if listed else None


def _unreadable_sql(value: str, kind: str, *, may_be_infinite: bool) -> str:
    # timestamp_s and timestamp_ms reach further than timestamp: the cast may give null.
    time = f"try_cast({value} as timestamp)"
    outside = f"{time} not between timestamp '{_FIRST}' and timestamp '{_LAST}'"
    if kind != "timestamp":
        outside = f"({time} is null or {outside})"
    infinite = f"isinf({value})"
    condition = f"not {infinite} and {outside}" if may_be_infinite else f"({infinite} or {outside})"
    return f"({value} is not null and {condition})"
