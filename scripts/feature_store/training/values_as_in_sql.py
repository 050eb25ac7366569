"""Converts Python values as the SQL of the encodings does: to doubles, and to category texts."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from feature_store.errors import FeatureStoreError

#: Doubles represent every whole number up to here; beyond, SQL types round differently.
_WHOLE = 2**53


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") and hasattr(value, "dtype") else value


def number(column: str, value: Any) -> float | None:
    """Return a number as the double that SQL casts it to."""
    value = _plain(value)
    if value is None:
        return None
    is_number = isinstance(value, (bool, int, float, Decimal))
    if (
        not is_number
        or not math.isfinite(value)
        or (isinstance(value, int) and abs(value) > _WHOLE)
    ):
        raise FeatureStoreError(
            f"{column} is {value!r}",
            allowed="a finite number (a whole one up to 2^53), a boolean, None where it is missing",
            next_step="convert the value first",
        )
    return float(value)


def category_text(column: str, value: Any) -> str | None:
    """Return the text of a category in SQL."""
    value = _plain(value)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, UUID)) or (
        isinstance(value, date) and not isinstance(value, datetime)
    ):
        return str(value)
    raise FeatureStoreError(
        f"{column} is {value!r}",
        allowed="a text, a whole number, a boolean, a date, a uuid, or None where it is missing",
        next_step="convert the value first",
    )


def one_hot_columns(column: str, categories: Sequence[Any]) -> dict[str, str]:
    """Return the text of each category by the name that ``one_hot`` gives its column."""
    named: dict[str, str] = {}
    if isinstance(categories, str) or not categories:
        raise FeatureStoreError(
            f"categories of {column}: {categories!r}",
            allowed="a list of categories",
            next_step="pass a list with at least one",
        )
    for category in categories:
        text = category_text(column, category) or ""
        slug = re.sub(r"[\W_]+", "_", text.lower()).strip("_")
        name = f"{column}_is_{slug}"
        if not slug or slug == "other" or name in named:
            raise FeatureStoreError(
                f"categories of {column}: {category!r} would be {name}",
                allowed="categories with a letter or digit whose names differ, none of them other",
                next_step="leave this one out; it counts as other",
            )
        named[name] = text
    return named
