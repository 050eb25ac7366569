"""Makes the query of a point-in-time join with the project's own macro."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from feature_store.dbt.macros import ProjectMacros, Relation
from feature_store.errors import FeatureStoreError, option
from feature_store.historical.spine import SPINE
from feature_store.registry.definitions import Feature, FeatureDefinitions, FeatureView
from feature_store.registry.references import max_ages, no_features, references

Mode: TypeAlias = Literal["as_recomputed", "as_served"]
MODES = ("as_recomputed", "as_served")


@dataclass(frozen=True)
class JoinedView:
    """A feature view in a join."""

    view: FeatureView
    features: tuple[Feature, ...]
    max_age: str | None = None


@dataclass(frozen=True)
class Join:
    """The feature views to join to a spine, and the options of the join."""

    views: tuple[JoinedView, ...]
    mode: Mode = "as_recomputed"
    full_feature_names: bool = False

    def prefix(self, view: FeatureView) -> str:
        """Return the prefix of the column names of a view's features."""
        return f"{view.name}_v{view.version}__" if self.full_feature_names else ""

    @property
    def columns(self) -> dict[str, tuple[FeatureView, Feature]]:
        """The feature columns of the result, in order, each with its view and feature."""
        return {
            self.prefix(joined.view) + feature.name: (joined.view, feature)
            for joined in self.views
            for feature in joined.features
        }

    def check_names(self, spine_columns: Sequence[str]) -> None:
        """Check that the columns of the result have different names."""
        names = [
            (self.prefix(joined.view) + feature.name).lower()
            for joined in self.views
            for feature in joined.features
        ]
        names += [name.lower() for name in spine_columns]
        twins = sorted({name for name in names if names.count(name) > 1})
        if twins:
            raise FeatureStoreError(
                f"columns would occur twice in the result: {', '.join(twins)}",
                next_step=f"pass {option('full_feature_names')}, or rename the column of the spine",
            )

    def sql(self, macros: ProjectMacros, time: str) -> str:
        """Return the query over a spine that can be read as ``_given_spine``."""
        self.check_names([])  # The macro checks too, but cannot suggest full_feature_names.
        return macros.point_in_time_join(
            Relation(SPINE, SPINE),
            [
                {
                    "features": _relation(joined.view, self.mode),
                    "entity": [key.name for key in joined.view.entity],
                    "select": [feature.name for feature in joined.features],
                    "prefix": self.prefix(joined.view),
                    "max_age": joined.max_age,
                }
                for joined in self.views
            ],
            time=time,
            mode=self.mode,
        )


def _relation(view: FeatureView, mode: Mode) -> Relation:
    if mode == "as_recomputed":
        return Relation(view.relation, f"{view.name}_v{view.version}")
    if view.served_relation is None:
        raise FeatureStoreError(
            f"feature view {view.label} is not served: there is no snapshot of it",
            next_step=f"use {option('mode', repr('as_recomputed'))}, or add an online view and a "
            "snapshot",
        )
    return Relation(view.served_relation, f"served_{view.name}_v{view.version}")


def make_join(
    definitions: FeatureDefinitions,
    features: Sequence[str] | str,
    *,
    mode: Mode = "as_recomputed",
    max_age: str | Mapping[str, str] | None = None,
    full_feature_names: bool = False,
) -> Join:
    """Return the join of the requested features.

    Args:
        definitions: the project's feature views.
        features: references, or the name of a feature service.
        mode: ``as_recomputed`` or ``as_served``.
        max_age: a duration for all views, or one by the view's name.
        full_feature_names: whether columns are named ``<view>_v<n>__<feature>``.

    Raises:
        FeatureStoreError: a feature, mode or age is unknown or not allowed.
    """
    if mode not in MODES:
        raise FeatureStoreError(
            f"mode {mode!r} is not known", allowed=" or ".join(MODES), next_step="pass one of them"
        )
    chosen: dict[FeatureView, dict[str, Feature]] = {}
    for reference in references(definitions, features):
        for _, view, feature in definitions.resolve(reference):
            chosen.setdefault(view, {})[feature.name] = feature
    if not chosen:
        raise no_features()
    ages = max_ages((view.name for view in chosen), max_age)
    views = tuple(
        JoinedView(view, tuple(found.values()), ages.get(view.name))
        for view, found in chosen.items()
    )
    return Join(views, mode, full_feature_names)
