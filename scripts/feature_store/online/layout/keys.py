"""Redis keys, built alike in Python (for reading) and in SQL (for the export).

``fs:{customer:1029}:customer_purchases:v1``: the braces are Redis Cluster's hash tag and keep all
views of an entity in one slot. The ids of a composite key are joined with ``|``; characters of an
id that have a meaning in the key are percent-encoded.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any
from uuid import UUID

from feature_store.errors import FeatureStoreError
from feature_store.online.layout.types import INTEGERS, TIMES, text_sql, type_id
from feature_store.registry.definitions import Feature, FeatureView
from feature_store.warehouse.sql import identifier, literal

#: Percent first, so that nothing is encoded twice.
_ESCAPES = {"%": "%25", "|": "%7C", "{": "%7B", "}": "%7D", ":": "%3A"}
_ID_TYPES = INTEGERS | TIMES | {"varchar", "enum", "uuid", "boolean", "date"}


@dataclass(frozen=True)
class KeySpace:
    """The Redis keys of one project: all of them begin with its prefix.

    Attributes:
        prefix: letters, digits and ``_ . : -``, such as ``fs``.

    Raises:
        FeatureStoreError: the prefix has other characters, braces for instance, which would move
            the hash tag of the keys.
    """

    prefix: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_.:-]+", self.prefix):
            raise FeatureStoreError(
                f"FEATURE_STORE_PREFIX: {self.prefix!r}",
                allowed="letters, digits, _ . : -, such as fs",
                next_step="set FEATURE_STORE_PREFIX to such a prefix, or unset it",
            )

    def entity(self, view: FeatureView, ids: Sequence[Any]) -> str:
        """Return the key of one entity's features of one view."""
        entity_id = "|".join(id_text(key, one) for key, one in zip(view.entity, ids, strict=True))
        head, tail = self.around_id(view)
        return head + entity_id + tail

    def around_id(self, view: FeatureView) -> tuple[str, str]:
        """Return what stands before and after the entity's id in the keys of a view."""
        return f"{self.prefix}:{{{view.entity_name}:", f"}}:{view.label}"

    def entity_sql(self, view: FeatureView) -> str:
        """Return the SQL expression of the same key, over the view's entity columns."""
        head, tail = literal(f"{self.prefix}:{{"), literal(f"}}:{view.label}")
        return f"concat({head}, {hash_tag_sql(view)}, {tail})"

    def metadata(self, view: FeatureView) -> str:
        """Return the key of a view's export metadata (a hash)."""
        return f"{self.prefix}:meta:{view.label}"

    def schemas(self, view: FeatureView) -> str:
        """Return the key of a view's packed schemas (a hash: JSON by schema id)."""
        return f"{self.prefix}:schema:{view.label}"

    @property
    def project(self) -> str:
        """The key that holds the name of the project that owns the prefix (a string)."""
        return f"{self.prefix}:meta"

    @property
    def lock(self) -> str:
        """The key of the lock that an exporter holds (a string)."""
        return f"{self.prefix}:lock"


@cache
def key_space(prefix: str) -> KeySpace:
    """Return the keys of a prefix, which is checked once."""
    return KeySpace(prefix)


def id_text(key: Feature, value: Any) -> str:
    """Return one id of an entity in the form in which keys hold it.

    Args:
        key: the key column, for its type.
        value: the id: text, or a value of Python, numpy or pandas of the column's type.

    Raises:
        FeatureStoreError: the value is not of that type.
    """
    base = type_id(key.data_type)
    _require_id_type(key)
    try:
        text = _canonical_text(base, value)
        text.encode()
    except (ValueError, TypeError, OverflowError) as error:
        raise FeatureStoreError(
            f"{key.name} is {value!r}",
            allowed=key.data_type,
            next_step="give an id of this type, as the feature table has it",
        ) from error
    for character, code in _ESCAPES.items():
        text = text.replace(character, code)
    return text


def _require_id_type(key: Feature) -> None:
    if type_id(key.data_type) not in _ID_TYPES:
        raise FeatureStoreError(
            f"{key.name}: type {key.data_type!r} cannot be part of an online key",
            allowed="integers, varchar, enum, uuid, boolean, date, timestamp",
            next_step="cast the key column in the feature view to one of these types",
        )


def _canonical_text(base: str, value: Any) -> str:
    """Return the text that :func:`text_sql` writes for an equal value."""
    if base == "boolean":
        text = str(value).lower()  # of numpy's boolean too
        if text not in ("true", "false"):
            raise ValueError(value)
        return text
    if isinstance(value, bool):
        raise TypeError(value)
    if base in INTEGERS:
        if isinstance(value, str):
            # int() alone would accept 1_029, and digits of other scripts.
            if not re.fullmatch(r"[+-]?[0-9]+", value):
                raise ValueError(value)
            return str(int(value))
        return str(operator.index(value))
    if base in TIMES:
        return _time_text(value)
    if base == "date":
        return _date_text(value)
    if base == "uuid":
        return str(UUID(str(value)))
    return value[:] if isinstance(value, str) else str(operator.index(value))


def _time_text(value: Any) -> str:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if moment.tzinfo:
        moment = moment.astimezone(UTC)
    text = moment.replace(tzinfo=None, fold=0).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def _date_text(value: Any) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if moment.time() != time(0):
        raise ValueError(value)
    return moment.date().isoformat()


def hash_tag_sql(view: FeatureView) -> str:
    """Return the SQL expression of the text between a key's braces, ``customer:1029``."""
    parts = []
    for key in view.entity:
        _require_id_type(key)
        text = text_sql(key, identifier(key.name))
        if type_id(key.data_type) not in INTEGERS:
            for character, code in _ESCAPES.items():
                text = f"replace({text}, '{character}', '{code}')"
        parts.append(text)
    return f"concat({literal(view.entity_name + ':')}, " + ", '|', ".join(parts) + ")"
