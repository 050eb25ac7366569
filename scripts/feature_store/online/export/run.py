"""Exports the served rows of green feature views, or plans an export."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import duckdb

from feature_store.errors import FeatureStoreError, all_of
from feature_store.online.connection.open import check_address, open_online_store
from feature_store.online.export.delta import Delta
from feature_store.online.export.exporter import Exporter
from feature_store.online.export.options import (
    ExportContext,
    ExportedView,
    ExportOptions,
    ExportProgress,
)
from feature_store.online.export.served_views import (
    ServedView,
    choose_views,
    not_served,
    read_served,
)
from feature_store.online.layout.keys import KeySpace
from feature_store.registry.build_status import check_no_failures, read_results
from feature_store.registry.definitions import FeatureDefinitions, load_definitions
from feature_store.settings import Settings
from feature_store.warehouse.connection import connect
from feature_store.warehouse.sql import literal


class _OpenWarehouse(NamedTuple):
    """An open warehouse with what it serves.

    Attributes:
        served: the views that can be exported.
        error: of views that cannot; to be raised after the export of the others.
    """

    connection: duckdb.DuckDBPyConnection
    definitions: FeatureDefinitions
    served: list[ServedView]
    error: FeatureStoreError | None


@contextmanager
def _open_warehouse(settings: Settings, views: tuple[str, ...]) -> Iterator[_OpenWarehouse]:
    """Open the warehouse, and check that the views in it can be exported.

    Raises:
        FeatureStoreError: there is no warehouse, another process writes it, a view is unknown or
            not green, or cannot be sent as it is declared. Without ``views`` any failure of the
            last dbt build is an error, with them only a failure of what they need.
    """
    definitions = load_definitions(
        settings.target_path / "manifest.json", settings.project_name, settings.operations_schema
    )
    chosen = choose_views(definitions, [*views])
    with connect(settings.warehouse_path) as connection:
        connection.execute(f"set memory_limit = {literal(settings.memory_limit)}")
        results = read_results(connection, settings.operations_schema)
        if not views:
            check_no_failures(definitions, results)
        served, errors = read_served(
            connection, KeySpace(settings.prefix), definitions, chosen, results
        )
        if not views and (error := not_served(definitions)):
            errors = [*errors, error]
        if errors and not served:
            raise all_of(errors)
        error = all_of(errors) if errors else None
        yield _OpenWarehouse(connection, definitions, served, error)


@contextmanager
def _open_export(
    settings: Settings, options: ExportOptions, progress: ExportProgress
) -> Iterator[tuple[Exporter, _OpenWarehouse]]:
    check_address(settings)
    with (
        _open_warehouse(settings, options.views) as warehouse,
        open_online_store(settings) as store,
    ):
        context = ExportContext(
            settings, options, warehouse.definitions, warehouse.connection, store, progress
        )
        yield Exporter(context), warehouse


def plan_export(
    settings: Settings, options: ExportOptions
) -> tuple[list[Delta], FeatureStoreError | None]:
    """Return what an export would send, and the error it would end with; write nothing."""
    with _open_export(settings, options, ExportProgress()) as (exporter, warehouse):
        return exporter.plan(warehouse.served), warehouse.error


def export_features(
    settings: Settings, options: ExportOptions | None = None, progress: ExportProgress | None = None
) -> list[ExportedView]:
    """Copy the served rows of green feature views to the online store.

    Args:
        settings: the project's.
        options: of the export.
        progress: callbacks.

    Returns:
        The result of each view.

    Raises:
        FeatureStoreError: nothing can be exported, a server replied with an error, another exporter
            is at work, or the rows online differ from those sent. The metadata of views that were
            not completed are as before. The error for views with times that Python cannot read,
            and for views without a snapshot, is raised after the others were exported.
    """
    options, progress = options or ExportOptions(), progress or ExportProgress()
    with _open_export(settings, options, progress) as (exporter, warehouse):
        exported = exporter.run(warehouse.served)
        if warehouse.error:
            raise warehouse.error
        return exported
