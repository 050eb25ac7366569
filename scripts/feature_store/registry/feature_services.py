"""Feature services: exposures that pin the features which a model in production uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from feature_store.errors import FeatureStoreError, near_names
from feature_store.registry.definitions import FeatureDefinitions


@dataclass(frozen=True)
class FeatureService:
    """The features that one consumer uses, each with the version it is pinned to.

    Attributes:
        name: the exposure's name.
        description: from the YAML.
        owner: the owner's name.
        features: references with their version, ``customer_purchases:v2:spend_28d``.
    """

    name: str
    description: str
    owner: str
    features: tuple[str, ...]


def feature_service(definitions: FeatureDefinitions, name: str) -> FeatureService:
    """Return the feature service of an exposure.

    Its features are those that ``config.meta.features`` lists, or, where there is no such list, all
    features of the views that the exposure depends on. Versions are those of its ``depends_on``.
    """
    exposures = definitions.manifest.get("exposures", {}).values()
    found = {exposure["name"]: exposure for exposure in exposures}
    if name not in found:
        raise FeatureStoreError(
            f"there is no feature service {name!r}",
            allowed=f"an exposure; {near_names(name, found)}",
            next_step="correct the name; after a new exposure, run dbt parse",
        )
    exposure = found[name]
    used = {*exposure["depends_on"]["nodes"]}
    views = {view.unique_id: view for view in definitions.views if view.unique_id in used}
    if not views:
        raise FeatureStoreError(
            f"exposure {name!r} depends on no feature view",
            next_step="add ref('<view>', v=<version>) to its depends_on",
        )
    listed = _meta(exposure).get("features") or [view.label for view in views.values()]
    if isinstance(listed, str):
        listed = [listed]
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise FeatureStoreError(
            f"exposure {name!r}: config.meta.features is {listed!r}",
            allowed="a list of view:feature, view:v2:feature or view",
            next_step="correct the exposure's YAML, then run dbt parse",
        )
    features: list[str] = []
    for reference in listed:
        features += _pinned(definitions, name, reference, [*views.values()])
    return FeatureService(
        name=name,
        description=(exposure.get("description") or "").strip(),
        owner=(exposure.get("owner") or {}).get("name") or "",
        features=tuple(dict.fromkeys(features)),
    )


def _meta(exposure: dict[str, Any]) -> dict[str, Any]:
    return (exposure.get("config") or {}).get("meta") or exposure.get("meta") or {}


def _pinned(
    definitions: FeatureDefinitions, service: str, reference: str, views: list[Any]
) -> list[str]:
    """Return a listed reference as references with the version that the exposure depends on."""
    name, _, rest = reference.partition(":")
    pinned = [view for view in views if view.name == name]
    versions = {f"v{view.version}" for view in definitions.views if view.name == name}
    if len(pinned) == 1 and ":" not in rest and rest not in versions:
        reference = f"{pinned[0].label}:{rest}" if rest else pinned[0].label
    found = definitions.resolve(reference)
    for _, view, _ in found:
        if view not in views:
            raise FeatureStoreError(
                f"exposure {service!r} lists {reference!r}, but does not depend on {view.label}",
                allowed=", ".join(view.label for view in views),
                next_step=f"add ref('{view.name}', v={view.version}) to its depends_on",
            )
    return [f"{view.label}:{feature.name}" for _, view, feature in found]
