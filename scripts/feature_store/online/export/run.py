"""The export: the served rows of green feature views, copied to the online store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from feature_store.errors import FeatureStoreError, all_of
from feature_store.online.connection.open import check_address, open_online_store
from feature_store.online.export.delta import Changes
from feature_store.online.export.exporter import Exporter
from feature_store.online.export.options import ExportContext, ExportedView, ExportOptions, Watcher
from feature_store.online.export.served_views import (
    ServedView,
    choose_views,
    not_served,
    read_served,
)
from feature_store.registry.build_status import check_no_failures, read_results
from feature_store.registry.definitions import FeatureDefinitions, load_definitions
from feature_store.settings import Settings
from feature_store.warehouse.connection import connect
from feature_store.warehouse.sql import literal


@contextmanager
def open_served(
    settings: Settings, views: tuple[str, ...]
) -> Iterator[
    tuple[duckdb.DuckDBPyConnection, FeatureDefinitions, list[ServedView], FeatureStoreError | None]
]:
    """Open the warehouse, and check that the views in it can be exported.

    Yields:
        The warehouse, the definitions, what is served, and the error to end with: of views that
        cannot be exported while the others can.

    Raises:
        FeatureStoreError: there is no warehouse, another process writes it, a view is unknown or
            not green, or cannot be sent as it is declared. Without ``views`` any failure of the
            last dbt build refuses, with them only what they need.
    """
    definitions = load_definitions(settings.target_path / "manifest.json", settings.project_name)
    chosen = choose_views(definitions, [*views])
    with connect(settings.warehouse_path) as connection:
        connection.execute(f"set memory_limit = {literal(settings.memory_limit)}")
        results = read_results(connection)
        if not views:
            check_no_failures(definitions, results)
        served, errors = read_served(connection, settings.prefix, definitions, chosen, results)
        if not views and (error := not_served(definitions)):
            errors = [*errors, error]
        if errors and not served:
            raise all_of(errors)
        yield connection, definitions, served, all_of(errors) if errors else None


def plan_export(
    settings: Settings, options: ExportOptions
) -> tuple[list[Changes], FeatureStoreError | None]:
    """Return what an export would send, and the error it would end with; writes nothing.

    Raises:
        FeatureStoreError: as :func:`export_features`, where nothing would be sent.
    """
    check_address(settings)
    with (
        open_served(settings, options.views) as (connection, definitions, served, error),
        open_online_store(settings) as client,
    ):
        context = ExportContext(settings, options, definitions, connection, client, Watcher())
        return Exporter(context).plan(served), error


def export_features(
    settings: Settings, options: ExportOptions | None = None, watcher: Watcher | None = None
) -> list[ExportedView]:
    """Copy the served rows of green feature views to the online store.

    Args:
        settings: the project's.
        options: what is asked.
        watcher: is told how it goes on.

    Returns:
        What was done, one a view.

    Raises:
        FeatureStoreError: nothing can be exported, a server refused, another exporter is at work,
            or what is online is not what was sent. The metadata of views that were not completed
            are as before. Views that hold times which Python cannot read, and views without
            snapshot, are told of after the others were exported.
    """
    options, watcher = options or ExportOptions(), watcher or Watcher()
    check_address(settings)
    with (
        open_served(settings, options.views) as (connection, definitions, served, error),
        open_online_store(settings) as client,
    ):
        context = ExportContext(settings, options, definitions, connection, client, watcher)
        exported = Exporter(context).run(served)
        if error:
            raise error
        return exported
