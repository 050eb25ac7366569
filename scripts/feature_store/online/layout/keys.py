"""Redis keys, made alike in Python (for reading) and in SQL (for the export).

``fs:{customer:1029}:customer_purchases:v1``: the braces are Redis Cluster's hash tag and keep all
views of an entity in one slot. The ids of a composite key are joined with ``|``; what would be
taken for syntax inside an id is percent-encoded.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from feature_store.errors import FeatureStoreError
from feature_store.online.layout.types import INTEGERS, TIMES, text_sql, type_id
from feature_store.registry.definitions import Feature, FeatureView
from feature_store.warehouse.sql import identifier, literal

#: Percent first, so that nothing is encoded twice.
_ESCAPES = {"%": "%25", "|": "%7C", "{": "%7B", "}": "%7D", ":": "%3A"}
_ID_TYPES = INTEGERS | TIMES | {"varchar", "enum", "uuid", "boolean", "date"}


def check_prefix(prefix: str) -> None:
    """Refuse a prefix that would move the braces of the keys, or that cannot be read.

    Raises:
        FeatureStoreError: the prefix has other characters than letters, digits and ``_ . : -``.
    """
    if not re.fullmatch(r"[A-Za-z0-9_.:-]+", prefix):
        raise FeatureStoreError(
            f"FEATURE_STORE_PREFIX: {prefix!r}", allowed="letters, digits, _ . : -, such as fs"
        )


def id_text(key: Feature, value: Any) -> str:
    """Return one id of an entity as it stands in a key.

    Args:
        key: the key column, for its type.
        value: the id; text, Python's, numpy's and pandas' values of the column's type are taken.

    Raises:
        FeatureStoreError: the value is no id of that type.
    """
    base = type_id(key.data_type)
    _require_id_type(key)
    try:
        text = _canonical_text(base, value)
        text.encode()
    except (ValueError, TypeError, OverflowError) as error:
        raise FeatureStoreError(f"{key.name} is {value!r}", allowed=key.data_type) from error
    for character, code in _ESCAPES.items():
        text = text.replace(character, code)
    return text


def _require_id_type(key: Feature) -> None:
    if type_id(key.data_type) not in _ID_TYPES:
        raise FeatureStoreError(
            f"{key.name}: type {key.data_type!r} cannot be part of an online key",
            allowed="integers, varchar, enum, uuid, boolean, date, timestamp",
        )


def _canonical_text(base: str, value: Any) -> str:
    """Return the text that :func:`text_sql` writes for an equal value.

    Raises:
        ValueError, TypeError, OverflowError: there is no equal value of that type.
    """
    if base == "boolean":
        text = str(value).lower()  # numpy has a boolean of its own
        if text not in ("true", "false"):
            raise ValueError(value)
        return text
    if isinstance(value, bool):
        raise TypeError(value)
    if base in INTEGERS:
        if isinstance(value, str):
            # int() alone would take 1_029 and digits of every script.
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


def entity_key(prefix: str, view: FeatureView, ids: Sequence[Any]) -> str:
    """Return the key of one entity's features of one view.

    Raises:
        FeatureStoreError: an id is not of its column's type.
    """
    head, tail = around_id(prefix, view)
    return head + entity_id(view, ids) + tail


def entity_id(view: FeatureView, ids: Sequence[Any]) -> str:
    """Return an entity's id as it stands in a key, the parts of a composite one joined.

    Raises:
        FeatureStoreError: an id is not of its column's type.
    """
    return "|".join(id_text(key, value) for key, value in zip(view.entity, ids, strict=True))


def around_id(prefix: str, view: FeatureView) -> tuple[str, str]:
    """Return what stands before and behind the entity's id in the keys of a view."""
    return f"{prefix}:{{{view.entity_name}:", f"}}:{view.label}"


def hash_tag_sql(view: FeatureView) -> str:
    """Return the SQL expression of what stands between a key's braces, ``customer:1029``.

    Raises:
        FeatureStoreError: a key column is of a type that has no one text for equal values.
    """
    parts = []
    for key in view.entity:
        _require_id_type(key)
        text = text_sql(key, identifier(key.name))
        if type_id(key.data_type) not in INTEGERS:
            for character, code in _ESCAPES.items():
                text = f"replace({text}, '{character}', '{code}')"
        parts.append(text)
    return f"concat({literal(view.entity_name + ':')}, " + ", '|', ".join(parts) + ")"


def entity_key_sql(prefix: str, view: FeatureView) -> str:
    """Return the SQL expression of the same key, over the view's entity columns.

    Raises:
        FeatureStoreError: a key column is of a type that has no one text for equal values.
    """
    head, tail = literal(f"{prefix}:{{"), literal(f"}}:{view.label}")
    return f"concat({head}, {hash_tag_sql(view)}, {tail})"


def metadata_key(prefix: str, view: FeatureView) -> str:
    """Return the key of a view's export metadata (a hash)."""
    return f"{prefix}:meta:{view.label}"


def project_key(prefix: str) -> str:
    """Return the key that says which project owns the prefix (a string)."""
    return f"{prefix}:meta"


def lock_key(prefix: str) -> str:
    """Return the key of the lock that an exporter holds (a string)."""
    return f"{prefix}:lock"
