"""Builds a training set: joins labels and features, splits the rows, writes files and metadata."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from feature_store.errors import FeatureStoreError, option
from feature_store.historical.join import Join, Mode
from feature_store.historical.result import HistoricalFeatures
from feature_store.registry.build_status import check_built, check_declared, read_results
from feature_store.store import FeatureStore
from feature_store.training import metadata
from feature_store.training.folder import check_folder, new_folder
from feature_store.training.labels import Labels, find_labels
from feature_store.training.metadata_fields import FORMAT
from feature_store.training.splits import NO_RULE, SPLIT, SplitRule, check_rule
from feature_store.training.write import TrainingSetSummary, utc_text, write_splits
from feature_store.warehouse.connection import connect
from feature_store.warehouse.errors import clear_errors, first_line
from feature_store.warehouse.sql import literal

_LABEL_NAMES = ("label", "target", "y")


@dataclass(frozen=True)
class TrainingSetRequest:
    """The training set to build.

    Attributes:
        features: the name of a feature service, or references.
        labels: a Parquet or CSV file, the name of a dbt model, or a query.
        time: the time column of the labels.
        label: the label's column; by default the only boolean one, or one named label, target or y.
        rule: the rule that splits the rows.
        mode: ``as_recomputed`` or ``as_served``.
        max_age: a duration for all views, or one by view name.
        full_feature_names: whether columns are named ``<view>_v<n>__<feature>``.
        allow_deprecated: read versions past their deprecation date.
    """

    features: str | Sequence[str]
    labels: str
    time: str = "label_time"
    label: str | None = None
    rule: SplitRule = NO_RULE
    mode: Mode = "as_recomputed"
    max_age: str | Mapping[str, str] | None = None
    full_feature_names: bool = False
    allow_deprecated: bool = False


def build_training_set(
    store: FeatureStore, request: TrainingSetRequest, out: Path
) -> TrainingSetSummary:
    """Write a training set: ``split=<name>/part-0.parquet`` for each split, and ``metadata.json``.

    The folder changes when all of it is complete, or not at all. A training set that is there is
    replaced; a folder with anything else is an error.

    Raises:
        FeatureStoreError: the features, labels or rule are wrong, the features are not green, or
            the folder holds something else.
    """
    out = check_folder(out)
    labels = find_labels(store.definitions, request.labels)
    features = historical(store, request, labels.source)
    rule = check_rule(request.rule, features.spine_columns)
    rule.sql(store.macros, features.time)  # A wrong rule is an error before hours of work.
    label = _label_column(request, features)
    # While the warehouse is open here, nobody can write: the metadata describe what is read.
    with new_folder(out) as folder, _warehouse(store) as connection:
        origin = _describe(store, features.join, labels, connection)
        summary = write(store, features, folder, rule, label)
        content = {
            "format": FORMAT,
            "service": request.features if isinstance(request.features, str) else None,
            **_describe_rows(summary),
            "split_rule": rule.to_json(),
            "mode": request.mode,
            "full_feature_names": request.full_feature_names,
            "labels": {**labels.origin, "time": request.time, "label": label}
            | {"columns": features.spine_columns},
            "columns": summary.columns,
            "features": {
                column: f"{view.label}:{feature.name}"
                for column, (view, feature) in features.join.columns.items()
            },
            **origin,
        }
        metadata.write_metadata(folder, content)
    return summary


def _label_column(request: TrainingSetRequest, features: HistoricalFeatures) -> str | None:
    """Return the label's column, after a check of the columns' names."""
    if SPLIT in [name.lower() for name in features.join.columns]:
        raise FeatureStoreError(
            f"a feature is called {SPLIT!r}, as the folders of the splits are",
            next_step=f"pass {option('full_feature_names')}",
        )
    label = request.label or _find_label(features.spine_columns)
    if label is not None and label not in features.spine_columns:
        raise FeatureStoreError(
            f"the labels have no column {label!r}",
            allowed=", ".join(features.spine_columns),
            next_step=f"name one of these ({option('label', repr('COLUMN'))})",
        )
    return label


def _describe_rows(summary: TrainingSetSummary) -> dict[str, Any]:
    splits = [split for split in summary.splits.values() if split.first_time]
    first = min((split.first_time for split in splits), key=_time_order, default=None)
    last = max((split.last_time for split in splits), key=_time_order, default=None)
    return {
        "content_hash": summary.content_hash,
        "rows": summary.rows,
        "rows_in_no_split": summary.dropped,
        "first_time": utc_text(first),
        "last_time": utc_text(last),
        "splits": {name: split.to_json() for name, split in summary.splits.items()},
    }


def historical(
    store: FeatureStore, request: TrainingSetRequest, source: Path | str
) -> HistoricalFeatures:
    """Return the point-in-time join of a request, over a spine."""
    return store.get_historical_features(
        source,
        request.features,
        time=request.time,
        mode=request.mode,
        max_age=request.max_age,
        full_feature_names=request.full_feature_names,
        allow_deprecated=request.allow_deprecated,
    )


def write(
    store: FeatureStore,
    features: HistoricalFeatures,
    folder: Path,
    rule: SplitRule,
    label: str | None,
) -> TrainingSetSummary:
    """Join, split and write into a folder."""
    joined = folder / "joined.parquet"
    features.to_parquet(joined)
    try:
        with duckdb.connect() as connection:
            connection.execute("set timezone = 'UTC'")
            connection.execute(f"set memory_limit = {literal(store.settings.memory_limit)}")
            connection.execute(f"set temp_directory = {literal(str(folder / 'spill'))}")
            summary = write_splits(
                connection,
                joined,
                folder,
                rule.sql(store.macros, features.time),
                time=features.time,
                label=label,
            )
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise FeatureStoreError(
            f"the training set cannot be written: {first_line(error)}",
            next_step="make room on the disk, or set FEATURE_STORE_MEMORY_LIMIT to more",
        ) from error
    joined.unlink()
    shutil.rmtree(folder / "spill", ignore_errors=True)
    return summary


@contextmanager
def _warehouse(store: FeatureStore) -> Iterator[duckdb.DuckDBPyConnection]:
    path = store.settings.warehouse_path
    with clear_errors(path), closing(connect(path)) as connection:
        yield connection


def _describe(
    store: FeatureStore, join: Join, labels: Labels, connection: duckdb.DuckDBPyConnection
) -> dict[str, Any]:
    """Check that everything that is read is green, and return its metadata."""
    results = read_results(connection, store.definitions.operations_schema)
    check_declared(connection, store.definitions, (joined.view for joined in join.views))
    for joined in join.views:
        unique_id, _ = metadata.source_of(joined.view, join.mode)
        check_built(store.definitions, joined.view.label, unique_id, results)
    if labels.unique_id:
        check_built(store.definitions, labels.origin["name"], labels.unique_id, results)
    manifest = store.definitions.manifest["metadata"]
    return {
        "feature_views": metadata.describe_views(store.definitions, join, results, connection),
        "join_macros": metadata.join_macros(store.definitions),
        "project": store.definitions.project_name,
        "target": store.settings.target,
        "dbt_version": manifest.get("dbt_version"),
        "duckdb_version": duckdb.__version__,
        "git": metadata.git_state(store.settings.project_dir),
    }


def _time_order(time: datetime | str | None) -> tuple[bool, str]:
    """Return the sort key of a time; times beyond the years 1 to 9999 are texts."""
    return isinstance(time, str), str(time)


def _find_label(columns: Mapping[str, str]) -> str | None:
    booleans = [name for name, kind in columns.items() if kind == "BOOLEAN"]
    if len(booleans) == 1:
        return booleans[0]
    named = [name for name in columns if name.lower() in _LABEL_NAMES]
    return named[0] if len(named) == 1 else None
