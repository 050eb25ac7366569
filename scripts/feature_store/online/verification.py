"""What an export looks at in the end: a sample of what was sent, and whether the rest is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import duckdb
import redis
from redis.cluster import RedisCluster

from feature_store.definitions import FeatureDefinitions, FeatureView
from feature_store.errors import FeatureStoreError
from feature_store.online.check import check_view
from feature_store.online.check_log import record_check
from feature_store.online.checked_view import check_share
from feature_store.online.columns import EXPORT_ALL
from feature_store.online.export_types import ExportedView, ExportOptions, Watcher
from feature_store.online.keys import metadata_key
from feature_store.online.metadata import Metadata
from feature_store.online.presence import look_for_keys, lost_count, missing_keys
from feature_store.online.routes import route_of
from feature_store.settings import Settings

_MISSING = "the last export found keys missing"


class Verification:
    """The look back of an export over an open warehouse and an open online store.

    Args:
        settings: the project's.
        options: of the export.
        definitions: the project's feature views.
        connection: the warehouse.
        client: the online store.
        watcher: is told of each view that was looked at.
        patiently: calls what asks the servers, again where they are just being replaced.
    """

    def __init__(
        self,
        settings: Settings,
        options: ExportOptions,
        definitions: FeatureDefinitions,
        connection: duckdb.DuckDBPyConnection,
        client: redis.Redis | RedisCluster,
        watcher: Watcher,
        patiently: Callable[[Callable[[], Any]], Any],
    ):
        self._settings, self._prefix = settings, settings.prefix
        self._options, self._definitions = options, definitions
        self._connection, self._client, self._watcher = connection, client, watcher
        self._patiently = patiently

    def verify(self, exported: list[ExportedView]) -> list[ExportedView]:
        """Read a sample of what was exported back, and compare it with the warehouse.

        Raises:
            FeatureStoreError: too much of it differs; then the next export sends everything.
        """
        sample, results = self._options.sample, []
        for one in exported:
            if sample is None or (sample and one.rows + one.deleted):
                check = partial(
                    check_view,
                    *(self._connection, self._client, self._prefix, self._definitions, one.view),
                    sample=sample,
                )
                one = replace(one, checked=self._patiently(check))
                record_check(self._settings, one.checked, by="export")
                if one.checked.share > self._options.max_mismatch:
                    self._write(one.view, {"disturbed": "the last check found differences"})
                self._watcher.finished(one)
            results.append(one)
        try:
            check_share([one.checked for one in results if one.checked], self._options.max_mismatch)
        except FeatureStoreError as error:
            what = f"{error.what}\n{self._lost()}"
            raise FeatureStoreError(
                what, allowed=error.allowed, next_step=error.next_step
            ) from error
        return self._look_for(results) if sample != 0 else results

    def _look_for(self, exported: list[ExportedView]) -> list[ExportedView]:
        """Look for keys of the views to which nothing was sent, and compare the number of keys.

        Raises:
            FeatureStoreError: keys are missing; then the next export sends these views whole.
        """
        results, lost = [], []
        for one in exported:
            if one.checked is None:
                look = partial(
                    look_for_keys, self._connection, self._client, self._prefix, one.view
                )
                presence = self._patiently(look)
                one = replace(one, looked=presence.looked, missing=presence.missing)
                if presence.missing:
                    self._write(one.view, {"disturbed": _MISSING})
                    lost.append(
                        f"{one.view.label}: {presence.missing:,} of {presence.looked:,} keys that "
                        f"were looked for are not online, such as {presence.example}"
                    )
                self._watcher.finished(one)
            results.append(one)
        expected, missing = self._patiently(self._missing_keys)
        if missing and not lost:
            lost.append(f"at least {missing:,} of {expected:,} keys are not on the server any more")
        if lost:
            raise FeatureStoreError(
                "\n".join([*lost, self._lost()]),
                next_step=f"{EXPORT_ALL}; where keys were evicted, give the server more memory or "
                "maxmemory-policy noeviction first",
            )
        return results

    def _lost(self) -> str:
        evicted, expired = self._patiently(lambda: lost_count(route_of(self._client)))
        return (
            f"since it was started, the server has evicted {evicted:,} keys and let {expired:,} "
            "expire, of all programs"
        )

    def _missing_keys(self) -> tuple[int, int]:
        read = partial(Metadata.read, self._client, self._prefix)
        exported = [(view, read(view)) for view in self._definitions.views]
        return missing_keys(route_of(self._client), exported)

    def _write(self, view: FeatureView, fields: dict[str, str]) -> None:
        self._client.hset(metadata_key(self._prefix, view), mapping=fields)
