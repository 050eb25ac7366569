"""The packed layout: a row is one string, a JSON array; what its elements are is said once.

``[4711,"2017-12-31",4,120.5,null]``: the id of the row's schema, its feature time (ISO 8601, the
date alone at midnight), the features. The id is made of the features' names and types, so a row
that was written before they changed is not read by the new ones; ``fs:schema:<view>:v<n>`` keeps
each schema that rows may have. Every byte counts here: it is why one chooses this layout.
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
def schema_id(view: FeatureView) -> int:
    """Return the id of a view's schema: a number below 10,000, a hash of its names and types.

    Two schemas of a view may have the same; the export refuses to write the second.
    """
    columns = [[feature.name, feature.data_type] for feature in view.features]
    return int(hashlib.sha256(json.dumps(columns).encode()).hexdigest(), 16) % 10_000


def schema_json(view: FeatureView) -> str:
    """Return what the schema key holds of a view: names, SQL types and manifest hash."""
    return json.dumps(
        {
            "names": [feature.name for feature in view.features],
            "types": [feature.data_type for feature in view.features],
            "manifest_hash": view.definition_hash,
        }
    )


def same_columns(schema: str, other: str) -> bool:
    """Return whether two schemas, as the schema key holds them, have the same names and types."""
    one, two = json.loads(schema), json.loads(other)
    return all(one[part] == two[part] for part in ("names", "types"))


def row_sql(view: FeatureView) -> str:
    """Return the SQL expression of a row's array, over the columns of the served snapshot.

    Raises:
        FeatureStoreError: a feature is of a type that cannot be served.
    """
    time = "cast(feature_time as timestamp)"
    elements = [
        f"case when {time} = date_trunc('day', {time}) then "
        f"concat('\"', cast({time} as date), '\"') "
        f"else {json_sql(FEATURE_TIME, 'feature_time')} end"
    ]
    elements += [json_sql(feature, identifier(feature.name)) for feature in view.features]
    head = literal(f"[{schema_id(view)},")
    return f"concat({head}, " + ", ',', ".join(elements) + ", ']')"
