"""Building a training set: labels and features joined point in time, split, written, described."""

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
from feature_store.training.write import Written, utc_text, write_splits
from feature_store.warehouse.connection import connect
from feature_store.warehouse.errors import clear_errors, first_line
from feature_store.warehouse.sql import literal

_LABEL_NAMES = ("label", "target", "y")


@dataclass(frozen=True)
class Request:
    """What training set to build.

    Attributes:
        features: the name of a feature service, or references.
        labels: a Parquet or CSV file, the name of a dbt model, or a query.
        time: the labels' time column.
        label: the label's column; by default the only boolean one, or one named label, target or y.
        rule: how rows are split.
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


def build_training_set(store: FeatureStore, request: Request, out: Path) -> Written:
    """Write a training set: ``split=<name>/part-0.parquet`` for each split, and ``metadata.json``.

    The folder is there when all of it is complete, or as it was before. A training set that stands
    there already is replaced; anything else is not touched.

    Raises:
        FeatureStoreError: the features, labels or rule are wrong, the features are not green, or
            the folder holds something else.
    """
    out = check_folder(out)
    labels = find_labels(store.definitions, request.labels)
    answer = historical(store, request, labels.source)
    rule = check_rule(request.rule, answer.spine_columns)
    rule.sql(store.macros, answer.time)  # A wrong rule is told before hours of work.
    if SPLIT in [name.lower() for name in answer.join.columns]:
        raise FeatureStoreError(
            f"a feature is called {SPLIT!r}, as the folders of the splits are",
            next_step=f"pass {option('full_feature_names')}",
        )
    label = request.label or _find_label(answer.spine_columns)
    if label is not None and label not in answer.spine_columns:
        raise FeatureStoreError(
            f"the labels have no column {label!r}", allowed=", ".join(answer.spine_columns)
        )
    # As long as this has the warehouse open, nobody can write: what is described is what is read.
    with new_folder(out) as folder, _warehouse(store) as connection:
        origin = _describe(store, answer.join, labels, connection)
        written = write(store, answer, folder, rule, label)
        times = [split for split in written.splits.values() if split.first_time]
        content = {
            "format": FORMAT,
            "service": request.features if isinstance(request.features, str) else None,
            "content_hash": written.content_hash,
            "rows": written.rows,
            "rows_in_no_split": written.dropped,
            "first_time": utc_text(
                min((split.first_time for split in times), key=_order, default=None)
            ),
            "last_time": utc_text(
                max((split.last_time for split in times), key=_order, default=None)
            ),
            "splits": {name: split.to_json() for name, split in written.splits.items()},
            "split_rule": rule.to_json(),
            "mode": request.mode,
            "full_feature_names": request.full_feature_names,
            "labels": {**labels.origin, "time": request.time, "label": label}
            | {"columns": answer.spine_columns},
            "columns": written.columns,
            "features": {
                column: f"{view.label}:{feature.name}"
                for column, (view, feature) in answer.join.columns.items()
            },
            **origin,
        }
        metadata.write_metadata(folder, content)
    return written


def historical(store: FeatureStore, request: Request, source: Path | str) -> HistoricalFeatures:
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
    answer: HistoricalFeatures,
    folder: Path,
    rule: SplitRule,
    label: str | None,
) -> Written:
    """Join, split and write into a folder.

    Raises:
        FeatureStoreError: a split cannot be a folder's name, there are no rows, or the files cannot
            be written.
    """
    joined = folder / "joined.parquet"
    answer.to_parquet(joined)
    try:
        with duckdb.connect() as connection:
            connection.execute("set timezone = 'UTC'")
            connection.execute(f"set memory_limit = {literal(store.settings.memory_limit)}")
            connection.execute(f"set temp_directory = {literal(str(folder / 'spill'))}")
            written = write_splits(
                connection,
                joined,
                folder,
                rule.sql(store.macros, answer.time),
                time=answer.time,
                label=label,
            )
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise FeatureStoreError(
            f"the training set cannot be written: {first_line(error)}",
            next_step="look for room on the disk, or set FEATURE_STORE_MEMORY_LIMIT",
        ) from error
    joined.unlink()
    shutil.rmtree(folder / "spill", ignore_errors=True)
    return written


@contextmanager
def _warehouse(store: FeatureStore) -> Iterator[duckdb.DuckDBPyConnection]:
    path = store.settings.warehouse_path
    with clear_errors(path), closing(connect(path)) as connection:
        yield connection


def _describe(
    store: FeatureStore, join: Join, labels: Labels, connection: duckdb.DuckDBPyConnection
) -> dict[str, Any]:
    """Check that what is read is green, and return what is on record of it."""
    results = read_results(connection)
    check_declared(connection, store.definitions, (joined.view for joined in join.views))
    for joined in join.views:
        unique_id, _ = metadata.what_is_read(joined.view, join.mode)
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


def _order(time: datetime | str | None) -> tuple[bool, str]:
    """Return what times are put in order by; beyond the years 1 to 9999 they are texts."""
    return isinstance(time, str), str(time)


def _find_label(columns: Mapping[str, str]) -> str | None:
    booleans = [name for name, kind in columns.items() if kind == "BOOLEAN"]
    if len(booleans) == 1:
        return booleans[0]
    named = [name for name in columns if name.lower() in _LABEL_NAMES]
    return named[0] if len(named) == 1 else None
