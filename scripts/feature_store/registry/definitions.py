"""The feature views of a dbt project, read from ``manifest.json``."""

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
from feature_store.profiles import DEFAULT_OPERATIONS_SCHEMA
from feature_store.registry.manifest import read_manifest, relation_of
from feature_store.registry.online_views import declares, is_online_view, served_by, version_of

#: Columns of a feature table that are not features.
RESERVED = ("feature_time", "known_at")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def duration_seconds(text: str) -> int:
    """Return the seconds of a duration such as ``90s``, ``1h`` or ``120d``."""
    found = re.fullmatch(r"([1-9][0-9]*)([smhdw])", str(text))
    if not found:
        raise FeatureStoreError(
            f"duration {text!r} cannot be read",
            allowed="a whole number and s, m, h, d or w, such as 120d",
            next_step="write it so, without a space: 28d, 12h or 2w",
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
        grain_seconds: of its feature times.
        ttl_seconds: TTL of a key in the online store after its last refresh; None is no expiry.
        layout: layout of a row in the online store: ``hash`` or ``packed``.
        relation: schema and table of the feature table, quoted.
        served_relation: schema and table of the snapshot of the served rows, quoted, if there is
            one. Only such a view can be exported.
        unique_id: dbt's id of the feature table's model.
        served_id: dbt's id of that snapshot.
        definition_hash: changes with the entity, the features, their types, TTL, layout and SQL.
        deprecation_date: from the YAML, if there is one.
        is_online: whether it is declared ``online``, or an online view reads it.
        other_snapshots: names of further snapshots of it, which must not exist.
    """

    name: str
    version: int | str
    is_latest: bool
    description: str
    entity: tuple[Feature, ...]
    features: tuple[Feature, ...]
    grain_seconds: int
    ttl_seconds: int | None
    layout: str
    relation: str
    served_relation: str | None
    unique_id: str
    served_id: str | None
    definition_hash: str
    deprecation_date: date | None
    is_online: bool = True
    other_snapshots: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The view with its version, as in Redis keys: ``customer_purchases:v1``."""
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

    def __init__(
        self,
        views: Iterable[FeatureView],
        manifest: dict[str, Any],
        operations_schema: str = DEFAULT_OPERATIONS_SCHEMA,
    ):
        self.operations_schema = operations_schema
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
                next_step="correct the name; after a new feature view, run dbt parse",
            )
        for view in versions:
            if view.is_latest if version is None else str(view.version) == str(version):
                return view
        raise FeatureStoreError(
            f"feature view {name!r} has no version {version!r}",
            allowed=", ".join(f"v{view.version}" for view in versions),
            next_step="name one of these; after a new version, run dbt parse",
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
                next_step="write it as one of these",
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
            next_step="correct the name, or name another version; after a change, run dbt parse",
        )


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


def _grain_seconds(declaration: dict[str, Any]) -> int:
    try:
        return duration_seconds(declaration.get("grain") or "1d")
    except FeatureStoreError:
        return _SECONDS["d"]  # dbt reports the error when it compiles the view


def _feature_view(
    node: dict[str, Any], online_ids: list[str], snapshots: list[dict[str, Any]]
) -> FeatureView:
    """Return a feature view from its node, its online views and the snapshots of these."""
    served = snapshots[0] if snapshots else None
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
        version=version_of(node),
        is_latest=node.get("version") == node.get("latest_version"),
        description=node.get("description", "").strip(),
        entity=_features(node["columns"], keys),
        features=_features(node["columns"], others),
        grain_seconds=_grain_seconds(declaration),
        ttl_seconds=duration_seconds(ttl) if ttl else None,
        layout=online.get("layout", "hash"),
        relation=relation_of(node),
        served_relation=relation_of(served) if served else None,
        unique_id=node["unique_id"],
        served_id=served["unique_id"] if served else None,
        definition_hash=_definition_hash(node, declaration),
        deprecation_date=datetime.fromisoformat(deprecation).date() if deprecation else None,
        is_online="online" in declaration or bool(online_ids),
        other_snapshots=tuple(snapshot["name"] for snapshot in snapshots[1:]),
    )


def load_definitions(
    manifest_path: Path,
    project_name: str | None = None,
    operations_schema: str = DEFAULT_OPERATIONS_SCHEMA,
) -> FeatureDefinitions:
    """Read the feature views of a manifest.

    A feature view is a model that declares ``config.meta.feature_view`` and is no online view of
    another; it is served when a snapshot reads an online view that reads it.

    Args:
        manifest_path: dbt's ``manifest.json``.
        project_name: the dbt project that it must be of; None: any.
        operations_schema: the schema of the dbt package's records of its runs.

    Raises:
        FeatureStoreError: there is no manifest, it cannot be read, or is another project's.
    """
    manifest = read_manifest(manifest_path, project_name)
    views = []
    for node in manifest["nodes"].values():
        if declares(node) and not is_online_view(manifest, node):
            try:
                views.append(_feature_view(node, *served_by(manifest, node)))
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                what = f"there is no {error}" if isinstance(error, KeyError) else error
                raise FeatureStoreError(
                    f"{manifest_path}: {node['unique_id']}: the declaration of the feature view "
                    f"cannot be read: {what}",
                    allowed="what docs/reference/feature_view.md of feature-store lists, and all "
                    "its columns",
                    next_step="correct what dbt compile reports, then run dbt parse",
                ) from error
    return FeatureDefinitions(views, manifest, operations_schema)
