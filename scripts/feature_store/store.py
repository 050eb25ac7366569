"""The feature store as a notebook sees it."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import redis

from feature_store.definitions import FeatureDefinitions, FeatureView, load_definitions
from feature_store.online.connection import clear_errors, open_online_store
from feature_store.online.read import OnlineFeatures, get_online_features
from feature_store.settings import load_settings


class FeatureStore:
    """The features of a dbt project.

    Example:
        >>> store = FeatureStore()
        >>> answer = store.get_online_features(
        ...     entities=[{"customer_id": 1029}], features=["customer_purchases:spend_28d"]
        ... )
        >>> answer.to_pandas()

    Args:
        target: a target of ``profiles.yml``; default ``DBT_TARGET``, then the profile's own.
        project_dir: the dbt project; by default the one around the working directory.
    """

    def __init__(self, target: str | None = None, project_dir: Path | str | None = None):
        self.settings = load_settings(target, Path(project_dir) if project_dir else None)
        self.definitions: FeatureDefinitions = load_definitions(
            self.settings.target_path / "manifest.json"
        )
        self._open = ExitStack()
        # Who does not close the store leaves no embedded server behind either.
        weakref.finalize(self, self._open.close)
        self._client: redis.Redis | None = None

    def __enter__(self) -> FeatureStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection to the online store; the next read opens it again."""
        self._open.close()
        self._client = None

    @property
    def feature_views(self) -> list[FeatureView]:
        """Every version of every feature view, by name."""
        return self.definitions.views

    def get_online_features(
        self, entities: Sequence[Mapping[str, Any]], features: Sequence[str]
    ) -> OnlineFeatures:
        """Read the latest features of entities from the online store, in one round trip.

        The connection is opened by the first call and kept.

        Args:
            entities: one mapping of key column to id a row, ``df.to_dict("records")`` for instance.
            features: ``view:feature``, ``view:v2:feature``, or ``view`` for all of its features;
                without a version the latest is meant.

        Returns:
            One row an entity, in order; values are int, Decimal, float, bool, str, date or datetime
            (UTC) by the feature's SQL type.

        Raises:
            FeatureStoreError: an unknown view or feature (lists the near names), an entity that
                lacks a key, or no answer from the server.
        """
        if self._client is None:
            self._client = self._open.enter_context(open_online_store(self.settings))
        with clear_errors(self.settings):
            try:
                return get_online_features(
                    self._client, self.settings.prefix, self.definitions, entities, features
                )
            except (redis.ConnectionError, redis.TimeoutError):
                self.close()
                raise
