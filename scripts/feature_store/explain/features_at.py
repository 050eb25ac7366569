"""All features of an entity as of any time, as recomputed and as served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import duckdb

from feature_store.errors import FeatureStoreError
from feature_store.explain.explanation import same_value
from feature_store.explain.manifest_nodes import definitions_of
from feature_store.explain.view_rows import ViewRow, entity_ids, recomputed_row, served_row
from feature_store.registry.definitions import FeatureDefinitions, FeatureView
from feature_store.warehouse.errors import clear_errors

if TYPE_CHECKING:
    from feature_store.store import FeatureStore


@dataclass(frozen=True)
class FeatureAt:
    """One feature of an entity at a time, in both modes. All times are UTC.

    Attributes:
        reference: the feature, as requested.
        view: label of its view, such as ``customer_purchases:v2``.
        recomputed: the value with all that is known today; None is a null, or no row.
        feature_time: of the row with that value; None where there is no row.
        served: the value that was served then; None is a null, or nothing was served.
        served_feature_time: of the served row; None where nothing was served.
        served_from: when that row began to be served.
        served_to: until when it was served; None where it still is, or nothing was served.
    """

    reference: str
    view: str
    recomputed: Any
    feature_time: datetime | None
    served: Any
    served_feature_time: datetime | None
    served_from: datetime | None
    served_to: datetime | None

    @property
    def status(self) -> str:
        """What the two modes say: ``same``, ``differs``, ``not served`` or ``no row``.

        ``not served`` is a value that nobody could read then, ``no row`` is nothing at all. Where
        something was served and the table has no row, the modes differ.
        """
        if self.served_from is None:
            return "no row" if self.feature_time is None else "not served"
        if self.feature_time is None or not same_value(self.recomputed, self.served):
            return "differs"
        return "same"


@clear_errors()
def features_at(
    store: FeatureStore | FeatureDefinitions,
    connection: duckdb.DuckDBPyConnection,
    entity: Mapping[str, Any],
    at: datetime,
    features: Sequence[str] | None = None,
) -> list[FeatureAt]:
    """Return the features of one entity as of a time, as recomputed and as served.

    Args:
        store: the feature store, or its definitions.
        connection: the warehouse (``feature_store.warehouse.connection.connect``).
        entity: the id by key column, such as ``{"customer_id": 1029}``.
        at: the time; without a zone it is UTC.
        features: references such as ``customer_purchases:spend_28d`` or ``customer_purchases:v1``;
            None: the latest version of every view of the entity.

    Raises:
        FeatureStoreError: a feature is unknown, no view has such an entity, an id is not of its
            type, or dbt has not built what the project describes.
    """
    definitions = definitions_of(store)
    if features is None:
        features = [view.name for view in _views_of(definitions, entity)]
    elif isinstance(features, str):
        features = [features]
    rows: dict[str, tuple[ViewRow | None, ViewRow | None]] = {}
    result: dict[str, FeatureAt] = {}
    for requested in features:
        for reference, view, feature in definitions.resolve(requested):
            if view.label not in rows:
                ids = entity_ids(view, entity)
                rows[view.label] = (
                    recomputed_row(connection, view, ids, at),
                    served_row(connection, view, ids, at),
                )
            row, served = rows[view.label]
            result[reference] = FeatureAt(
                reference=reference,
                view=view.label,
                recomputed=row.values[feature.name] if row else None,
                feature_time=row.feature_time if row else None,
                served=served.values[feature.name] if served else None,
                served_feature_time=served.feature_time if served else None,
                served_from=served.served_from if served else None,
                served_to=served.served_to if served else None,
            )
    return list(result.values())


def _views_of(definitions: FeatureDefinitions, entity: Mapping[str, Any]) -> list[FeatureView]:
    """Return the latest version of each view with exactly these keys."""
    latest = [view for view in definitions.views if view.is_latest]
    found = [view for view in latest if {key.name for key in view.entity} == set(entity)]
    if not found:
        known = {", ".join(key.name for key in view.entity) for view in latest}
        raise FeatureStoreError(
            f"no feature view has the entity {', '.join(map(str, entity))}",
            allowed="; ".join(sorted(known)),
            next_step="pass an id for each of these keys, and for no other",
        )
    return found
