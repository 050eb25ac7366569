"""Feature tables, snapshots and spines for tests of point-in-time joins, and the joins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb
from hypothesis import strategies as st

from support.oracles.point_in_time import Joined
from support.oracles.windowed_features import duration, microseconds, timestamp

Rows = list[dict[str, Any]]
HOUR = 3_600_000_000
MODES = ["as_recomputed", "as_served"]

#: Features of each view, with their SQL types; the keys come first.
VIEWS = {
    "purchases": ({"customer_id": "bigint"}, {"spend": "decimal(12, 2)", "word": "varchar"}),
    "affinity": (
        {"customer_id": "bigint", "store_id": "bigint"},
        {"orders": "bigint", "share": "double"},
    ),
    "shelves": (
        {"shop": "varchar", "shelf": "varchar"},
        {"is_full": "boolean", "pieces": "hugeint"},
    ),
}
_SNAPSHOT = {
    "dbt_scd_id": "varchar",
    "dbt_updated_at": "timestamp",
    "dbt_valid_from": "timestamp",
    "dbt_valid_to": "timestamp",
}
SPINE = {
    "note": "varchar",
    "customer_id": "bigint",
    "buyer_id": "bigint",
    "store_id": "bigint",
    "label_time": "timestamp",
    "label_time_zone": "timestamptz",
    "label_date": "date",
    "shop": "varchar",
    "shelf": "varchar",
    "is_positive": "boolean",
}


@dataclass(frozen=True)
class View:
    """One element of the argument ``feature_views``."""

    name: str
    select: tuple[str, ...] | None = None
    prefix: str | None = None
    max_age: str | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)

    @property
    def entity(self) -> dict[str, str]:
        """The spine's column by key column."""
        return {key: self.renamed.get(key, key) for key in VIEWS[self.name][0]}

    def jinja(self, mode: str) -> str:
        """Return the mapping as it is written in a model."""
        name = f"served_{self.name}" if mode == "as_served" else self.name
        entity = self.entity if self.renamed else [*self.entity]
        given = {"entity": entity, "prefix": self.prefix, "max_age": self.max_age}
        given["select"] = list(self.select) if self.select else None
        parts = [f"'{key}': {value!r}" for key, value in given.items() if value is not None]
        return f"{{'features': ref('{name}'), {', '.join(parts)}}}"

    def joined(self, rows: Mapping[str, Rows]) -> Joined:
        """Return the view as the oracle takes it."""
        return Joined(
            rows=rows[self.name],
            entity=self.entity,
            select=self.select or [*VIEWS[self.name][1]],
            prefix=self.prefix or "",
            max_age=duration(self.max_age) if self.max_age else None,
        )


@dataclass(frozen=True)
class Case:
    """A join: views and the spine's time column."""

    views: tuple[View, ...]
    time: str = "label_time"

    def jinja(self, mode: str) -> str:
        """Return the model."""
        views = ", ".join(view.jinja(mode) for view in self.views)
        return (
            f"{{{{ point_in_time_join(ref('labels'), [{views}], time='{self.time}', "
            f"mode='{mode}') }}}}\n"
        )


CASES = {
    "one_view": Case((View("purchases"),)),
    "two_keys": Case((View("affinity"),)),
    "text_keys": Case((View("shelves"),)),
    "several": Case((View("shelves"), View("purchases"), View("affinity"))),
    "selected": Case((View("purchases", select=("word", "spend")), View("affinity", ("share",)))),
    "prefixed": Case((View("affinity", prefix="store_"), View("purchases", prefix="P_"))),
    "prefixed_and_selected": Case((View("shelves", ("pieces",), prefix="shelf_"),)),
    "twice": Case(
        (View("purchases"), View("purchases", prefix="buyer_", renamed={"customer_id": "buyer_id"}))
    ),
    "keys_renamed": Case(
        (View("affinity", renamed={"customer_id": "buyer_id", "store_id": "customer_id"}),)
    ),
    "aged": Case((View("purchases", max_age="2h"),)),
    "aged_each": Case((View("affinity", max_age="3600s"), View("purchases"))),
    "times_too": Case((View("purchases", ("feature_time", "word", "known_at"), max_age="1d"),)),
    "with_zone": Case((View("purchases", max_age="3h"), View("affinity")), "label_time_zone"),
    "by_date": Case((View("purchases"), View("shelves", max_age="1d")), "label_date"),
}

# Half of the distances fall on a bound, or 1 µs beside it; the time zone's date is hit too.
_ORIGINS = [microseconds(datetime(2017, 3, 12)), microseconds(datetime(1969, 12, 31, 23))]
_NUMBERS = st.sampled_from([1, 12, 123, 23, 3, None])
_TEXTS = st.sampled_from(["a", "a|b", "b|c", "c", "b", "", "a'", '"', None])
_KEYS = {
    "customer_id": _NUMBERS,
    "buyer_id": _NUMBERS,
    "store_id": _NUMBERS,
    "shop": _TEXTS,
    "shelf": _TEXTS,
}
_VALUES = {
    "spend": st.sampled_from([1, 2, 3, None]),
    "word": st.text("ab'|", max_size=2) | st.none(),
    "orders": st.integers(-3, 2**62) | st.none(),
    "share": st.sampled_from([0.1, -0.0, 1e300, None]),
    "is_full": st.sampled_from([True, False, None]),
    "pieces": st.sampled_from([0, 2**100, None]),
}


