"""What the command lines take: an entity with its id, and a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from feature_store.definitions import FeatureView
from feature_store.errors import FeatureStoreError, near_names

#: A fraction of a second that datetime would cut.
_FINER = re.compile(r"[.,]\d{6}\d*[1-9]")


def read_time(option: str, text: str) -> datetime:
    """Read a date or a time; without a zone it is UTC.

    Args:
        option: its name, for the error.
        text: ISO 8601, such as ``2017-06-15`` or ``2017-06-15T13:00:00+02:00``.

    Raises:
        FeatureStoreError: it is no time, or finer than a microsecond.
    """
    if _FINER.search(text):
        raise FeatureStoreError(
            f"{option}: {text!r} has parts of a microsecond", allowed="times to the microsecond"
        )
    try:
        return as_utc(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError) as error:
        raise FeatureStoreError(
            f"{option}: {text!r} is no time",
            allowed="2017-06-15, '2017-06-15 13:00:00' (UTC), 2017-06-15T13:00:00+02:00",
        ) from error


def as_utc(time: datetime) -> datetime:
    """Return a time in UTC, with its zone; a time without a zone is UTC."""
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


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


def read_sample(option: str, text: str, *, least: int = 1) -> int | None:
    """Return how many entities to take; None for all of them.

    Args:
        option: its name, for the error.
        text: a number, or ``all``.
        least: the smallest number.

    Raises:
        FeatureStoreError: it is neither, or too small.
    """
    if text == "all":
        return None
    if text.isascii() and text.isdecimal() and int(text) >= least:
        return int(text)
    number = "a number of entities" + (f", {least} or more" if least else "")
    raise FeatureStoreError(f"{option}: {text!r}", allowed=f"{number}, or all")


def read_interval(start: str | None, end: str | None) -> tuple[datetime | None, datetime | None]:
    """Read ``--start`` and ``--end`` as naive UTC; None for one that was not given.

    Raises:
        FeatureStoreError: one of them is no time, or they are no interval.
    """
    times = [
        read_time(option, text).replace(tzinfo=None) if text is not None else None
        for option, text in (("--start", start), ("--end", end))
    ]
    if times[0] and times[1] and times[0] >= times[1]:
        raise FeatureStoreError(
            f"--start {start} is not before --end {end}",
            allowed="an interval with start < end; the end is not part of it",
        )
    return times[0], times[1]
