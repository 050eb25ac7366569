"""What the warehouse serves: the current rows of the snapshots of green feature views."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from feature_store.build_status import NodeResult, check_declared, check_green
from feature_store.definitions import FeatureDefinitions, FeatureView
from feature_store.errors import FeatureStoreError
from feature_store.online.commands import KeysBefore, delete_commands_sql, row_commands_sql
from feature_store.raw.sql import identifier


@dataclass(frozen=True)
class ServedView:
    """What the warehouse serves of one view.

    Attributes:
        view: the feature view's version.
        rows: its current served rows, one an entity.
        watermark: the last change that the snapshot recorded (UTC); None without rows.
        as_of: the time (UTC) that the rows are the features of; None where it was not recorded.
        invocation_id: the dbt run that took the served snapshot.
    """

    view: FeatureView
    rows: int
    watermark: datetime | None
    as_of: datetime | None
    invocation_id: str


@contextmanager
def warehouse_errors(view: FeatureView) -> Iterator[None]:
    """Turn DuckDB's errors into one that says which view cannot be read."""
    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        first_line = str(error).strip().splitlines()[0]
        raise FeatureStoreError(
            f"{view.label}: {view.served_relation} cannot be read as the project declares it: "
            f"{first_line}",
            next_step="run dbt build, then export again",
        ) from error


def key_columns(view: FeatureView) -> list[str]:
    """Return the quoted key columns of a view."""
    return [identifier(key.name) for key in view.entity]


def choose_views(definitions: FeatureDefinitions, labels: list[str]) -> list[FeatureView]:
    """Return the served views with the given names, or all of them.

    Args:
        definitions: the project's feature views.
        labels: ``customer_purchases`` (every served version) or ``customer_purchases:v1``.

    Raises:
        FeatureStoreError: there is no such view or version, or it is not served.
    """
    served = [view for view in definitions.views if view.served_id]
    if not labels:
        if not served:
            raise FeatureStoreError(
                "no feature view has a snapshot of served rows",
                next_step="add an online view and a snapshot (docs/add_a_feature_view.md)",
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
                next_step="add an online view and a snapshot (docs/add_a_feature_view.md)",
            )
        chosen.extend(view for view in matching if view not in chosen)
    return chosen


def read_served(
    connection: duckdb.DuckDBPyConnection,
    prefix: str,
    definitions: FeatureDefinitions,
    views: list[FeatureView],
    results: dict[str, NodeResult],
) -> list[ServedView]:
    """Check that every view is green and can be sent as it is declared, and count its rows.

    Raises:
        FeatureStoreError: a view is not green, was declared anew since it was built, its snapshot
            has not the declared columns, the type of a column cannot be served, or a row has no
            entity or feature time.
    """
    found = []
    invocations = [check_green(definitions, view, results) for view in views]
    check_declared(connection, definitions, views)
    for view, invocation_id in zip(views, invocations, strict=True):
        needed = [*key_columns(view), "feature_time"]
        lacking = " or ".join(f"{name} is null" for name in needed)
        all_rows = f"select * from {view.served_relation}"
        with warehouse_errors(view):
            # Only bound, not run.
            connection.sql(row_commands_sql(prefix, view, all_rows, KeysBefore()))
            connection.sql(delete_commands_sql(prefix, view, all_rows))
            [(rows, watermark, incomplete)] = connection.execute(
                f"""
                select
                    count(*) filter (dbt_valid_to is null),
                    greatest(max(dbt_valid_from), max(dbt_valid_to)),
                    count(*) filter (dbt_valid_to is null and ({lacking}))
                from {view.served_relation}"""
            ).fetchall()
        if incomplete:
            raise FeatureStoreError(
                f"{view.label}: {incomplete:,} of the {rows:,} rows of {view.served_relation} "
                f"have no {', '.join(needed)}",
                next_step="give these columns not_null constraints, then run dbt build",
            )
        as_of = _as_of(connection, view)
        found.append(ServedView(view, rows, watermark, as_of, invocation_id))
    return found


def _as_of(connection: duckdb.DuckDBPyConnection, view: FeatureView) -> datetime | None:
    try:
        found = connection.execute(
            "select as_of from operations.served_runs where snapshot_id = ? "
            "order by served_at desc limit 1",
            [view.served_id],
        ).fetchall()
    except duckdb.CatalogException:
        return None
    return found[0][0] if found else None
