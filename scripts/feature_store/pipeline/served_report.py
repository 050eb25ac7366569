"""Numbers of served values that differ from the recomputed ones, for each feature view."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from feature_store.registry.definitions import FeatureDefinitions, FeatureView, load_definitions
from feature_store.registry.manifest import relation_of
from feature_store.settings import Settings
from feature_store.warehouse.connection import connect
from feature_store.warehouse.sql import identifier, literal, rows_of

REASONS = ("late_data", "changed_definition", "other_change")


@dataclass(frozen=True)
class ServedReport:
    """The differences of one feature view.

    Attributes:
        compared: pairs of a served row and the row that should have been served: one for each
            entity and run.
        differing: how many of these pairs differ, by reason.
    """

    view: FeatureView
    runs: int
    compared: int
    differing: dict[str, int]


def served_report(settings: Settings) -> list[ServedReport]:
    """Count, for every served view, the pairs that were compared and those that differ.

    Returns:
        one report a view; nothing where the project has no model served_differences.
    """
    definitions = load_definitions(
        settings.target_path / "manifest.json", settings.project_name, settings.operations_schema
    )
    differences = _differences(definitions)
    if differences is None:
        return []
    with connect(settings.warehouse_path) as connection:
        connection.execute(f"set memory_limit = {literal(settings.memory_limit)}")
        counts = {
            (view, reason): (int(pairs), int(unserved))
            for view, reason, pairs, unserved in rows_of(
                connection,
                "select feature_view, reason, sum(runs), "
                "coalesce(sum(runs) filter (served_feature_time is null), 0) "
                f"from {differences} group by all",
            )
        }
        return [
            _view_report(
                connection,
                view,
                {reason: counts.get((view.label, reason), (0, 0)) for reason in REASONS},
                identifier(settings.operations_schema, "served_runs"),
            )
            for view in definitions.views
            if view.served_relation
        ]


def _view_report(
    connection: duckdb.DuckDBPyConnection,
    view: FeatureView,
    counts: dict[str, tuple[int, int]],
    served_runs: str,
) -> ServedReport:
    """Return the report of a view, of whose differing pairs the unserved ones are known."""
    [(runs, served)] = rows_of(
        connection,
        f"""
        with runs as (
            select served_at from {served_runs} where feature_view = ?
        )
        select
            (select count(*) from runs),
            (
                select count(*)
                from {view.served_relation} as served
                inner join runs
                    on
                        served.dbt_valid_from <= runs.served_at
                        and coalesce(served.dbt_valid_to, 'infinity') > runs.served_at
            )
        """,
        [view.label],
    )
    # A row that should have been served and was not is a pair too.
    unserved = sum(missing for _, missing in counts.values())
    differing = {reason: pairs for reason, (pairs, _) in counts.items()}
    return ServedReport(view, runs, served + unserved, differing)


def _differences(definitions: FeatureDefinitions) -> str | None:
    for node in definitions.manifest["nodes"].values():
        if node["resource_type"] == "model" and node["name"] == "served_differences":
            return relation_of(node)
    return None
