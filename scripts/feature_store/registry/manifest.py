"""Reads dbt's ``manifest.json``, and checks the fields that this package uses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from feature_store.display import shortened
from feature_store.errors import FeatureStoreError
from feature_store.warehouse.sql import identifier

#: The version of the manifest's schema that this package reads: dbt 1.8 to 1.11.
_SCHEMA_VERSION = "v12"
_TEXTS = [str]
#: The name of the feature store as a dbt package, and of the sample as a project.
PACKAGE = "feature_store"
_DEPENDS_ON = {"nodes": _TEXTS, "macros": _TEXTS}
#: The fields of a node or source; a name with ! is required, others may be missing or null.
_NODE = {
    "unique_id!": str,
    "resource_type!": str,
    "name!": str,
    "fqn!": _TEXTS,
    **dict.fromkeys(("schema", "alias", "identifier", "description", "raw_code"), str),
    **dict.fromkeys(("original_file_path", "patch_path", "package_name", "deprecation_date"), str),
    "columns": {"*": {"name": str, "data_type": str, "description": str}},
    "config": {"meta": dict, "materialized": str},
    "depends_on": _DEPENDS_ON,
    "checksum": {"checksum!": str},
    "version": (str, int, float),
    "latest_version": (str, int, float),
}
_EXPOSURE = {
    "name!": str,
    "depends_on!": {"nodes!": _TEXTS},
    "description": str,
    "owner": {"name": str},
    "config": {"meta": dict},
    "meta": dict,
}
_MACRO = {"name!": str, "package_name!": str, "macro_sql!": str, "depends_on": {"macros": _TEXTS}}
_MANIFEST = {
    "metadata!": {"project_name!": str, "dbt_schema_version": str, "dbt_version": str},
    "nodes!": {"*": _NODE},
    "sources": {"*": _NODE},
    "exposures": {"*": _EXPOSURE},
    "unit_tests": dict,
    "macros": {"*": _MACRO},
    "parent_map!": {"*": _TEXTS},
    "child_map!": {"*": _TEXTS},
}


def read_manifest(path: Path, project_name: str | None = None) -> dict[str, Any]:
    """Return the manifest of a dbt project."""
    again = "run dbt parse, or dbt build where the warehouse is not built"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FeatureStoreError(
            f"{path}: dbt has not described the project yet", next_step="run dbt build"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise FeatureStoreError(f"{path}: cannot be read: {error}", next_step=again) from error
    # Checked first: in another version any field may be elsewhere.
    metadata = manifest.get("metadata") if isinstance(manifest, dict) else None
    schema = metadata.get("dbt_schema_version") if isinstance(metadata, dict) else None
    if isinstance(schema, str) and not schema.endswith(f"/{_SCHEMA_VERSION}.json"):
        raise FeatureStoreError(
            f"{path}: was written by another version of dbt: {schema}",
            allowed=f"version {_SCHEMA_VERSION} of the manifest, which dbt 1.11 writes",
            next_step=again,
        )
    if wrong := _wrong_part(manifest, _MANIFEST):
        what, *place = wrong
        raise FeatureStoreError(
            f"{path}: is not what dbt writes: {' / '.join(reversed(place)) or 'the whole'} {what}",
            next_step=again,
        )
    found = manifest["metadata"]["project_name"]
    if project_name is not None and found != project_name:
        raise FeatureStoreError(
            f"{path}: is of the dbt project {found!r}",
            allowed=repr(project_name),
            next_step=f"{again}; or set DBT_TARGET_PATH to this project's own folder",
        )
    return manifest


def _wrong_part(found: Any, shape: Any) -> list[str] | None:
    """Return the first error of a value, with its place behind it from the inside out; or None."""
    if isinstance(shape, dict):
        if not isinstance(found, dict):
            return [f"is {_shown(found)}"]
        if "*" in shape:
            part = shape["*"]
            for name, one in found.items():
                if wrong := _wrong_part(one, part):
                    return [*wrong, name]
            return None
        for key, part in shape.items():
            name = key.removesuffix("!")
            one = found.get(name)
            if one is None:
                if key != name:
                    return [f"has no {name}"]
            elif wrong := _wrong_part(one, part):
                return [*wrong, name]
    elif isinstance(shape, list):
        is_list = isinstance(found, list)
        if not is_list or not all(isinstance(one, shape[0]) for one in found):
            return [f"is {_shown(found)}"]
    elif not isinstance(found, shape) or isinstance(found, bool):
        return [f"is {_shown(found)}"]
    return None


def _shown(found: Any) -> str:
    return shortened(json.dumps(found, default=str), 60)


def own_packages(manifest: dict[str, Any]) -> tuple[str, ...]:
    """Return the packages with the feature store's macros: ours, and the project itself."""
    return tuple(dict.fromkeys((PACKAGE, manifest["metadata"]["project_name"])))


def is_in_warehouse(source: dict[str, Any]) -> bool:
    """Return whether a source is neither of files nor in another database."""
    return not _is_of_files(source) and not source.get("unrendered_database")


def _is_of_files(node: dict[str, Any]) -> bool:
    meta = {**(node.get("source_meta") or {}), **(node.get("meta") or {})}
    return node["resource_type"] == "source" and "external_location" in meta


def relation_of(node: dict[str, Any]) -> str:
    """Return schema and table of a model, snapshot, seed or source, quoted.

    A source that names another database has it in front, and one of files is the call that reads
    them, as dbt-duckdb has it in its relation.
    """
    if _is_of_files(node):
        return str(node["relation_name"])
    if node["resource_type"] == "source" and node.get("unrendered_database"):
        return identifier(node["database"], node["schema"], node["identifier"])
    return identifier(node["schema"], node.get("identifier") or node.get("alias") or node["name"])
