"""The last step of an export: read a sample of the rows back, and look for lost keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from feature_store.errors import FeatureStoreError
from feature_store.online.check.check import check_view
from feature_store.online.check.findings import check_share
from feature_store.online.check.log import record_check
from feature_store.online.check.lost_keys import look_for_keys, lost_count, missing_keys
from feature_store.online.connection.topology import route_of
from feature_store.online.export.options import ExportContext, ExportedView
from feature_store.online.layout.decode import EXPORT_ALL
from feature_store.online.layout.keys import metadata_key
from feature_store.online.layout.metadata import Metadata
from feature_store.registry.definitions import FeatureView

_MISSING = "the last export found keys missing"


class Verification:
    """The verification of an export, over its open warehouse and its open online store.

    Args:
        context: of the export; its watcher is told of each view that was verified.
        patiently: calls what asks the servers, again where they are just being replaced.
    """

    def __init__(self, context: ExportContext, patiently: Callable[[Callable[[], Any]], Any]):
        self._context, self._prefix = context, context.settings.prefix
        self._connection, self._client = context.connection, context.client
        self._patiently = patiently

    def verify(self, exported: list[ExportedView]) -> list[ExportedView]:
        """Read a sample of what was exported back, and compare it with the warehouse.

        Raises:
            FeatureStoreError: too much of it differs; then the next export sends everything.
        """
        sample, allowed = self._context.options.sample, self._context.options.max_mismatch
        results = []
        for one in exported:
            if sample is None or (sample and one.rows + one.deleted):
                one = self._check(one, sample)
            results.append(one)
        try:
            check_share([one.checked for one in results if one.checked], allowed)
        except FeatureStoreError as error:
            what = f"{error.what}\n{self._lost()}"
            raise FeatureStoreError(
                what, allowed=error.allowed, next_step=error.next_step
            ) from error
        return self._look_for(results) if sample != 0 else results

    def _check(self, one: ExportedView, sample: int | None) -> ExportedView:
        """Compare a sample of a view, and note it where the next export has to send everything."""
        context = self._context
        check = partial(
            check_view, context.connection, context.client, self._prefix, context.definitions
        )
        checked = self._patiently(partial(check, one.view, sample=sample))
        record_check(context.settings, checked, by="export")
        if checked.share > context.options.max_mismatch:
            self._write(one.view, {"disturbed": "the last check found differences"})
        one = replace(one, checked=checked)
        context.watcher.finished(one)
        return one

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
                self._context.watcher.finished(one)
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
        exported = [(view, read(view)) for view in self._context.definitions.views]
        return missing_keys(route_of(self._client), exported)

    def _write(self, view: FeatureView, fields: dict[str, str]) -> None:
        self._client.hset(metadata_key(self._prefix, view), mapping=fields)
