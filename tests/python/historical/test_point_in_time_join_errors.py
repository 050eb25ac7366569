"""Errors of ``point_in_time_join``: one message that lists each with its place."""

from __future__ import annotations

import pytest

from feature_store.dbt.macros import ProjectMacros, Relation
from feature_store.errors import FeatureStoreError
from support.projects.history_store import HistoryStore


def test_all_errors_are_reported_at_once(history: HistoryStore):
    join = ProjectMacros(history.definitions.manifest).point_in_time_join
    good = {"features": Relation("features.a", "a"), "entity": ["k"]}
    views = [
        {**good, "max_age": 0, "prefix": "a-b", "windows": 1},
        {**good, "features": "a", "entity": "k", "max_age": "1 day", "select": []},
        {**good, "entity": {"k": 1}, "max_age": ""},
        {**good, "select": ["x", "y"]},
        {**good, "select": ["X"], "prefix": None, "max_age": None},
        "a",
        {},
    ]
    with pytest.raises(FeatureStoreError) as caught:
        join("labels", views, time="", mode="served")
    errors = caught.value.what.splitlines()
    assert errors[0] == f"point_in_time_join: {len(errors) - 1} errors"
    places = [error.removeprefix("  - ").split(":")[0] for error in errors[1:]]
    assert sorted(places) == sorted(
        ["mode", "time", "feature_views"]
        + ["feature_views[0]", "feature_views[0].prefix", "feature_views[0].max_age"]
        + [f"feature_views[1].{name}" for name in ("features", "entity", "select", "max_age")]
        + [f"feature_views[2].{name}" for name in ("entity", "max_age")]
        + ["feature_views[5]", *["feature_views[6]"] * 2]
    )
    assert "feature_views: x occurs twice. Next: give one of the views a prefix" in str(
        caught.value
    )
    for views in ([], "a", {"a": 1}, None):
        with pytest.raises(FeatureStoreError, match="feature_views: a list of mappings such as"):
            join("labels", views)
