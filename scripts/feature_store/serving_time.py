"""As of which time a run serves, so that running an old interval again never serves the past."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb

from feature_store.arguments import as_utc
from feature_store.settings import Settings
from feature_store.warehouse import connect


def serving_time(settings: Settings, end: datetime) -> datetime:
    """Return the time as of which to serve after an interval was loaded, in UTC.

    That is the interval's end, or the latest time as of which this warehouse has served already.
    An interval that is run again, or late, repairs what is served; it does not replace it by the
    features of its own day, which the export would refuse to write over later ones.

    Args:
        settings: the project and its warehouse.
        end: the interval's end, with a zone; exclusive.

    Raises:
        FeatureStoreError: the warehouse is missing or locked.
    """
    with connect(settings.warehouse_path) as connection:
        try:
            [(latest,)] = connection.execute(
                "select max(as_of) from operations.served_runs"
            ).fetchall()
        except duckdb.CatalogException:  # dbt has not built anything here yet
            latest = None
    end = as_utc(end)
    return max(end, latest.replace(tzinfo=UTC)) if latest else end
