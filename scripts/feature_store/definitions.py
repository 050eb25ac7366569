"""The feature views as dbt knows them: read from ``manifest.json``, declared nowhere else."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from feature_store.errors import FeatureStoreError, near_names
from feature_store.raw.sql import identifier

#: Columns of a feature table that are no features.
RESERVED = ("feature_time", "known_at")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def duration_seconds(text: str) -> int:
    """Return the seconds of a duration such as ``90s``, ``1h`` or ``120d``."""
    found = re.fullmatch(r"([1-9][0-9]*)([smhdw])", str(text))
    if not found:
        raise FeatureStoreError(
            f"duration {text!r}", allowed="a whole number and s, m, h, d or w, such as 120d"
        )
    return int(found[1]) * _SECONDS[found[2]]


@dataclass(frozen=True)
class Feature:
    """One column of a feature view: its name, SQL type (as in the YAML) and description."""

    name: str
    data_type: str
    description: str


@dataclass(frozen=True)
class FeatureView:
    """One version of a feature view.

    Attributes:
        name: the dbt model's name, without the version.
        version: the model version.
        is_latest: whether a reference without a version means this one.
        description: from the YAML, of the view and of this version.
        entity: the key columns with their SQL types, in order.
        features: in the order of the YAML.
        ttl_seconds: life of a key in the online store since its last refresh; None is forever.
        layout: how a row stands in the online store: ``hash`` or ``packed``.
        relation: schema and table of the feature table, quoted.
        served_relation: schema and table of the snapshot of the served rows, quoted, if there is
            one. Only such a view can be exported.
        unique_id: dbt's id of the feature table's model.
        served_id: dbt's id of that snapshot.
        definition_hash: changes with the entity, the features, their types, TTL, layout and SQL.
        deprecation_date: from the YAML, if there is one.
    """

    name: str
    version: int | str
    is_latest: bool
    description: str
    entity: tuple[Feature, ...]
    features: tuple[Feature, ...]
    ttl_seconds: int | None
    layout: str
    relation: str
    served_relation: str | None
    unique_id: str
    served_id: str | None
    definition_hash: str
    deprecation_date: date | None

    @property
    def label(self) -> str:
        """The view with its version, as it stands in Redis keys: ``customer_purchases:v1``."""
        return f"{self.name}:v{self.version}"

    @property
    def entity_name(self) -> str:
        """The entity: ``customer`` for ``customer_id``, joined with ``|`` for a composite key."""
        return "|".join(key.name.removesuffix("_id") for key in self.entity)

    @cached_property
    def feature_types(self) -> dict[str, str]:
        """SQL types by feature name."""
        return {feature.name: feature.data_type for feature in self.features}


class FeatureDefinitions:
    """Every feature view of a dbt project, by name and version."""

    def __init__(self, views: Iterable[FeatureView], manifest: dict[str, Any]):
        self.views = sorted(views, key=lambda view: (view.name, str(view.version)))
        self.manifest = manifest

    @property
    def project_name(self) -> str:
        """The dbt project's name."""
        return self.manifest["metadata"]["project_name"]

    def view(self, name: str, version: str | int | None = None) -> FeatureView:
        """Return a feature view, the latest version where none is given.

        Raises:
            FeatureStoreError: there is no such view or version; lists the near names.
        """
        versions = [view for view in self.views if view.name == name]
        if not versions:
            raise FeatureStoreError(
                f"there is no feature view {name!r}",
                allowed=near_names(name, {view.name for view in self.views}),
            )
        for view in versions:
            if view.is_latest if version is None else str(view.version) == str(version):
                return view
        raise FeatureStoreError(
            f"feature view {name!r} has no version {version!r}",
            allowed=", ".join(f"v{view.version}" for view in versions),
        )

    def resolve(self, reference: str) -> list[tuple[str, FeatureView, Feature]]:
        """Return the features that a reference names, each as (reference, view, feature).

        Args:
            reference: ``view:feature``, ``view:v2:feature``, or ``view`` or ``view:v2`` for all.

        Raises:
            FeatureStoreError: the view, version or feature is unknown; lists the near names.
        """
        name, *rest = str(reference).split(":")
        version = None
        versions = {f"v{view.version}" for view in self.views if view.name == name}
        if rest and (rest[0] in versions or re.fullmatch(r"v[0-9]+", rest[0])):
            version = rest.pop(0)[1:]
        if len(rest) > 1:
            raise FeatureStoreError(
                f"feature {reference!r} cannot be read",
                allowed="view:feature, view:v2:feature, or view for all of its features",
            )
        view = self.view(name, version)
        prefix = name if version is None else f"{name}:v{version}"
        if not rest:
            return [(f"{prefix}:{feature.name}", view, feature) for feature in view.features]
        for feature in view.features:
            if feature.name == rest[0]:
                return [(reference, view, feature)]
        raise FeatureStoreError(
            f"feature view {view.label} has no feature {rest[0]!r}",
            allowed=near_names(rest[0], view.feature_types),
        )


