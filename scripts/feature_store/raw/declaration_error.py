"""The error for a source table that is declared wrongly in the YAML."""

from __future__ import annotations

from feature_store.errors import FeatureStoreError


def declaration_error(what: str, allowed: str) -> FeatureStoreError:
    """Return the error for a wrong declaration."""
    return FeatureStoreError(
        what, allowed=allowed, next_step="correct the declaration (see docs/operate/load_raw.md)"
    )
