"""Reads the texts of command-line arguments: an interval, a sample size, an entity's id."""

from __future__ import annotations

from datetime import datetime

from feature_store.errors import FeatureStoreError, near_names
from feature_store.registry.definitions import FeatureView
from feature_store.times import read_time


def read_sample(option: str, text: str, *, least: int = 1) -> int | None:
    """Return the number of entities that an option gives, ``least`` or more; None for ``all``."""
    if text == "all":
        return None
    if text.isascii() and text.isdecimal() and int(text) >= least:
        return int(text)
    number = "a number of entities" + (f", {least} or more" if least else "")
    raise FeatureStoreError(
        f"{option}: {text!r} is not a number of entities",
        allowed=f"{number}, or all",
        next_step=f"give {option} 10000, for instance, or leave it out",
    )


def read_interval(start: str | None, end: str | None) -> tuple[datetime | None, datetime | None]:
    """Read ``--start`` and ``--end`` as naive UTC; None for one that was not given."""
    times = [
        read_time(option, text).replace(tzinfo=None) if text is not None else None
        for option, text in (("--start", start), ("--end", end))
    ]
    if times[0] and times[1] and times[0] >= times[1]:
        raise FeatureStoreError(
            f"--start {start} is not before --end {end}",
            allowed="an interval with start < end; the end is not part of it",
            next_step="give a later --end; for a whole day, the day after it",
        )
    return times[0], times[1]


def read_entity(views: list[FeatureView], entity: str, entity_id: str) -> dict[str, str]:
    """Return the ids of an entity by key column, as text.

    Args:
        views: the feature views that may be read.
        entity: ``customer``, or ``customer|store`` for a composite key.
        entity_id: the id; those of a composite key are joined with ``|``, which stands as ``%7C``
            inside one of them, and ``%`` as ``%25``, as in Redis keys.
    """
    keys = next((view.entity for view in views if view.entity_name == entity), None)
    if keys is None:
        raise FeatureStoreError(
            f"there is no entity {entity!r}" + (f" in {views[0].label}" if len(views) == 1 else ""),
            allowed=near_names(entity, {view.entity_name for view in views}),
            next_step="name one of these entities; a key of two columns is written customer|store",
        )
    ids = [entity_id]
    if len(keys) > 1:
        parts = entity_id.split("|")
        ids = [part.replace("%7C", "|").replace("%25", "%") for part in parts]
    if len(ids) != len(keys):
        raise FeatureStoreError(
            f"id {entity_id!r} has {len(ids)} part" + ("s" if len(ids) > 1 else ""),
            allowed=f"{len(keys)}: {'|'.join(key.name for key in keys)}",
            next_step="quote the ids joined with |; a | inside an id is written %7C",
        )
    return {key.name: text for key, text in zip(keys, ids, strict=True)}
