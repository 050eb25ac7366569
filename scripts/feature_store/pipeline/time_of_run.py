"""The time as of which a run serves features: the end of its interval, unless that goes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.registry.definitions import (
    FeatureDefinitions,
    duration_seconds,
    load_definitions,
)
from feature_store.settings import Settings
from feature_store.warehouse.connection import connect
from feature_store.warehouse.sql import identifier, rows_of

_DAY = timedelta(days=1)


def time_of_run(settings: Settings, end: datetime | None) -> datetime | None:
    """Return the time as of which a run that loads an interval serves.

    It is the interval's end, unless a view was served as of a later time already: an interval that
    is loaded again or late changes the features, not the time. Otherwise the snapshots would take
    an old time for the newest one, and the export would refuse it. Then the views are served as the
    last time: as of the one time that they all had, or each as of the end of its data.

    A time that lay in the future when it was served does not count: see :func:`last_served`.

    Returns:
        The var as_of (naive UTC); None: each view as of the end of its last grain that holds data.
    """
    if end is None:
        return None
    definitions = load_definitions(
        settings.target_path / "manifest.json", settings.project_name, settings.operations_schema
    )
    grain = _longest_grain(definitions)
    check_not_in_future("END", end, grain)
    current = [view.served_id for view in definitions.views if view.served_id]
    with connect(settings.warehouse_path) as connection:
        served = {
            time
            for snapshot, time in last_served(connection, settings.operations_schema, grain)
            if snapshot in current
        }
    if not served or end >= max(served):
        return end
    return served.pop() if len(served) == 1 else None


def _longest_grain(definitions: FeatureDefinitions) -> timedelta:
    """Return the longest grain of the project's feature views, a day where none has one."""
    nodes = definitions.manifest.get("nodes", {}).values()
    declarations = [(node["config"].get("meta") or {}).get("feature_view") for node in nodes]
    grains = [duration_seconds(one.get("grain") or "1d") for one in declarations if one]
    return timedelta(seconds=max(grains, default=0)) or _DAY


def check_not_in_future(name: str, end: datetime, tolerance: timedelta) -> None:
    """Refuse an interval that ends in the future, as of which every window would be empty.

    It may lie in the future by the tolerance: the length of the interval under way.
    """
    latest = datetime.now(UTC).replace(tzinfo=None) + tolerance
    if end > latest:
        raise FeatureStoreError(
            f"{name} {end:%Y-%m-%d %H:%M:%S} (UTC): lies in the future, where windows are empty",
            allowed=f"up to {latest:%Y-%m-%d %H:%M:%S} (a grain under way may end later)",
            next_step="give an earlier one; if it is right, set this machine's clock",
        )


def last_served(
    connection: duckdb.DuckDBPyConnection,
    operations_schema: str,
    grain: timedelta | None = None,
) -> list[tuple[str, datetime]]:
    """Return dbt's id of each snapshot with the time as of which it was taken last.

    Last in the order of the runs, not of a clock that may have been wrong in one of them. With a
    grain, runs are left out whose time lay in the future by more than the grain when they were
    served: by a wrong clock, or a wrong ``as_of``.
    """
    condition = f"where as_of <= served_at + to_seconds({grain.total_seconds()})" if grain else ""
    try:
        return rows_of(
            connection,
            "select snapshot_id, arg_max(as_of, rowid) "
            f"from {identifier(operations_schema, 'served_runs')} {condition} group by snapshot_id",
        )
    except (duckdb.CatalogException, duckdb.BinderException):
        return []  # nothing was served yet
