"""The last step of an export: read a sample of the rows back, and search for lost keys."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from feature_store.errors import FeatureStoreError
from feature_store.online.check.check import check_view
from feature_store.online.check.check_log import record_check
from feature_store.online.check.findings import check_share
from feature_store.online.check.lost_keys import lost_count, missing_keys, sample_keys
from feature_store.online.export.options import ExportContext, ExportedView
from feature_store.online.layout.decode import EXPORT_ALL

_MISSING = "the last export found keys missing"
_DIFFERENT = "the last check found differences"


class Verification:
    """The verification of an export, over its open warehouse and its open online store."""

    def __init__(self, context: ExportContext):
        self._context, self._connection = context, context.connection
        self._store, self._retry = context.store, context.store.retry

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
            what = f"{error.what}\n{self._lost_keys()}"
            raise FeatureStoreError(
                what, allowed=error.allowed, next_step=error.next_step
            ) from error
        return self._check_keys(results) if sample != 0 else results

    def _check(self, one: ExportedView, sample: int | None) -> ExportedView:
        """Compare a sample of a view; if it differs, the next export sends everything."""
        context = self._context
        check = partial(check_view, self._connection, self._store, context.definitions)
        checked = self._retry(partial(check, one.view, sample=sample))
        record_check(context.settings, checked, by="export")
        if checked.share > context.options.max_mismatch:
            self._store.write_metadata(one.view, {"disturbed": _DIFFERENT})
        one = replace(one, checked=checked)
        context.progress.view_finished(one)
        return one

    def _check_keys(self, exported: list[ExportedView]) -> list[ExportedView]:
        """Read the state of keys of the views to which nothing was sent, and count all keys.

        Raises:
            FeatureStoreError: keys are missing; then the next export sends these views whole.
        """
        results, lost = [], []
        for one in exported:
            if one.checked is None:
                sample = self._retry(partial(sample_keys, self._connection, self._store, one.view))
                one = replace(one, sampled=sample.count, missing=sample.missing)
                if sample.missing:
                    self._store.write_metadata(one.view, {"disturbed": _MISSING})
                    lost.append(
                        f"{one.view.label}: {sample.missing:,} of {sample.count:,} keys that "
                        f"were checked are not online, such as {sample.example}"
                    )
                self._context.progress.view_finished(one)
            results.append(one)
        count = partial(missing_keys, self._store, self._context.definitions.views)
        expected, missing = self._retry(count)
        if missing and not lost:
            lost.append(f"at least {missing:,} of {expected:,} keys are not on the server any more")
        if lost:
            raise FeatureStoreError(
                "\n".join([*lost, self._lost_keys()]),
                next_step=f"{EXPORT_ALL}; where keys were evicted, give the server more memory or "
                "maxmemory-policy noeviction first",
            )
        return results

    def _lost_keys(self) -> str:
        evicted, expired = self._retry(partial(lost_count, self._store.topology))
        return (
            f"since it was started, the server has evicted {evicted:,} keys and let {expired:,} "
            "expire, of all programs"
        )
