"""Finds the labels of a training set: a file, a dbt model or a query, with their origin."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feature_store.errors import FeatureStoreError, near_names
from feature_store.registry.definitions import FeatureDefinitions
from feature_store.registry.manifest import relation_of
from feature_store.warehouse.read_only_query import begins_like_a_query, is_statement, one_query
from feature_store.warehouse.sql import exists


@dataclass(frozen=True)
class Labels:
    """Labels and their origin.

    Attributes:
        source: a path or a query, as ``get_historical_features`` takes a spine.
        origin: their metadata: kind, name, checksum, description.
        unique_id: the dbt model's id, if they are one.
    """

    source: Path | str
    origin: dict[str, Any]
    unique_id: str | None = None


def find_labels(definitions: FeatureDefinitions, given: str) -> Labels:
    """Return the labels of a path, a dbt model's name or a query."""
    text = given.strip()
    # A file may be called values.parquet.
    if begins_like_a_query(text) and not exists(Path(text)):
        text = one_query(text, "the labels")
        checksum = hashlib.sha256(text.encode()).hexdigest()
        return Labels(text, {"kind": "query", "query": text, "checksum": checksum})
    models = _models(definitions)
    if text in models:
        node = models[text]
        origin = {
            "kind": "dbt model",
            "name": _label(node),
            "unique_id": node["unique_id"],
            "checksum": node["checksum"]["checksum"],
            "description": node.get("description", "").strip(),
            "sql": node.get("raw_code", ""),
        }
        return Labels(f"select * from {relation_of(node)}", origin, node["unique_id"])
    path = Path(text)
    if not exists(path) or not path.is_file():
        if is_statement(text):
            one_query(text, "the labels")
        raise FeatureStoreError(
            f"labels {text!r}: there is no such file and no such dbt model",
            allowed="a Parquet or CSV file, a model's name, or a query that begins with select; "
            + near_names(text, models),
            next_step="correct the path or the name; after a new model, run dbt parse",
        )
    return Labels(path, {"kind": "file", "name": path.name, "checksum": file_checksum(path)})


def _label(node: dict[str, Any]) -> str:
    version = node.get("version")
    return node["name"] if version is None else f"{node['name']}:v{version}"


def _models(definitions: FeatureDefinitions) -> dict[str, dict[str, Any]]:
    """Return models and seeds by name; a version of a model is ``name:v2``, its latest ``name``."""
    found = {}
    for node in definitions.manifest["nodes"].values():
        if node["resource_type"] in ("model", "seed"):
            version = node.get("version")
            if version == node.get("latest_version"):
                found[node["name"]] = node
            if version is not None:
                found[f"{node['name']}:v{version}"] = node
    return found


def file_checksum(path: Path) -> str:
    """Return the SHA-256 of a file."""
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise FeatureStoreError(
            f"{path}: cannot be read: {error.strerror}",
            next_step="check the path, and the permissions of the file",
        ) from error
