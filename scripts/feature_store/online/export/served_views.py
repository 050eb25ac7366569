"""Served views: the current rows of the snapshots of green feature views."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.online.export.protocol_sql import (
    KeysBefore,
    delete_commands_sql,
    row_commands_sql,
)
from feature_store.online.layout.keys import KeySpace
from feature_store.online.layout.readable_times import ALLOWED, UnreadableTimeError, check_times
from feature_store.registry.build_status import NodeResult, check_declared, check_green
from feature_store.registry.definitions import FeatureDefinitions, FeatureView
from feature_store.registry.served_relation import key_columns, warehouse_errors
from feature_store.warehouse.sql import identifier

#: The next step for a view that is not served.
SERVE = "add online: {ttl: 120d} to its declaration, run feature-store build-views and dbt build"


@dataclass(frozen=True)
class ServedView:
    """What the warehouse serves of one view.

    Attributes:
        watermark: the last change that the snapshot recorded (UTC); None without rows.
        as_of: the time (UTC) that the rows are the features of; None where it was not recorded.
        invocation_id: the dbt run that took the served snapshot.
    """

    view: FeatureView
    rows: int
    watermark: datetime | None
    as_of: datetime | None
    invocation_id: str


def choose_views(definitions: FeatureDefinitions, labels: list[str]) -> list[FeatureView]:
    """Return the served views with these labels, or all of them.

    ``customer_purchases`` is every served version of a view, ``customer_purchases:v1`` one of them.
    """
    served = [view for view in definitions.views if view.served_id]
    doubled = [view for view in served if view.other_snapshots]
    if doubled:
        view = doubled[0]
        names = [view.served_id.split(".")[-1], *view.other_snapshots]
        raise FeatureStoreError(
            f"{view.label}: has {len(names)} snapshots of served rows: {', '.join(names)}",
            allowed="one snapshot, whose rows are exported",
            next_step=f"remove or disable {' and '.join(view.other_snapshots)}",
        )
    if not labels:
        if not served and not any(view.is_online for view in definitions.views):
            raise FeatureStoreError(
                "no feature view has a snapshot of served rows",
                next_step=SERVE,
            )
        return served
    chosen: list[FeatureView] = []
    for label in labels:
        name, _, version = label.partition(":v")
        definitions.view(name, version or None)
        matching = [
            view
            for view in served
            if view.name == name and (not version or str(view.version) == version)
        ]
        if not matching:
            raise FeatureStoreError(
                f"{label}: is not served",
                allowed=", ".join(view.label for view in served) or "there are none",
                next_step=SERVE,
            )
        chosen.extend(view for view in matching if view not in chosen)
    return chosen


def read_served(
    connection: duckdb.DuckDBPyConnection,
    keys: KeySpace,
    definitions: FeatureDefinitions,
    views: list[FeatureView],
    results: dict[str, NodeResult],
) -> tuple[list[ServedView], list[FeatureStoreError]]:
    """Check that every view is green and can be sent as it is declared, and count its rows.

    Returns:
        What is served of each view; and the errors of views with times that Python cannot read,
        of which nothing is sent.

    Raises:
        FeatureStoreError: a view is not green, its declaration has changed since it was built, its
            snapshot has not the declared columns, the type of a column cannot be served, or a row
            has no entity or feature time.
    """
    found, unreadable = [], []
    invocations = [check_green(definitions, view, results) for view in views]
    check_declared(connection, definitions, views)
    for view, invocation_id in zip(views, invocations, strict=True):
        _check_commands(connection, keys, view)
        rows, watermark = _count_rows(connection, view)
        try:
            with warehouse_errors(view):
                check_times(connection, keys, view)
            served_until = _read_time(view, "dbt_valid_from or dbt_valid_to", watermark)
            as_of = _read_time(
                view,
                "the time of the run (as_of)",
                _as_of(connection, view, definitions.operations_schema),
            )
        except UnreadableTimeError as error:
            unreadable.append(error)
        else:
            found.append(ServedView(view, rows, served_until, as_of, invocation_id))
    return found, unreadable


def _check_commands(
    connection: duckdb.DuckDBPyConnection, keys: KeySpace, view: FeatureView
) -> None:
    """Check that DuckDB can bind the queries of an export; they are not run."""
    all_rows = f"select * from {view.served_relation}"
    with warehouse_errors(view):
        connection.sql(row_commands_sql(keys, view, all_rows, KeysBefore()))
        connection.sql(delete_commands_sql(keys, view, all_rows))


def _count_rows(connection: duckdb.DuckDBPyConnection, view: FeatureView) -> tuple[int, str | None]:
    """Return the number of current rows, and the last change of the snapshot as text."""
    needed = [*key_columns(view), "feature_time"]
    lacking = " or ".join(f"{name} is null" for name in needed)
    with warehouse_errors(view):
        [(rows, watermark, incomplete)] = connection.execute(
            f"""
            select
                count(*) filter (dbt_valid_to is null),
                cast(greatest(max(dbt_valid_from), max(dbt_valid_to)) as varchar),
                count(*) filter (dbt_valid_to is null and ({lacking}))
            from {view.served_relation}"""
        ).fetchall()
    if incomplete:
        raise FeatureStoreError(
            f"{view.label}: {incomplete:,} of the {rows:,} rows of {view.served_relation} "
            f"have no {', '.join(needed)}",
            next_step="give these columns not_null constraints, then run dbt build",
        )
    return rows, watermark


def _as_of(
    connection: duckdb.DuckDBPyConnection, view: FeatureView, operations_schema: str
) -> str | None:
    try:
        # In the order of the runs, not of a clock that may have gone wrong for one of them.
        found = connection.execute(
            "select cast(as_of as varchar) "
            f"from {identifier(operations_schema, 'served_runs')} where snapshot_id = ? "
            "order by rowid desc limit 1",
            [view.served_id],
        ).fetchall()
    except duckdb.CatalogException:
        return None
    return found[0][0] if found else None


def _read_time(view: FeatureView, what: str, text: str | None) -> datetime | None:
    """Read a time that DuckDB wrote as text; it gives text for what Python cannot read anyway."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise UnreadableTimeError(
            f"{view.label}: {what} is {text}, which Python cannot read; nothing of this view was "
            "sent",
            allowed=ALLOWED,
            next_step="correct the event or the clock that it comes from, run dbt build, export "
            "again; --vars '{as_of: …}' gives the time of a run",
        ) from error


def not_served(definitions: FeatureDefinitions) -> FeatureStoreError | None:
    """Return the error that names the views which are declared online and have no snapshot."""
    views = [view for view in definitions.views if view.is_online and not view.served_id]
    if not views:
        return None
    places = ", ".join(
        f"the model online_{view.name}_v{view.version} and "
        f"the snapshot served_{view.name}_v{view.version}"
        for view in views
    )
    return FeatureStoreError(
        f"{', '.join(view.label for view in views)}: declared online, and never exported, because "
        "there is no snapshot of an online view of it",
        allowed="an online view and one snapshot of it, or no online: in the declaration",
        next_step=f"run feature-store build-views, or add {places}; then run dbt build",
    )