def times(origin: int) -> st.SearchStrategy[datetime]:
    """Draw times near an origin, in which ties are likely."""
    return st.builds(
        lambda hours, beside: timestamp(origin + hours * HOUR + beside),
        st.integers(-4, 4),
        st.sampled_from([0, 0, -1, 1]),
    )


def _fixed(names: Sequence[str], of: Mapping[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    return {name: of[name] for name in names}


@st.composite
def _table(draw: st.DrawFn, name: str, origin: int) -> Rows:
    keys, features = VIEWS[name]
    fields = {**_fixed([*keys], _KEYS), "feature_time": times(origin) | st.none()}
    fields |= {**_fixed([*features], _VALUES), "known_at": times(origin)}
    return draw(
        st.lists(
            st.fixed_dictionaries(fields),
            max_size=14,
            unique_by=lambda row: tuple(row[key] for key in (*keys, "feature_time")),
        )
    )


@st.composite
def _snapshot(draw: st.DrawFn, name: str, origin: int) -> Rows:
    """Draw what an entity was served: one row after the other, with gaps between some."""
    keys, features = VIEWS[name]
    entities = draw(
        st.lists(
            st.fixed_dictionaries(_fixed([*keys], _KEYS)),
            max_size=6,
            unique_by=lambda row: tuple(row.values()),
        )
    )
    rows = []
    for entity in entities:
        # A time twice is a row that was replaced at the moment at which it came.
        bounds = sorted(draw(st.lists(times(origin), min_size=1, max_size=5)))
        ends = [*bounds[1:], draw(st.none() | st.just(timestamp(origin + 9 * HOUR)))]
        for start, end in zip(bounds, ends, strict=True):
            if draw(st.integers(0, 3)) == 0:
                continue  # deleted by then
            rest = {**_fixed([*features], _VALUES), "feature_time": times(origin)}
            row = draw(st.fixed_dictionaries({**rest, "known_at": times(origin)}))
            held = {"dbt_valid_from": start, "dbt_valid_to": end, "dbt_updated_at": start}
            rows.append({**entity, **row, **held, "dbt_scd_id": str(len(rows))})
    return draw(st.permutations(rows))


@st.composite
def worlds(draw: st.DrawFn, mode: str) -> tuple[Rows, dict[str, Rows]]:
    origin = draw(st.sampled_from(_ORIGINS))
    table = _snapshot if mode == "as_served" else _table
    views = {name: draw(table(name, origin)) for name in VIEWS}
    # Keys of the views, more often than others.
    fields = {
        "note": st.sampled_from(["", "x", None]),
        **_KEYS,
        "label_time": times(origin) | st.none(),
        "is_positive": st.booleans(),
    }
    spine = draw(st.lists(st.fixed_dictionaries(fields), max_size=12))
    for row in spine:
        # Else few rows of composite keys would ever meet.
        for name in ("purchases", "affinity", "shelves"):
            if views[name] and draw(st.booleans()):
                row |= {key: draw(st.sampled_from(views[name]))[key] for key in VIEWS[name][0]}
    if spine:
        spine += draw(st.lists(st.sampled_from(spine), max_size=3))
    spine = [spine_row(**row) for row in draw(st.permutations(spine))]
    return spine, views


def spine_row(**fields: Any) -> dict[str, Any]:
    """Return a row of the spine; columns that are not given are null."""
    time = fields.get("label_time")
    row = {**dict.fromkeys(SPINE), **fields}
    row["label_time_zone"] = time.replace(tzinfo=UTC) if time else None
    row["label_date"] = time.date() if time else None
    return row


def write_table(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str], rows: Rows
) -> None:
    """Make a table anew, with these rows in this order."""
    declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    connection.execute(f"create or replace table {name} ({declared})")
    lists = ", ".join(f"unnest(cast(? as {kind}[]))" for kind in columns.values())
    connection.execute(
        f"insert into {name} select {lists}", [[row[column] for row in rows] for column in columns]
    )


def write_world(
    connection: duckdb.DuckDBPyConnection, mode: str, spine: Rows, views: Mapping[str, Rows]
) -> None:
    """Write the spine as ``labels``, and each view or its snapshot."""
    write_table(connection, "labels", SPINE, spine)
    for name, rows in views.items():
        keys, features = VIEWS[name]
        columns = {**keys, "feature_time": "timestamp", **features, "known_at": "timestamp"}
        if mode == "as_served":
            write_table(connection, f"served_{name}", {**columns, **_SNAPSHOT}, rows)
        else:
            write_table(connection, name, columns, rows)
