"""Looks up a feature's declaration, model, parents and sources in dbt's manifest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from feature_store.errors import FeatureStoreError
from feature_store.explain.explanation import Model
from feature_store.registry.definitions import Feature, FeatureDefinitions, FeatureView

if TYPE_CHECKING:
    from feature_store.store import FeatureStore


@dataclass(frozen=True)
class DeclaredFeature:
    """The declaration of a feature.

    Attributes:
        kind: ``aggregate``, ``derived`` or ``sql`` (the model is written by hand).
        has_empty: whether the declaration has a value for windows in which no event passes the
            aggregate's filter.
    """

    kind: str
    sql: str | None = None
    window: str | None = None
    has_empty: bool = False
    empty: Any = None


def definitions_of(store: FeatureStore | FeatureDefinitions) -> FeatureDefinitions:
    """Return the definitions of a feature store, or those that were given."""
    return store if isinstance(store, FeatureDefinitions) else store.definitions


def node_of(definitions: FeatureDefinitions, unique_id: str) -> dict[str, Any]:
    """Return a node of the manifest, a source included."""
    manifest = definitions.manifest
    return manifest["nodes"].get(unique_id) or manifest["sources"][unique_id]


def declaration_of(definitions: FeatureDefinitions, view: FeatureView) -> dict[str, Any]:
    """Return ``config.meta.feature_view`` of a view's version."""
    return node_of(definitions, view.unique_id)["config"]["meta"]["feature_view"]


def declared(declaration: dict[str, Any], feature: Feature) -> DeclaredFeature:
    """Find a column of a view in the view's declaration."""
    if feature.name in (declaration.get("derived") or {}):
        derived = declaration["derived"][feature.name]
        return DeclaredFeature("derived", derived["sql"] if isinstance(derived, dict) else derived)
    for name, given in (declaration.get("aggregates") or {}).items():
        aggregate = given if isinstance(given, dict) else {"sql": given}
        for window in aggregate.get("windows") or declaration["windows"]:
            if feature.name == f"{name}_{window}":
                return DeclaredFeature(
                    "aggregate",
                    aggregate["sql"],
                    str(window),
                    "empty" in aggregate,
                    aggregate.get("empty"),
                )
    return DeclaredFeature("sql")


def model_of(definitions: FeatureDefinitions, view: FeatureView) -> Model:
    """Return the dbt model of a view's version."""
    node = node_of(definitions, view.unique_id)
    sql_path = node.get("original_file_path") or "an unknown file"
    return Model(
        unique_id=view.unique_id,
        version=view.version,
        definition_hash=view.definition_hash,
        sql_path=sql_path,
        yaml_path=(node.get("patch_path") or sql_path).split("://")[-1],
        relation=view.relation,
    )


def event_node(definitions: FeatureDefinitions, view: FeatureView) -> dict[str, Any]:
    """Return the node of the events that a windowed view reads."""
    parents = list(parents_of(definitions, view.unique_id))
    if len(parents) != 1:
        raise FeatureStoreError(
            f"{view.label}: its model refers to {len(parents)} relations",
            allowed="one, the events, as in windowed_features(ref('order_lines'), feature_view())",
            next_step="move the other relations into a model that the view reads",
        )
    return parents[0]


def parents_of(definitions: FeatureDefinitions, unique_id: str) -> Iterator[dict[str, Any]]:
    """Yield the nodes that a node reads, in the order of its SQL, each once."""
    depends_on = node_of(definitions, unique_id).get("depends_on") or {}
    for parent in dict.fromkeys(depends_on.get("nodes") or []):
        yield node_of(definitions, parent)


def sources_of(definitions: FeatureDefinitions, unique_id: str) -> list[dict[str, Any]]:
    """Return the sources at or above a node, the nearest first."""
    found: list[dict[str, Any]] = []
    level, seen = [node_of(definitions, unique_id)], {unique_id}
    while level:
        found += [node for node in level if node["resource_type"] == "source"]
        above = [parent for node in level for parent in parents_of(definitions, node["unique_id"])]
        level = [
            node
            for node in {node["unique_id"]: node for node in above}.values()
            if node["unique_id"] not in seen
        ]
        seen |= {node["unique_id"] for node in level}
    return found
