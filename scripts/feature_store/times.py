"""Reads times from ISO 8601 text, as UTC where no zone is given."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from feature_store.errors import FeatureStoreError

#: A fraction of a second that datetime would cut.
_FINER = re.compile(r"[.,]\d{6}\d*[1-9]")


def read_time(option: str, text: str) -> datetime:
    """Read a date or a time in ISO 8601; without a zone it is UTC."""
    if _FINER.search(text):
        raise FeatureStoreError(
            f"{option}: {text!r} has parts of a microsecond",
            allowed="times to the microsecond",
            next_step="cut the digits behind the sixth decimal place",
        )
    try:
        return as_utc(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError) as error:
        raise FeatureStoreError(
            f"{option}: {text!r} is not a valid time",
            allowed="2017-06-15, '2017-06-15 13:00:00' (UTC), 2017-06-15T13:00:00+02:00",
            next_step="write it as one of these",
        ) from error


def as_utc(time: datetime) -> datetime:
    """Return a time in UTC, with its zone; a time without a zone is UTC."""
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
