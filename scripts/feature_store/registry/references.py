"""What a user asks of either store: features, and how old they may be."""

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
    """Return references to features as they are listed, or as a feature service pins them.

    Args:
        definitions: the project's feature views.
        features: a list of references, or the name of a feature service (exposure).

    Raises:
        FeatureStoreError: it is neither, or there is no such feature service.
    """
    if not isinstance(features, (str, list, tuple, set, dict)):
        raise FeatureStoreError(f"features is {features!r}", allowed=FEATURES)
    if isinstance(features, str):
        return feature_service(definitions, features).features
    if not features:
        raise no_features()
    return tuple(features)


def no_features() -> FeatureStoreError:
    """Return the error for a request without features."""
    return FeatureStoreError("no features are asked for", allowed=FEATURES)


def max_ages(view_names: Iterable[str], max_age: str | Mapping[str, str] | None) -> dict[str, str]:
    """Return the durations beyond which features are null, by view name.

    Args:
        view_names: the views that are asked for.
        max_age: a duration for all of them, or one by the view's name.

    Raises:
        FeatureStoreError: a name is not asked for, or something is no duration.
    """
    names = {*view_names}
    if not isinstance(max_age, (str, Mapping, type(None))):
        raise FeatureStoreError(
            f"max_age: {max_age!r}", allowed="a duration such as 28d, or one by the view's name"
        )
    ages = dict.fromkeys(names, max_age) if isinstance(max_age, str) else dict(max_age or {})
    for name, age in ages.items():
        if name not in names:
            raise FeatureStoreError(
                f"max_age: no features of {name!r} are asked for", allowed=near_names(name, names)
            )
        duration_seconds(age)
    return ages
