"""The built sample as the tests of the feature tables read it: declarations, events and rows."""

from __future__ import annotations

import random
from typing import Any

import duckdb

from feature_store.registry.definitions import load_definitions
from feature_store.settings import load_settings
from feature_store.warehouse.connection import connect
from support.oracles.windowed_features import View
from support.projects.compiled_project import read_rows

Key = tuple[Any, ...]
Row = dict[str, Any]


class SampleView(View):
    """A version of a feature view, with its relations in the warehouse."""

    def __init__(self, nodes: dict[str, Any], unique_id: str):
        node = nodes[unique_id]
        super().__init__(node["config"]["meta"]["feature_view"])
        (events,) = node["depends_on"]["nodes"]
        online = [
            other
            for other in nodes.values()
            if other["fqn"][1] == "online" and unique_id in other["depends_on"]["nodes"]
        ]
        self.is_online = "online" in node["config"]["meta"]["feature_view"]
        self.relation = relation(node)
        self.event_relation = relation(nodes[events])
        self.online_relation = relation(online[0]) if online else None


def relation(node: dict[str, Any]) -> str:
    """Return schema and table of a node, quoted."""
    return f'"{node["schema"]}"."{node.get("alias") or node["name"]}"'


def windowed_views() -> dict[str, str]:
    """Return dbt's id of each windowed feature view, by name and version; of every one there is.

    Raises:
        FeatureStoreError: dbt has not run yet.
    """
    definitions = load_definitions(load_settings().target_path / "manifest.json")
    nodes = definitions.manifest["nodes"]
    return {
        view.label: view.unique_id
        for view in definitions.views
        if "aggregates" in nodes[view.unique_id]["config"]["meta"]["feature_view"]
    }


class Sample:
    """The warehouse that dbt has built, opened for reading.

    Raises:
        FeatureStoreError: there is none.
    """

    def __init__(self):
        settings = load_settings()
        manifest = load_definitions(settings.target_path / "manifest.json").manifest
        self.nodes: dict[str, Any] = manifest["nodes"]
        self.connection: duckdb.DuckDBPyConnection = connect(settings.warehouse_path)

    def view(self, label: str) -> SampleView:
        """Return a feature view by name and version, such as ``customer_purchases:v1``."""
        return SampleView(self.nodes, windowed_views()[label])

    def rows(self, sql: str, parameters: list[Any] | None = None) -> list[Row]:
        """Return the rows of a query, aware times as naive UTC."""
        return read_rows(self.connection, sql, parameters)[1]

    def columns(self, relation: str) -> list[str]:
        """Return the column names of a relation in order."""
        cursor = self.connection.execute(f"select * from {relation} limit 0")
        return [column[0] for column in cursor.description]

    def keys(self, relation: str, entity: list[str]) -> dict[Key, int]:
        """Return the entities of a relation with their number of rows."""
        columns = ", ".join(entity)
        rows = self.rows(f"select {columns}, count(*) as row_count from {relation} group by all")
        return {tuple(row[column] for column in entity): row["row_count"] for row in rows}

    def of(self, relation: str, entity: list[str], keys: list[Key]) -> list[Row]:
        """Return the rows of some entities."""
        lists = ", ".join(f"unnest(?) as {column}" for column in entity)
        values = [list(column) for column in zip(*keys, strict=True)]
        sql = f"select * from {relation} semi join (select {lists}) using ({', '.join(entity)})"
        return self.rows(sql, values)


def draw(sizes: dict[Key, int], events: int, entities: int) -> list[Key]:
    """Return the two entities with the most events, the two with the fewest, and random ones.

    ``entities`` and ``events`` limit the number of random entities, and that of their events.
    """
    known = [key for key in sizes if None not in key]
    ordered = sorted(known, key=lambda key: (sizes[key], key))
    drawn = dict.fromkeys([*ordered[:2], *ordered[-2:]])
    for key in random.Random(len(sizes)).sample(ordered, min(entities, len(ordered))):
        if sizes[key] <= events:
            events -= sizes[key]
            drawn[key] = None
    return list(drawn)
