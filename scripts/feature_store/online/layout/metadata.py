"""The metadata of a view in the online store: the hash ``<prefix>:meta:<view>:v<n>``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote

from feature_store.online.layout.types import FEATURE_TIME
from feature_store.registry.definitions import FeatureView

#: Listed by ``held`` in the place of field names for rows in the packed layout.
PACKED = "(packed)"


def iso(time: datetime | None) -> str:
    """Return a time (UTC, without zone) as ISO 8601, nothing for None."""
    return f"{time.isoformat()}Z" if time else ""


def joined_names(names: Iterable[str]) -> str:
    """Return names of fields joined by commas, as ``held`` has them; a comma in one is ``%2C``."""
    return ",".join(sorted(name.replace("%", "%25").replace(",", "%2C") for name in names))


def held_names(view: FeatureView) -> frozenset[str]:
    """Return the names of the fields of a view's keys, or ``PACKED``."""
    if view.layout == "packed":
        return frozenset([PACKED])
    return frozenset([*(feature.name for feature in view.features), FEATURE_TIME.name])


def _read_time(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None) if text else None
    except ValueError:
        return None  # another program wrote it: then nothing is known


@dataclass(frozen=True)
class Metadata:
    """The metadata of one view: its hash, which is empty for a view that was never exported."""

    fields: Mapping[str, str]

    @property
    def watermark(self) -> datetime | None:
        """The time (UTC) up to which all rows that the snapshot recorded are online."""
        return _read_time(self.fields.get("watermark"))

    @property
    def as_of(self) -> datetime | None:
        """The time (UTC) that the exported rows are the features of."""
        return _read_time(self.fields.get("as_of"))

    @property
    def ttl_set_from(self) -> datetime | None:
        """The time (UTC, the server's clock) after which the TTL of every key was set."""
        return _read_time(self.fields.get("lives_from"))

    @property
    def sending_watermark(self) -> datetime | None:
        """The watermark (UTC) that an export which was not completed would have written."""
        _, _, rest = self.fields.get("sending", "").partition(" ")
        return _read_time(rest.partition(" ")[0])

    @property
    def held(self) -> frozenset[str]:
        """The names of fields that keys may hold, and ``PACKED``."""
        listed = self.fields.get("held", "").split(",")
        return frozenset(unquote(name) for name in listed) - {""}
