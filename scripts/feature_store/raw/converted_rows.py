"""SQL of the staged rows in their types, with one expression for all columns of a conversion.

DuckDB takes milliseconds to plan an expression with a lambda or a regular expression; hundreds of
them would take seconds before the first row is read. Columns with the same conversion are therefore
put into a list, which one expression converts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from feature_store.raw.column_mapping import MappedColumn
from feature_store.raw.internal_names import ROW_NUMBER
from feature_store.warehouse.sql import identifier

#: The lambda's parameter; the names within conversions are shorter, so none is the same.
_ITEM = "shared_value"
#: Characters of SQL; a shorter conversion is fast to plan, so its columns are converted singly.
_LONG = 200


@dataclass(frozen=True)
class Converted:
    """SQL of converted rows.

    Attributes:
        source: the relation; it has the columns of ``load_staged`` and its ``rowid``.
        values: the value of each column in its type.
        tests: true where a column's value is valid.
    """

    source: str
    values: list[str]
    tests: list[str]


def converted(columns: Sequence[MappedColumn]) -> Converted:
    """Return the SQL of the values of some columns of the staged rows."""
    alike: dict[tuple[str, str | None, str | None], list[int]] = {}
    for i, column in enumerate(columns):
        key = (column.shared.value, column.shared.valid, column.source)
        alike.setdefault(key, []).append(i)
    values = [column.conversion.value for column in columns]
    tests = [column.conversion.valid or "true" for column in columns]
    lists = []
    for number, places in enumerate(alike.values()):
        first = columns[places[0]].shared.of(_ITEM)
        if len(places) == 1 or len(f"{first.value}{first.valid}") < _LONG:
            continue
        items = f"[{', '.join(columns[i].staged for i in places)}]"
        for name, body, of_columns in (
            (f"shared_values_{number}", first.value, values),
            (f"shared_tests_{number}", first.valid or "true", tests),
        ):
            lists.append(f", list_transform({items}, lambda {_ITEM}: {body}) as {name}")
            for place, i in enumerate(places, 1):
                of_columns[i] = f"{name}[{place}]"
    source = "load_staged"
    if lists:
        source = f"(select *, rowid{''.join(lists)} from load_staged) as converted"
    return Converted(source, values, tests)


def converted_query(columns: Sequence[MappedColumn], record: str, where: str) -> str:
    """Return the query of the staged rows in their types, with their numbers."""
    rows = converted(columns)
    values = "".join(
        f"{value} as {identifier(column.name)}, "
        for column, value in zip(columns, rows.values, strict=True)
    )
    return f"select {values}{record} as {ROW_NUMBER} from {rows.source} where {where}"
