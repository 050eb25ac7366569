"""Tests that the sample's YAML is what the command makes of the lines that a person wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from feature_store.authoring.views import Version, View
from support.completed import completed
from support.paths import REPOSITORY

pytestmark = pytest.mark.unit

FILES = sorted((REPOSITORY / "models/features").glob("*.yml"))
_GENERATED = re.compile(
    r" +config: \{contract: \{enforced: true\}\}"
    r"| +- feature_store\.matches_declaration"
    r"| +- dbt_expectations\.expect_column_(mean|stdev)_to_be_between: .*"
    r"| +data_tests: \[feature_store\.matches_declaration\]"
)


def by_hand(text: str) -> str:
    """Return the lines of a file that a person wrote, without unit tests."""
    kept, in_columns = [], False
    for line in text.splitlines():
        if re.match(r"  - name: online_|snapshots:|unit_tests:", line):
            break
        indent = len(line) - len(line.lstrip())
        in_columns = line.startswith("    columns:") or (in_columns and indent > 4)
        if line and not in_columns and not _GENERATED.fullmatch(line):
            kept.append(line)
    return "\n".join(kept) + "\n"


def columns_without_nulls(model: str) -> frozenset[str]:
    """Return the columns of a cleaned model that its YAML tests for nulls."""
    content = yaml.safe_load((REPOSITORY / "models/cleaned/_cleaned.yml").read_text())
    [found] = [one for one in content["models"] if one["name"] == model]
    return frozenset(
        one["name"] for one in found["columns"] if "not_null" in one.get("data_tests", [])
    )


def test_two_versions_of_a_view_are_45_lines() -> None:
    text = (REPOSITORY / "models/features/customer_purchases.yml").read_text()
    assert len(by_hand(text).splitlines()) <= 45


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_rest_follows(path: Path) -> None:
    whole = yaml.safe_load(path.read_text())
    text = by_hand(path.read_text())
    model = whole["models"][0]
    if "aggregates" not in str(model):
        pytest.skip("its columns are described by hand")
    lists = [model.get("columns"), *(one.get("columns") for one in model["versions"])]
    described = {one["name"]: one for columns in lists for one in columns or ()}

    def types(view: View, version: Version) -> Mapping[str, str]:
        return {name: one["data_type"] for name, one in described.items()}

    documented = "".join(one.read_text() for one in REPOSITORY.glob("models/**/*.md"))
    docs = frozenset(re.findall(r"{% docs (\w+) %}", documented))
    packages = frozenset(["dbt_expectations"])
    complete = columns_without_nulls("order_lines")
    snapshots: dict[str, str] = {}
    found = yaml.safe_load(completed(text, types, docs, packages, complete, snapshots))
    names = lambda entries: {one["name"]: one for one in entries}  # noqa: E731
    assert _with_sorted_tests(names(found["models"])) == _with_sorted_tests(names(whole["models"]))
    for name, content in snapshots.items():
        assert content == (REPOSITORY / f"models/online/{name}.yml").read_text()
    assert len(snapshots) == len(model["versions"])


def _with_sorted_tests(models: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return models with their tests in one order."""
    for model in models.values():
        model["data_tests"] = sorted(map(str, model["data_tests"]))
    return models
