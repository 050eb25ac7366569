"""``FeatureStore``: reads the features of a dbt project, online and historical."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import redis

from feature_store.dbt.macros import ProjectMacros
from feature_store.historical.join import Mode, make_join
from feature_store.historical.result import HistoricalFeatures
from feature_store.online.connection.event_loops import AsyncStores, embedded_async_store
from feature_store.online.connection.open import clear_errors, open_async_store, open_online_store
from feature_store.online.layout.keys import KeySpace, key_space
from feature_store.online.read.get import get_online_features, get_online_features_async
from feature_store.online.read.request import OnlineRequest, resolve_request
from feature_store.online.read.result import OnlineFeatures
from feature_store.registry.definitions import FeatureDefinitions, FeatureView, load_definitions
from feature_store.registry.deprecation import check_deprecation
from feature_store.registry.feature_services import FeatureService, feature_service
from feature_store.settings import load_settings

if TYPE_CHECKING:
    from feature_store.historical.spine import SpineSource
    from feature_store.online.connection.online_store import AsyncOnlineStore, OnlineStore
    from feature_store.online.read.entities import Entities

#: What reading from the online store may raise; ``clear_errors`` explains it.
_STORE_ERRORS = (redis.RedisError, redis.RedisClusterException, OSError, UnicodeDecodeError)


class FeatureStore:
    """The features of a dbt project.

    Example:
        >>> store = FeatureStore()
        >>> features = store.get_online_features(
        ...     entities=[{"customer_id": 1029}], features=["customer_purchases:spend_28d"]
        ... )
        >>> features.to_pandas()

    Args:
        target: a target of ``profiles.yml``; default ``DBT_TARGET``, then the profile's own.
        project_dir: the dbt project; by default the one around the working directory.
    """

    def __init__(self, target: str | None = None, project_dir: Path | str | None = None):
        self.settings = load_settings(target, Path(project_dir) if project_dir else None)
        self.definitions: FeatureDefinitions = load_definitions(
            self.settings.target_path / "manifest.json",
            self.settings.project_name,
            self.settings.operations_schema,
        )
        self._connecting = Lock()
        self._async_stores = AsyncStores()
        self._open = ExitStack()
        # A store that is not closed leaves no embedded server behind either.
        weakref.finalize(self, self._open.close)
        self._online_store: OnlineStore | None = None

    def __enter__(self) -> FeatureStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> FeatureStore:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def close(self) -> None:
        """Close the connections to the online store; the next read opens one again."""
        with self._connecting:
            self._online_store = None
            self._open.close()
        self._async_stores.forget_closed()

    async def aclose(self) -> None:
        """Close the connections of the running event loop, and the others when it was the last."""
        await self._async_stores.aclose()
        if not self._async_stores:
            await asyncio.to_thread(self.close)

    @property
    def feature_views(self) -> list[FeatureView]:
        """Every version of every feature view, by name."""
        return self.definitions.views

    @cached_property
    def macros(self) -> ProjectMacros:
        """The project's macros, which make the SQL of joins."""
        cache = self.settings.target_path / "compiled_macros"
        return ProjectMacros(self.definitions.manifest, cache)

    def feature_service(self, name: str) -> FeatureService:
        """Return the features that an exposure pins.

        Raises:
            FeatureStoreError: there is no such exposure; lists the near names.
        """
        return feature_service(self.definitions, name)

    def get_historical_features(
        self,
        spine: SpineSource,
        features: Sequence[str] | str,
        *,
        time: str = "label_time",
        mode: Mode = "as_recomputed",
        max_age: str | Mapping[str, str] | None = None,
        full_feature_names: bool = False,
        allow_deprecated: bool = False,
        progress: bool | None = None,
    ) -> HistoricalFeatures:
        """Join features to rows of entities and times, as of each row's time.

        The same macro makes the SQL as in a dbt model with ``point_in_time_join``.

        Example:
            >>> features = store.get_historical_features(labels, ["customer_purchases:spend_28d"])
            >>> features.to_pandas()

        Args:
            spine: rows with the keys of the features and a time: a pandas or Arrow table, the path
                of a Parquet or CSV file, or a SQL query on the warehouse. All columns are kept.
            features: ``view:feature``, ``view:v2:feature``, or ``view`` for all of its features;
                without a version the latest is meant. Or the name of a feature service (exposure).
            time: the spine's time column; without a zone it is UTC. Events at or after it are never
                seen.
            mode: ``as_recomputed`` uses today's data, late corrections included; ``as_served`` the
                values that the online store had then, from the snapshots.
            max_age: duration such as ``28d``, for all views or by view name: features that are
                older at the row's time are null.
            full_feature_names: name columns ``<view>_v<n>__<feature>``, not ``<feature>``.
            allow_deprecated: read versions past their deprecation date, with a warning.
            progress: show progress on stderr; by default where it is a terminal.

        Returns:
            Rows in the spine's order, one for each, computed when ``to_arrow``, ``to_pandas``,
            ``to_batches`` or ``to_parquet`` is called.

        Raises:
            FeatureStoreError: a feature is unknown, or the spine lacks the time or a key, or has a
                wrong type there.
        """
        join = make_join(
            self.definitions,
            features,
            mode=mode,
            max_age=max_age,
            full_feature_names=full_feature_names,
        )
        check_deprecation((joined.view for joined in join.views), allow_deprecated=allow_deprecated)
        return HistoricalFeatures(self.settings, self.macros, spine, time, join, progress=progress)

    def get_online_features(
        self,
        entities: Entities,
        features: Sequence[str] | str,
        *,
        max_age: str | Mapping[str, str] | None = None,
        at: datetime | str | None = None,
        allow_deprecated: bool = False,
    ) -> OnlineFeatures:
        """Read the latest features of entities from the online store, in one round trip.

        The connection is opened by the first call and kept.

        Args:
            entities: one mapping of key column to id a row, or a pandas or Arrow table.
            features: ``view:feature``, ``view:v2:feature``, or ``view`` for all of its features;
                without a version the latest is meant. Or the name of a feature service (exposure).
            max_age: duration such as ``28d``, for all views or by view name: features that are
                older at the time ``at`` are null, as in :meth:`get_historical_features`.
            at: that time, by default now; without a zone it is UTC.
            allow_deprecated: read versions past their deprecation date, with a warning.

        Returns:
            One row for each entity, in order; values are int, Decimal, float, bool, str, date or
            datetime (UTC) by the feature's SQL type. ``statuses`` has the reason of each null.

        Raises:
            FeatureStoreError: a view or feature is unknown, an entity lacks a key, or the server
                does not reply.
        """
        request = self._resolve(features, allow_deprecated)
        try:
            store = self._online_store or self._connect()
            return get_online_features(store, request, entities, max_age=max_age, at=at)
        except _STORE_ERRORS as error:
            self._close_broken(error)
            with clear_errors(self.settings):
                raise

    async def get_online_features_async(
        self,
        entities: Entities,
        features: Sequence[str] | str,
        *,
        max_age: str | Mapping[str, str] | None = None,
        at: datetime | str | None = None,
        allow_deprecated: bool = False,
    ) -> OnlineFeatures:
        """Do as :meth:`get_online_features` without blocking the event loop.

        Each event loop has connections of its own. ``async with FeatureStore() as store``, or
        :meth:`aclose`, closes them.
        """
        request = self._resolve(features, allow_deprecated)
        try:
            store = self._async_stores.get() or await self._connect_async()
            return await get_online_features_async(store, request, entities, max_age=max_age, at=at)
        except _STORE_ERRORS as error:
            # With REDIS_URL the other connections stay open: other tasks may be reading over them.
            if not self.settings.redis_url:
                self._close_broken(error)
            with clear_errors(self.settings):
                raise

    def _resolve(self, features: Sequence[str] | str, allow_deprecated: bool) -> OnlineRequest:
        request = resolve_request(self.definitions, self._keys, features)
        if request.deprecated:
            check_deprecation(request.deprecated, allow_deprecated=allow_deprecated)
        return request

    @property
    def _keys(self) -> KeySpace:
        return key_space(self.settings.prefix)

    def _connect(self) -> OnlineStore:
        with self._connecting:
            if self._online_store is None:
                store = self._open.enter_context(open_online_store(self.settings))
                if not self.settings.redis_url:
                    self._open.callback(self._async_stores.shut_down)
                self._online_store = store
            return self._online_store

    async def _connect_async(self) -> AsyncOnlineStore:
        if self.settings.redis_url:
            return self._async_stores.keep(open_async_store(self.settings))
        # In a thread, as the start of the embedded server takes a while.
        server = await asyncio.to_thread(self._connect)
        # Another task may have connected meanwhile.
        stores = self._async_stores
        return stores.get() or stores.keep(embedded_async_store(server.client))

    def _close_broken(self, error: Exception) -> None:
        if isinstance(error, (redis.ConnectionError, redis.TimeoutError)):
            self.close()
