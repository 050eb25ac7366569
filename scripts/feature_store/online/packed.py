"""The packed layout: a row is one string, a JSON array; what its elements are is said once.

``["3f9a01","2017-12-31T20:00:00Z",4,"120.50",null]``: the id of the row's schema, its feature
time, the features. The id is made of the features' names and types, so a row that was written
before they changed is never read by the new ones; ``fs:schema:<view>:v<n>`` keeps each schema that
rows may have.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache

from feature_store.definitions import FeatureView
from feature_store.online.values import FEATURE_TIME, json_sql
from feature_store.raw.sql import identifier, literal

#: Parses an array without losing a digit of a decimal; see ``values.json_reader``.
parse = json.JSONDecoder(parse_float=str).decode


def schema_key(prefix: str, view: FeatureView) -> str:
    """Return the key of a view's schemas (a hash: JSON by schema id)."""
    return f"{prefix}:schema:{view.label}"


@cache
def schema_id(view: FeatureView) -> str:
    """Return the id of a view's schema: six hexadecimal digits of its names and types."""
    columns = [[feature.name, feature.data_type] for feature in view.features]
    return hashlib.sha256(json.dumps(columns).encode()).hexdigest()[:6]


def schema_json(view: FeatureView) -> str:
    """Return what the schema key holds of a view: names, SQL types and manifest hash."""
    return json.dumps(
        {
            "names": [feature.name for feature in view.features],
            "types": [feature.data_type for feature in view.features],
            "manifest_hash": view.definition_hash,
        }
    )


def row_sql(view: FeatureView) -> str:
    """Return the SQL expression of a row's array, over the columns of the served snapshot.

    Raises:
        FeatureStoreError: a feature is of a type that cannot be served.
    """
    elements = [json_sql(FEATURE_TIME, "feature_time")]
    elements += [json_sql(feature, identifier(feature.name)) for feature in view.features]
    head = literal(f'["{schema_id(view)}",')
    return f"concat({head}, " + ", ',', ".join(elements) + ", ']')"
