"""The export: the served rows of green feature views, copied to the online store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from feature_store.build_status import check_no_failures, read_results
from feature_store.definitions import FeatureDefinitions, load_definitions
from feature_store.online.changes import Changes
from feature_store.online.connection import check_address, open_online_store
from feature_store.online.export_types import ExportedView, ExportOptions, Watcher
from feature_store.online.exporter import Exporter
from feature_store.online.served import ServedView, choose_views, read_served
from feature_store.raw.sql import literal
from feature_store.settings import Settings
from feature_store.warehouse import connect


@contextmanager
def open_served(
    settings: Settings, views: tuple[str, ...]
) -> Iterator[tuple[duckdb.DuckDBPyConnection, FeatureDefinitions, list[ServedView]]]:
    """Open the warehouse, and check that the views in it can be exported.

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
        served = read_served(connection, settings.prefix, definitions, chosen, results)
        yield connection, definitions, served


def plan_export(settings: Settings, options: ExportOptions) -> list[Changes]:
    """Return what an export would send, without writing anything.

    Raises:
        FeatureStoreError: as :func:`export_features`.
    """
    check_address(settings)
    with (
        open_served(settings, options.views) as (connection, definitions, served),
        open_online_store(settings) as client,
    ):
        return Exporter(settings, options, definitions, connection, client, Watcher()).plan(served)


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
            are as before.
    """
    options, watcher = options or ExportOptions(), watcher or Watcher()
    check_address(settings)
    with (
        open_served(settings, options.views) as (connection, definitions, served),
        open_online_store(settings) as client,
    ):
        return Exporter(settings, options, definitions, connection, client, watcher).run(served)
