"""The keys of an entity, from the text that a person gives for its id."""

from __future__ import annotations

from feature_store.errors import FeatureStoreError, near_names
from feature_store.registry.definitions import FeatureView


def entity_mapping(views: list[FeatureView], entity: str, entity_id: str) -> dict[str, str]:
    """Return an entity's keys with their ids, as text.

    Args:
        views: the feature views that may be meant.
        entity: ``customer``, or ``customer|store`` for a composite key.
        entity_id: the id; those of a composite key are joined with ``|``, which stands as ``%7C``
            inside one of them, and ``%`` as ``%25``, as in Redis keys.

    Raises:
        FeatureStoreError: none of the views has such an entity, or the number of ids is wrong.
    """
    keys = next((view.entity for view in views if view.entity_name == entity), None)
    if keys is None:
        raise FeatureStoreError(
            f"there is no entity {entity!r}" + (f" in {views[0].label}" if len(views) == 1 else ""),
            allowed=near_names(entity, {view.entity_name for view in views}),
        )
    ids = [entity_id]
    if len(keys) > 1:
        parts = entity_id.split("|")
        ids = [part.replace("%7C", "|").replace("%25", "%") for part in parts]
    if len(ids) != len(keys):
        raise FeatureStoreError(
            f"id {entity_id!r} has {len(ids)} part" + ("s" if len(ids) > 1 else ""),
            allowed=f"{len(keys)}: {'|'.join(key.name for key in keys)}",
        )
    return {key.name: text for key, text in zip(keys, ids, strict=True)}
