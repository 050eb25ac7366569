"""Checks queries that a user gives: exactly one statement, which only reads."""

from __future__ import annotations

import re

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.warehouse.errors import first_line

_ALLOWED = "exactly one query, which begins with select, with, from or values"
_NEXT = "correct the query"
#: The start of a query, after spaces, comments and empty statements.
_BEGIN = re.compile(r"(?is)(\s|;|--[^\n]*(\n|$)|/\*.*?\*/)*((select|with|from|values|table)\b|\()")


def begins_like_a_query(text: str) -> bool:
    """Return whether a text can be a query, rather than a path or a name."""
    return _BEGIN.match(text) is not None


def is_statement(text: str) -> bool:
    """Return whether a text is SQL of any kind."""
    try:
        return bool(duckdb.extract_statements(text))
    except (duckdb.Error, UnicodeEncodeError):
        return False


def one_query(text: str, what: str) -> str:
    """Return a query without the semicolons and comments behind it.

    DuckDB's own parser tells the statements apart; none of them is run.
    """
    try:
        statements = duckdb.extract_statements(text)
    except (duckdb.Error, UnicodeEncodeError) as error:
        raise FeatureStoreError(
            f"{what} cannot be read: {first_line(error)}", allowed=_ALLOWED, next_step=_NEXT
        ) from error
    kinds = [statement.type.name for statement in statements]
    if kinds != ["SELECT"]:
        found = f"{len(kinds)} statements: {', '.join(kinds)}" if len(kinds) != 1 else kinds[0]
        raise FeatureStoreError(
            f"{what} cannot be read: not one query, but {found}", allowed=_ALLOWED, next_step=_NEXT
        )
    query = statements[0].query
    sql = query.encode()
    for position, kind in reversed(duckdb.tokenize(query)):
        if kind != duckdb.token_type.comment:
            if sql[position:].strip() != b";":
                break
            sql = sql[:position]
        elif b";" in sql[:position].rstrip()[-1:]:
            sql = sql[:position]
    return sql.decode().rstrip()
