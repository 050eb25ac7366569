"""The served snapshot of a feature view: its key columns, and the error for failed queries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from feature_store.errors import FeatureStoreError
from feature_store.registry.definitions import FeatureView
from feature_store.warehouse.errors import first_line
from feature_store.warehouse.sql import identifier


@contextmanager
def warehouse_errors(view: FeatureView) -> Iterator[None]:
    """Turn DuckDB's errors into one that names the view that cannot be read."""
    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise FeatureStoreError(
            f"{view.label}: {view.served_relation} cannot be read as the project declares it: "
            f"{first_line(error)}",
            next_step="run dbt build, then export again",
        ) from error


def key_columns(view: FeatureView) -> list[str]:
    """Return the quoted key columns of a view."""
    return [identifier(key.name) for key in view.entity]
