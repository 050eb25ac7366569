"""Point-in-time joins in plain Python, by their definition.

Independent of the SQL: each row of the spine is compared with every row of its entity. Times are
compared as whole microseconds since 1970-01-01 UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from support.oracles.windowed_features import microseconds

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Joined:
    """A feature view that is joined.

    Attributes:
        rows: of the feature table, or of its snapshot for ``as_served``.
        entity: the spine's column by key column.
        select: the features, in the order of their columns.
        prefix: what goes in front of their names.
        max_age: microseconds after which a row's features are null, or None.
    """

    rows: Sequence[Row]
    entity: Mapping[str, str]
    select: Sequence[str]
    prefix: str = ""
    max_age: int | None = None


def _by_entity(rows: Iterable[Row], columns: Iterable[str]) -> dict[tuple[Any, ...], list[Row]]:
    """Return rows by the values of some columns; one with a null belongs to no entity."""
    columns = [*columns]
    entities: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        entities.setdefault(tuple(row[column] for column in columns), []).append(row)
    return {entity: own for entity, own in entities.items() if None not in entity}


def as_recomputed(rows: Iterable[Row], time: int) -> Row | None:
    """Return the row with the greatest ``feature_time <= time``."""
    past = [
        row
        for row in rows
        if row["feature_time"] is not None and microseconds(row["feature_time"]) <= time
    ]
    return max(past, key=lambda row: microseconds(row["feature_time"]), default=None)


def as_served(rows: Iterable[Row], time: int) -> Row | None:
    """Return the row with ``dbt_valid_from <= time < dbt_valid_to``."""
    valid = [
        row
        for row in rows
        if row["dbt_valid_from"] is not None
        and microseconds(row["dbt_valid_from"]) <= time
        and (row["dbt_valid_to"] is None or time < microseconds(row["dbt_valid_to"]))
    ]
    assert len(valid) <= 1, f"two rows were served at once: {valid}"
    return valid[0] if valid else None


MODES = {"as_recomputed": as_recomputed, "as_served": as_served}


def point_in_time(
    spine: Iterable[Row], views: Iterable[Joined], time: str, mode: str
) -> list[dict[str, Any]]:
    """Return the spine's rows, in their order, each with its features.

    Args:
        spine: rows with keys and a time.
        views: what is joined to them.
        time: the spine's time column.
        mode: ``as_recomputed`` or ``as_served``.
    """
    views = [(view, _by_entity(view.rows, view.entity)) for view in views]
    result = []
    for spine_row in spine:
        row = dict(spine_row)
        at = None if spine_row[time] is None else microseconds(spine_row[time])
        for view, entities in views:
            own = entities.get(tuple(spine_row[column] for column in view.entity.values()), [])
            found = None if at is None else MODES[mode](own, at)
            if found is not None and view.max_age is not None:
                age = at - microseconds(found["feature_time"])
                found = None if age > view.max_age else found
            for name in view.select:
                column = view.prefix + name
                assert column not in row, f"{column} occurs twice"
                row[column] = None if found is None else found[name]
        result.append(row)
    return result
