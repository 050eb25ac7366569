"""The feature store that the tests of joins share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from feature_store import FeatureStore
from feature_store.dbt.macros import ProjectMacros
from support.projects.history_store import HistoryStore, opened


@pytest.fixture
def store(history: HistoryStore) -> Iterator[FeatureStore]:
    with opened(history.folder) as feature_store:
        yield feature_store


@pytest.fixture(scope="module")
def macros(history: HistoryStore) -> ProjectMacros:
    return ProjectMacros(history.definitions.manifest)
