"""Nested types and their fields."""

from __future__ import annotations

from functools import cache

import duckdb


def is_nested(kind: str) -> bool:
    """Return whether a type is a list, an array, a map or a struct."""
    return kind.endswith("]") or kind.startswith(("STRUCT(", "MAP("))


@cache
def fields_of(kind: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the kind of a nested type, and its fields with their names and types.

    A list has the field ``child``, an array ``child`` and ``size``, a map ``key`` and ``value``.
    """
    with duckdb.connect() as connection:
        found = connection.type(kind)
        return found.id, tuple((name, str(child)) for name, child in found.children)
