"""Reads the row of an entity at a time: from the feature table, and from the served snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.online.layout.keys import id_text
from feature_store.online.layout.readable_times import ALLOWED
from feature_store.registry.definitions import FeatureView
from feature_store.times import as_utc
from feature_store.warehouse.errors import first_line
from feature_store.warehouse.sql import identifier, rows_of

Row = dict[str, Any]


@dataclass(frozen=True)
class ViewRow:
    """A row of a feature table, or of the snapshot of served rows.

    Attributes:
        values: the features by name; times are UTC, with their zone.
        feature_time: the time from which on the row is valid.
        known_at: when the last of the rows that it depends on was loaded.
        served_from: when it began to be served; None for a row of the feature table.
        served_to: until when it was served; None where it still is.
    """

    values: Row
    feature_time: datetime
    known_at: datetime | None
    served_from: datetime | None = None
    served_to: datetime | None = None


def dict_rows(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any] = ()
) -> list[Row]:
    """Return the rows of a query as mappings."""
    rows = rows_of(connection, sql, list(parameters))
    names = [column[0] for column in connection.description or []]
    return [dict(zip(names, row, strict=True)) for row in rows]


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Return the columns of a relation with their types, none where it does not exist."""
    try:
        return dict(row[:2] for row in rows_of(connection, f"describe select * from {relation}"))
    except duckdb.CatalogException:
        return {}


@contextmanager
def not_built(relation: str, model: str) -> Iterator[None]:
    """Turn DuckDB's error about a missing table or column into one with a next step."""
    try:
        yield
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise FeatureStoreError(
            f"{relation}: not in the warehouse as the project describes it: {first_line(error)}",
            next_step=f"dbt build -s +{model}",
        ) from error
    except duckdb.ConversionException as error:
        raise FeatureStoreError(
            f"{relation}: {first_line(error)}", next_step="check the id and its type"
        ) from error
    except duckdb.ParserException as error:
        raise FeatureStoreError(
            f"{relation}: the definition cannot be read: {first_line(error)}",
            next_step=f"dbt build -s +{model}",
        ) from error


def model_name(view: FeatureView) -> str:
    """Return a view's name as dbt selects it: ``customer_purchases.v1``."""
    return view.unique_id.split(".", 2)[-1]


def entity_ids(view: FeatureView, entity: Mapping[str, Any]) -> list[str]:
    """Return an entity's ids as text, in the order of the view's keys."""
    names = [key.name for key in view.entity]
    if not isinstance(entity, Mapping) or sorted(entity) != sorted(names):
        given = ", ".join(map(str, entity)) if isinstance(entity, Mapping) else repr(entity)
        raise FeatureStoreError(
            f"entity with {given}",
            allowed=f"{view.label} is read by {', '.join(names)}",
            next_step="pass an id for each of these keys, and for no other",
        )
    return [unquote(id_text(key, entity[key.name])) for key in view.entity]


def key_filter(view: FeatureView) -> str:
    """Return the SQL condition of an entity's rows; its ids are the parameters.

    An id that the column's type cannot represent matches no row.
    """
    return " and ".join(
        f"{identifier(key.name)} = try_cast(? as {key.data_type})" for key in view.entity
    )


def recomputed_row(
    connection: duckdb.DuckDBPyConnection, view: FeatureView, ids: Sequence[str], at: datetime
) -> ViewRow | None:
    """Return the entity's row with the greatest feature time at or before a time, if any."""
    sql = (
        f"select * from {view.relation} where {key_filter(view)} and feature_time <= ? "
        "order by feature_time desc limit 1"
    )
    with not_built(view.relation, model_name(view)):
        found = dict_rows(connection, sql, [*ids, _naive(at)])
    return _view_row(view, found[0]) if found else None


def first_feature_time(
    connection: duckdb.DuckDBPyConnection, view: FeatureView, ids: Sequence[str]
) -> datetime | None:
    """Return the feature time of the entity's first row, if there is a row."""
    sql = f"select min(feature_time) from {view.relation} where {key_filter(view)}"
    with not_built(view.relation, model_name(view)):
        ((first,),) = rows_of(connection, sql, list(ids))
    return _utc(view, "feature_time", first, ids) if first else None


def served_row(
    connection: duckdb.DuckDBPyConnection, view: FeatureView, ids: Sequence[str], at: datetime
) -> ViewRow | None:
    """Return the row of the entity that was served at a time, if any.

    A snapshot that does not exist yet belongs to a view of which nothing was ever served.
    """
    if view.served_relation is None or not columns_of(connection, view.served_relation):
        return None
    sql = (
        f"select * from {view.served_relation} where {key_filter(view)} and dbt_valid_from <= ? "
        "and (dbt_valid_to is null or dbt_valid_to > ?) order by dbt_valid_from desc limit 1"
    )
    with not_built(view.served_relation, f"{model_name(view)}+"):
        found = dict_rows(connection, sql, [*ids, _naive(at), _naive(at)])
    return _view_row(view, found[0]) if found else None


def _view_row(view: FeatureView, row: Row) -> ViewRow:
    def time(name: str) -> datetime | None:
        value = row.get(name)
        return _utc(view, name, value, ids) if value else None

    ids = [row[key.name] for key in view.entity]
    return ViewRow(
        # A snapshot may lack a column that was added to the view later.
        values={feature.name: with_zone(row.get(feature.name)) for feature in view.features},
        feature_time=_utc(view, "feature_time", row["feature_time"], ids),
        known_at=time("known_at"),
        served_from=time("dbt_valid_from"),
        served_to=time("dbt_valid_to"),
    )


def _utc(view: FeatureView, name: str, value: datetime | str, ids: Sequence[Any]) -> datetime:
    """Return a time of a row in UTC; DuckDB gives text for one that Python cannot read."""
    if isinstance(value, str):
        entity = ", ".join(f"{key.name} {one}" for key, one in zip(view.entity, ids, strict=True))
        raise FeatureStoreError(
            f"{view.label}: {entity}: {name} is {value}, which Python cannot read",
            allowed=ALLOWED,
            next_step="correct or leave out the event that it comes from, then run dbt build",
        )
    return as_utc(value)


def with_zone(value: Any) -> Any:
    """Return a feature's value; if it is a time, in UTC and with its zone."""
    return as_utc(value) if isinstance(value, datetime) else value


def _naive(time: datetime) -> datetime:
    """Return a time as the warehouse's timestamps are: UTC, without a zone."""
    return as_utc(time).replace(tzinfo=None)
