"""Everything on the dbt docs site has a description, of models beginning with their grain."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from feature_store.settings import load_settings
from feature_store.warehouse.connection import connect

pytestmark = pytest.mark.slow

OURS = "feature_store"


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    path = load_settings().target_path / "manifest.json"
    if not path.exists():
        pytest.fail(f"{path}: run make test, which builds the project first")
    return json.loads(path.read_text())


def ours(nodes: dict[str, Any], *kinds: str) -> list[dict[str, Any]]:
    return [
        node
        for node in nodes.values()
        if node["package_name"] == OURS and node["resource_type"] in kinds
    ]


def signature(macro_sql: str) -> list[str]:
    """Return the names of a macro's or generic test's arguments; a materialization has none."""
    if re.match(r"\s*{%-?\s*materialization\b", macro_sql):
        return []
    found = re.search(r"\b(?:macro|test)\s+\w+\s*\(([^)]*)\)", macro_sql)
    assert found, macro_sql
    return [part.split("=")[0].strip() for part in found[1].split(",") if part.strip()]


def test_everything_is_described(manifest: dict[str, Any]) -> None:
    things = [
        *ours(manifest["nodes"], "model", "seed", "snapshot"),
        *ours(manifest["sources"], "source"),
        *ours(manifest["exposures"], "exposure"),
    ]
    assert len(things) > 40
    missing = [node["unique_id"] for node in things if not node["description"].strip()]
    missing += [
        f"{node['unique_id']}.{name}"
        for node in things
        for name, column in node.get("columns", {}).items()
        if not column["description"].strip()
    ]
    # Private parts of macros are told in their own files and are left out of the site.
    for macro in ours(manifest["macros"], "macro"):
        if not macro["name"].startswith("_"):
            told = [argument["name"] for argument in macro["arguments"] if argument["description"]]
            if not macro["description"] or told != signature(macro["macro_sql"]):
                missing.append(macro["unique_id"])
        elif macro["docs"]["show"]:
            missing.append(f"{macro['unique_id']}: docs.show is true")
    assert missing == []


def test_every_built_column_is_described(manifest: dict[str, Any]) -> None:
    """The columns of the YAML are those of the warehouse, none more and none less."""
    with connect(load_settings().warehouse_path) as connection:
        rows = connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
        ).fetchall()
    built: dict[tuple[str, str], set[str]] = {}
    for schema, table, column in rows:
        built.setdefault((schema, table), set()).add(column)
    for node in ours(manifest["nodes"], "model", "seed"):
        relation = (node["schema"], node.get("alias") or node["name"])
        assert set(node["columns"]) == built[relation], node["unique_id"]


def test_every_model_description_begins_with_its_grain(manifest: dict[str, Any]) -> None:
    models = ours(manifest["nodes"], "model", "seed", "snapshot")
    vague = [
        node["unique_id"] for node in models if not node["description"].startswith("One row per")
    ]
    assert vague == []


def test_exposures_pin_the_versions_they_use(manifest: dict[str, Any]) -> None:
    exposures = ours(manifest["exposures"], "exposure")
    assert {exposure["type"] for exposure in exposures} == {"ml"}
    assert len(exposures) >= 2
    for exposure in exposures:
        used = [manifest["nodes"][name] for name in exposure["depends_on"]["nodes"]]
        views = [node for node in used if node["fqn"][1] == "features"]
        assert views, exposure["name"]
        for node in views:
            assert node["version"], (exposure["name"], node["unique_id"])
