"""README.md can be read in a minute, and the feature view that it shows is one that is built."""

from __future__ import annotations

import pytest
import yaml

from feature_store.registry.definitions import FeatureDefinitions
from feature_store.settings import Settings
from feature_store.warehouse.connection import connect
from support.documentation import README, blocks

pytestmark = pytest.mark.slow


def test_the_readme_is_short() -> None:
    lines = README.read_text().splitlines()
    assert len(lines) < 135
    assert [line for line in lines if len(line) > 120] == []


def test_the_feature_view_is_the_declaration_of_a_model_that_is_built(
    sample: Settings, definitions: FeatureDefinitions
) -> None:
    [text] = blocks(README, "yaml")
    [sql] = blocks(README, "sql")
    view = definitions.view("customer_velocity")
    node = definitions.manifest["nodes"][view.unique_id]
    assert yaml.safe_load(text)["feature_view"] == node["config"]["meta"]["feature_view"]
    assert sql.strip() == node["raw_code"].strip()
    assert f"declares {len(view.features)} features" in README.read_text()

    with connect(sample.warehouse_path) as connection:
        built = connection.table(node["relation_name"]).columns
    assert built == ["customer_id", "feature_time", *(f.name for f in view.features), "known_at"]
