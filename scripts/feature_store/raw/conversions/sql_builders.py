"""SQL expressions that conversions are made of: patterns, bound values, lists."""

from __future__ import annotations

from feature_store.warehouse.sql import literal


def matches(column: str, pattern: str) -> str:
    """Return the SQL condition that the whole text matches a pattern."""
    return f"regexp_full_match({column}, {literal(pattern)})"


def bound(value: str, name: str, body: str) -> str:
    """Return the SQL of ``body`` with ``name`` bound to a value, which is computed once."""
    return f"{each(f'[{value}]', name, body)}[1]"


def each(values: str, name: str, body: str) -> str:
    """Return the SQL of a list with ``body`` for each value, which it calls ``name``."""
    return f"list_transform({values}, lambda {name}: {body})"


def all_true(values: str) -> str:
    """Return the SQL condition that all values of a list are true."""
    return f"coalesce(list_bool_and({values}), true)"
