"""Reads references to features and their greatest ages, for the online and historical store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from feature_store.errors import FeatureStoreError, near_names
from feature_store.registry.definitions import FeatureDefinitions, duration_seconds
from feature_store.registry.feature_services import feature_service

FEATURES = (
    "a list of view:feature, view:v2:feature, or view for all of its features; or the name of a "
    "feature service"
)


def references(definitions: FeatureDefinitions, features: Sequence[str] | str) -> tuple[Any, ...]:
    """Return the listed references to features, or those that a feature service pins."""
    if not isinstance(features, (str, list, tuple, set, dict)):
        raise FeatureStoreError(
            f"features is {features!r}", allowed=FEATURES, next_step="pass one of these"
        )
    if isinstance(features, str):
        return feature_service(definitions, features).features
    if not features:
        raise no_features()
    return tuple(features)


def no_features() -> FeatureStoreError:
    """Return the error for a request without features."""
    return FeatureStoreError(
        "no features are requested", allowed=FEATURES, next_step="name at least one feature"
    )


def max_ages(view_names: Iterable[str], max_age: str | Mapping[str, str] | None) -> dict[str, str]:
    """Return the durations beyond which features are null, by view name."""
    names = {*view_names}
    if not isinstance(max_age, (str, Mapping, type(None))):
        raise FeatureStoreError(
            f"max_age: {max_age!r} is not a duration",
            allowed="a duration such as 28d, or one by the view's name",
            next_step="pass one of these, or nothing for any age",
        )
    ages = dict.fromkeys(names, max_age) if isinstance(max_age, str) else dict(max_age or {})
    for name, age in ages.items():
        if name not in names:
            raise FeatureStoreError(
                f"max_age: no features of {name!r} are requested",
                allowed=near_names(name, names),
                next_step="correct the name of the view",
            )
        duration_seconds(age)
    return ages
