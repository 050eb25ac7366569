"""Takes SQL expressions apart with DuckDB's parser: filter conditions and columns."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any

import duckdb

from feature_store.warehouse.sql import literal, rows_of


def _parsed(connection: duckdb.DuckDBPyConnection, expression: str) -> dict[str, Any]:
    """Return the statement ``select <expression>``, as JSON."""
    ((text,),) = rows_of(connection, "select json_serialize_sql(?)", [f"select {expression}"])
    return json.loads(text)


def condition_of(connection: duckdb.DuckDBPyConnection, aggregate: str) -> str:
    """Return the condition of an aggregate's ``filter (where …)``, or ``true``."""
    parsed = _parsed(connection, aggregate)
    select = parsed["statements"][0]["node"]
    condition = select["select_list"][0].get("filter")
    if condition is None:
        return "true"
    select["select_list"] = [condition]
    ((sql,),) = rows_of(
        connection, "select json_deserialize_sql(cast(? as json))", [json.dumps(parsed)]
    )
    return sql.removeprefix("SELECT ")


def columns_read(
    connection: duckdb.DuckDBPyConnection, expression: str, known: Iterable[str]
) -> list[str]:
    """Return the known columns that an expression reads, each once, in the known order."""
    parsed = _parsed(connection, expression)
    read = {
        name.lower()
        for reference in _references(parsed["statements"])
        for name in reference["column_names"]
    }
    return [name for name in known if name.lower() in read]


def _references(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if node.get("class") == "COLUMN_REF":
            yield node
        for child in node.values():
            yield from _references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _references(child)


def sql_literal(value: Any) -> str:
    """Return a scalar of the YAML as SQL."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)) and math.isfinite(value):
        return str(value)
    return literal(str(value))
