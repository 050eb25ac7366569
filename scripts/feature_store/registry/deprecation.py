"""Warns about deprecated feature view versions, and refuses expired ones."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from datetime import UTC, date, datetime

from feature_store.errors import FeatureStoreError, option
from feature_store.registry.definitions import FeatureView


class DeprecatedFeatureViewWarning(FutureWarning):
    """A version of a feature view that has a ``deprecation_date`` is read."""


def check_deprecation(
    views: Iterable[FeatureView], *, allow_deprecated: bool = False, today: date | None = None
) -> None:
    """Warn about each view that has a deprecation date, and refuse views past their date.

    ``FEATURE_STORE_ALLOW_DEPRECATED=1`` in the environment allows them too, so that a service can
    go on before anybody can change its code.
    """
    day = today or datetime.now(UTC).date()
    allowed = allow_deprecated or os.environ.get("FEATURE_STORE_ALLOW_DEPRECATED") == "1"
    for view in dict.fromkeys(views):
        last = view.deprecation_date
        if last is None:
            continue
        if day <= last:
            message = f"feature view {view.label} is deprecated and may be read until {last}"
        elif allowed:
            message = f"feature view {view.label} should not be read any more since {last}"
        else:
            raise FeatureStoreError(
                f"feature view {view.label} should not be read any more: its deprecation date was "
                f"{last}",
                next_step=f"use another version, or allow it ({option('allow_deprecated')}, or "
                "FEATURE_STORE_ALLOW_DEPRECATED=1)",
            )
        warnings.warn(message, DeprecatedFeatureViewWarning, stacklevel=3)
