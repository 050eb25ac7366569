"""The columns that follow from the declaration of a feature view, with their descriptions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from feature_store.errors import FeatureStoreError
from feature_store.registry.definitions import RESERVED

_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}
#: An aggregate that is null only where no value is: of one column, which is the group.
_OF_COLUMN = re.compile(
    r"""(?i)\s*(?:sum|min|max|avg|median|mode|bool_and|bool_or|any_value|first|last)
    \s*\(\s*"?(\w+)"?\s*\)\s*(?:filter\b.*)?$""",
    re.X | re.S,
)
_FIXED = {
    "feature_time": "The row is valid from this time on (UTC), until the next of the same entity.",
    "known_at": "When the latest of the events that the row depends on was loaded (UTC).",
    "served_feature_time": "Feature time of the served row (UTC).",
    "served_known_at": "When the latest of the events behind the served row was loaded (UTC).",
    "served_from": "Served from this time on (UTC).",
    "served_until": "Served until this time (UTC); null if it is served now.",
}


@dataclass(frozen=True)
class Column:
    """A column of a feature view.

    Attributes:
        not_null: whether no row has a null in it.
        checks: the expected ``mean`` and ``stdev``, each as a pair, where they are declared.
    """

    name: str
    description: str
    not_null: bool
    checks: tuple[tuple[str, tuple[float, float]], ...] = ()


def window_phrase(window: str) -> str:
    """Return a window in words: ``the 28 days before feature_time``."""
    if window == "lifetime":
        return "all the time before feature_time"
    found = re.fullmatch(r"([0-9]+)([smhdw])", window)
    if not found:
        return f"{window} before feature_time"
    unit = _UNITS[found[2]]
    amount = unit if found[1] == "1" else f"{found[1]} {unit}s"
    return f"the {amount} before feature_time"


def described(name: str, feature: Mapping[str, Any], window: str | None) -> str:
    """Return the description of a feature.

    The window is put where the declared description has ``{window}``, or else at its end, before
    the unit; a description that names feature_time has its window in it.
    """
    words = name.removesuffix(f"_{window}").replace("_", " ")
    text = str(feature.get("description") or words[:1].upper() + words[1:]).strip().rstrip(".")
    if window is None and "{window}" in text:
        raise FeatureStoreError(
            f"the description of {name} has {{window}} in it, and its name ends with no window",
            allowed="{window} in descriptions of aggregates, and of derived features such as "
            "share_28d",
            next_step="write the window's length in words, or end the name with a window",
        )
    if window and "{window}" in text:
        text = text.replace("{window}", window_phrase(window))
    elif window and not re.search(r"\bfeature_time\b", text):
        text = f"{text} in {window_phrase(window)}"
    unit = feature.get("unit")
    return f"{text}, {unit}." if unit else f"{text}."


def documented(name: str, docs: frozenset[str], plain: str = "") -> str:
    """Return the ``doc()`` call of a name that the project has a doc block of, or plain text."""
    return f"{{{{ doc('{name}') }}}}" if name in docs else (plain or _FIXED[name])


def key_column(name: str, docs: frozenset[str]) -> Column:
    """Return a column of the entity."""
    words = name.removesuffix("_id").replace("_", " ")
    return Column(name, documented(name, docs, f"Key of the {words}."), True)


def _mapping(feature: Any) -> Mapping[str, Any]:
    return feature if isinstance(feature, dict) else {"sql": feature}


def _checks(feature: Mapping[str, Any]) -> tuple[tuple[str, tuple[float, float]], ...]:
    return tuple((kind, tuple(feature[kind])) for kind in ("mean", "stdev") if kind in feature)


def _is_never_null(feature: Mapping[str, Any], without_nulls: frozenset[str]) -> bool:
    """Return whether an aggregate is null in no row.

    ``empty`` is for windows without an event; the value of events may be null where their column
    may be. ``without_nulls`` holds the columns that are tested for nulls.
    """
    sql = str(feature.get("sql", ""))
    if re.match(r"(?i)\s*count\s*\(", sql):
        return True
    found = _OF_COLUMN.match(sql)
    return bool(found and feature.get("empty") is not None and found[1].lower() in without_nulls)


def features_of(
    declaration: Mapping[str, Any], without_nulls: frozenset[str] = frozenset()
) -> list[Column]:
    """Return the features that a declaration makes, by aggregate and window, then the derived."""
    columns = []
    windows = {str(window) for window in declaration.get("windows") or []}
    for name, given in (declaration.get("aggregates") or {}).items():
        feature = _mapping(given)
        never_null = _is_never_null(feature, without_nulls)
        own = [str(one) for one in feature.get("windows") or declaration.get("windows") or []]
        windows |= {*own}
        for window in dict.fromkeys(own):
            text = described(name, feature, window)
            columns.append(Column(f"{name}_{window}", text, never_null, _checks(feature)))
    for name, given in (declaration.get("derived") or {}).items():
        feature = _mapping(given)
        window = max((one for one in windows if name.endswith(f"_{one}")), key=len, default=None)
        columns.append(Column(name, described(name, feature, window), False, _checks(feature)))
    return columns


def columns_of(
    declaration: Mapping[str, Any],
    docs: frozenset[str],
    without_nulls: frozenset[str] = frozenset(),
) -> list[Column]:
    """Return all columns of a windowed view, in order.

    Args:
        declaration: the feature view.
        docs: names of doc blocks.
        without_nulls: the columns of the events, in lower case, that are tested for nulls.
    """
    first, last = (Column(name, documented(name, docs), True) for name in RESERVED)
    keys = [key_column(name, docs) for name in declaration["entity"]]
    return [*keys, first, *features_of(declaration, without_nulls), last]
