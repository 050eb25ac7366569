"""The staged rows with their values converted, one expression for all columns of a kind.

DuckDB takes milliseconds to plan an expression with a lambda or a pattern, so that a file with
hundreds of columns would cost seconds before its first row is read. Columns with the same
conversion are therefore put into a list, which is converted by one expression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from feature_store.raw.column_mapping import MappedColumn

#: The name of a list's value; conversions have shorter names inside.
_ITEM = "shared_value"
#: Characters of SQL; a shorter conversion has no lambda and few patterns.
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


def converted(targets: Sequence[MappedColumn]) -> Converted:
    """Return the SQL of the staged rows with the values of some columns.

    Args:
        targets: the columns.
    """
    alike: dict[tuple[str, str | None, str | None], list[int]] = {}
    for i, target in enumerate(targets):
        key = (target.shared.value, target.shared.valid, target.source)
        alike.setdefault(key, []).append(i)
    values = [target.conversion.value for target in targets]
    tests = [target.conversion.valid or "true" for target in targets]
    lists = []
    for number, places in enumerate(alike.values()):
        first = targets[places[0]].shared.of(_ITEM)
        if len(places) == 1 or len(f"{first.value}{first.valid}") < _LONG:
            continue
        items = f"[{', '.join(targets[i].staged for i in places)}]"
        for name, body, of_columns in (
            (f"shared_values_{number}", first.value, values),
            (f"shared_tests_{number}", first.valid or "true", tests),
        ):
            lists.append(f", list_transform({items}, lambda {_ITEM}: {body}) as {name}")
            for place, i in enumerate(places, 1):
                of_columns[i] = f"{name}[{place}]"
    if not lists:
        return Converted("load_staged", values, tests)
    source = f"(select *, rowid{''.join(lists)} from load_staged) as converted"
    return Converted(source, values, tests)
