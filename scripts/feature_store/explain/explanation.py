"""The explanation of one value of a feature, as data."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from feature_store.explain.view_rows import Row


@dataclass(frozen=True)
class Model:
    """The dbt model of a view's version."""

    unique_id: str
    version: int | str
    definition_hash: str
    sql_path: str
    yaml_path: str
    relation: str


@dataclass(frozen=True)
class ServedValue:
    """The row that was served at the requested time.

    Attributes:
        value: the feature.
        feature_time: of the served row.
        served_from: when that row began to be served.
        served_to: until when it was served; None where it still is.
    """

    value: Any
    feature_time: datetime
    served_from: datetime
    served_to: datetime | None


@dataclass(frozen=True)
class Contribution:
    """The rows of one relation that went into a value.

    Attributes:
        relation: schema and table, quoted.
        unique_id: dbt's id of it.
        rows: by event time; the columns that the feature reads, the load time of the row, and the
            raw row behind it (``source_file``, ``batch_id``, ``source_row``) where it is known.
        row_count: how many rows there are; ``rows`` may be limited to the first.
        raw_rows: by raw table, the rows as received that ``rows`` were made from, in that order.
    """

    relation: str
    unique_id: str
    rows: list[Row]
    row_count: int
    raw_rows: dict[str, list[Row]]


@dataclass(frozen=True)
class Explanation:
    """One value of a feature, and everything it was computed from. All times are UTC.

    Attributes:
        reference: the feature as requested.
        view: label of its view, such as ``customer_purchases:v2``.
        feature: its column.
        description: from the YAML.
        kind: ``aggregate``, ``derived`` (from other features of the row) or ``sql`` (the model is
            written by hand).
        definition: the aggregate's SQL, or the expression; None for ``sql``.
        model: the dbt model.
        entity: the ids as text, by key.
        at: the requested time.
        feature_time: T, of the entity's last row at or before ``at``; None where there is none.
        known_at: when the last of the rows that it depends on was loaded.
        value: the feature in that row.
        recomputed: the aggregate over the contributing rows alone, or the expression over the
            recomputed features; None for ``sql``.
        window: as declared, such as ``28d``; None where there is no window.
        window_start: events from this time on count; None for the lifetime.
        window_end: events before this time count: T.
        served: the row that was served at ``at`` (or ``served_at`` of the request), if any.
        contributions: the rows behind the value; none for a derived feature.
        parts: for a derived feature, the explanations of the features in its expression.
        notes: further remarks for a reader.
    """

    reference: str
    view: str
    feature: str
    description: str
    kind: str
    definition: str | None
    model: Model
    entity: dict[str, str]
    at: datetime
    feature_time: datetime | None = None
    known_at: datetime | None = None
    value: Any = None
    recomputed: Any = None
    window: str | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None
    served: ServedValue | None = None
    contributions: list[Contribution] = field(default_factory=list)
    parts: list[Explanation] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_confirmed(self) -> bool | None:
        """Whether the contributing rows give the stored value; None where that is unknown."""
        if self.feature_time is None or self.kind == "sql":
            return None
        return same_value(self.value, self.recomputed)


def same_value(first: Any, second: Any) -> bool:
    """Return whether two values are equal; floats may differ by the rounding of a sum."""
    if isinstance(first, float) and isinstance(second, float):
        both_nan = math.isnan(first) and math.isnan(second)
        return both_nan or math.isclose(first, second, rel_tol=1e-9, abs_tol=1e-12)
    return first == second
