"""Finds the feature views, their online views and the snapshots of these in a manifest."""

from __future__ import annotations

from typing import Any


def version_of(node: dict[str, Any]) -> int | str:
    """Return the version of a model, 1 where it has none."""
    return 1 if node.get("version") is None else node["version"]


def declares(node: dict[str, Any]) -> bool:
    """Return whether a node is a model with a declaration of a feature view."""
    meta = (node.get("config") or {}).get("meta") or {}
    return node["resource_type"] == "model" and bool(meta.get("feature_view"))


def is_online_view(manifest: dict[str, Any], node: dict[str, Any]) -> bool:
    """Return whether a model is the online view of a feature view that it reads.

    It calls ``online_features()``; one written by hand has the name ``online_…`` or stands in
    ``models/online``.
    """
    nodes = manifest["nodes"]
    read = manifest["parent_map"].get(node["unique_id"], [])
    # A model that the manifest no longer has may have been the feature view.
    may_be_views = [
        name not in nodes or declares(nodes[name]) for name in read if name.startswith("model.")
    ]
    if node["resource_type"] != "model" or not any(may_be_views):
        return False
    called = (node.get("depends_on") or {}).get("macros") or []
    return (
        node["name"].startswith("online_")
        or node["fqn"][1:2] == ["online"]
        or any(macro.endswith(".online_features") for macro in called)
    )


def served_by(
    manifest: dict[str, Any], node: dict[str, Any]
) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the ids of a feature view's online views, and the snapshots of these."""
    nodes, children = manifest["nodes"], manifest["child_map"]
    online = [
        child
        for child in children.get(node["unique_id"], [])
        if child in nodes and is_online_view(manifest, nodes[child])
    ]
    snapshots = {
        child: nodes[child]
        for parent in online
        for child in children.get(parent, [])
        if child.startswith("snapshot.") and child in nodes
    }
    # The snapshot with the expected name comes first: another one never replaces it.
    own = f"served_{node['name']}_v{version_of(node)}"
    return online, sorted(snapshots.values(), key=lambda one: (one["name"] != own, one["name"]))
