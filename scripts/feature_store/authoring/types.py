"""Types of columns, as DuckDB gives them and as YAML has them."""

from __future__ import annotations

import re
from collections.abc import Iterable

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.warehouse.errors import first_line


def described_types(connection: duckdb.DuckDBPyConnection, sql: str, name: str) -> dict[str, str]:
    """Return the types of the columns of a model's query, in order."""
    try:
        rows = connection.execute(f"describe {sql}").fetchall()
    except duckdb.Error as error:
        raise FeatureStoreError(
            f"{name}: the warehouse cannot read its SQL: {first_line(error)}",
            next_step="correct the declaration or the SQL; where a table of the warehouse is old, "
            "build it again",
        ) from error
    return {row[0]: _spelled(row[1]) for row in rows}


def _spelled(kind: str) -> str:
    """Return a type in lower case, unless it holds names or values."""
    is_plain = re.fullmatch(r"[A-Z0-9_ (),\[\]]+", kind) and not kind.startswith(("ENUM", "STRUCT"))
    return kind.lower() if is_plain else kind


def same_type(one: str, other: str) -> bool:
    """Return whether two texts name the same type: ``int`` and ``integer``."""
    if _bare(one) == _bare(other):
        return True
    try:
        sql = "select typeof(cast(null as {}))"
        return duckdb.sql(sql.format(one)).fetchall() == duckdb.sql(sql.format(other)).fetchall()
    except duckdb.Error:
        return False


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text).lower()


def names_needing_quotes(names: Iterable[str]) -> set[str]:
    """Return the names that SQL accepts in quotes only, such as keywords."""
    return {name for name in names if _needs_quotes(name)}


def _needs_quotes(name: str) -> bool:
    if "," in name:
        return True
    try:
        return len(duckdb.extract_statements(f"select 1 from (select 1) as t ({name})")) != 1
    except duckdb.Error:
        return True