def _relation(node: dict[str, Any]) -> str:
    return identifier(node["schema"], node.get("alias") or node["name"])


def _features(columns: dict[str, Any], names: Iterable[str]) -> tuple[Feature, ...]:
    return tuple(
        Feature(
            name=name,
            data_type=(columns[name].get("data_type") or "").strip(),
            description=columns[name].get("description", "").strip(),
        )
        for name in names
    )


def _definition_hash(node: dict[str, Any], declaration: dict[str, Any]) -> str:
    content = {
        "declaration": declaration,
        "columns": {name: c.get("data_type") for name, c in node["columns"].items()},
        "sql": node["raw_code"],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _feature_view(node: dict[str, Any], served: dict[str, Any] | None) -> FeatureView:
    declaration = node["config"]["meta"]["feature_view"]
    keys = declaration["entity"]
    if missing := [name for name in keys if name not in node["columns"]]:
        raise FeatureStoreError(
            f"feature view {node['name']} ({node.get('original_file_path', '')}): "
            f"{', '.join(missing)} is missing in the columns of its YAML",
            next_step="list every column there, with its data_type",
        )
    others = [name for name in node["columns"] if name not in (*keys, *RESERVED)]
    online = declaration.get("online") or {}
    ttl = online.get("ttl")
    deprecation = node.get("deprecation_date")
    return FeatureView(
        name=node["name"],
        version=1 if node.get("version") is None else node["version"],
        is_latest=node.get("version") == node.get("latest_version"),
        description=node.get("description", "").strip(),
        entity=_features(node["columns"], keys),
        features=_features(node["columns"], others),
        ttl_seconds=duration_seconds(ttl) if ttl else None,
        layout=online.get("layout", "hash"),
        relation=_relation(node),
        served_relation=_relation(served) if served else None,
        unique_id=node["unique_id"],
        served_id=served["unique_id"] if served else None,
        definition_hash=_definition_hash(node, declaration),
        deprecation_date=datetime.fromisoformat(deprecation).date() if deprecation else None,
    )


def load_definitions(manifest_path: Path) -> FeatureDefinitions:
    """Read the feature views of a manifest.

    A feature view is a model in ``models/features`` that declares ``config.meta.feature_view``; it
    is served when a snapshot stands on an online view that stands on it.

    Raises:
        FeatureStoreError: there is no manifest, or it cannot be read.
    """
    try:
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FeatureStoreError(
            f"{manifest_path}: dbt has not described the project yet", next_step="run dbt build"
        ) from error
    except (OSError, ValueError) as error:
        raise FeatureStoreError(
            f"{manifest_path}: cannot be read: {error}", next_step="run dbt parse"
        ) from error
    nodes, children = manifest["nodes"], manifest["child_map"]

    def served_snapshot(unique_id: str) -> dict[str, Any] | None:
        for online_id in children.get(unique_id, []):
            online = nodes.get(online_id)
            if not online or online["fqn"][1] != "online":
                continue
            for snapshot_id in children.get(online_id, []):
                if snapshot_id.startswith("snapshot."):
                    return nodes[snapshot_id]
        return None

    views = [
        _feature_view(node, served_snapshot(unique_id))
        for unique_id, node in nodes.items()
        if node["resource_type"] == "model"
        and node["fqn"][1] != "online"
        and (node["config"].get("meta") or {}).get("feature_view")
    ]
    return FeatureDefinitions(views, manifest)
