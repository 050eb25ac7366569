"""The parts of nested types."""

from __future__ import annotations

from functools import cache

import duckdb


def is_nested(kind: str) -> bool:
    """Return whether a type is a list, an array, a map or a struct."""
    return kind.endswith("]") or kind.startswith(("STRUCT(", "MAP("))


@cache
def fields_of(kind: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return what a nested type is and its fields, each with its name and type.

    A list has the field ``child``, an array ``child`` and ``size``, a map ``key`` and ``value``.

    Args:
        kind: the canonical name of a nested type.
    """
    with duckdb.connect() as connection:
        found = connection.type(kind)
        return found.id, tuple((name, str(child)) for name, child in found.children)
