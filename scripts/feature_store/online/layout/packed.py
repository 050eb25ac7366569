"""The packed layout: each row is one string, a JSON array, whose schema is stored once a view.

``[4711,"2017-12-31",4,120.5,null]``: the id of the row's schema, its feature time (ISO 8601, the
date alone at midnight), the features. The id is a hash of the features' names and types, so a row
that was written before they changed is not read with the new ones; ``fs:schema:<view>:v<n>`` keeps
each schema that rows may have. The layout is for the least memory: no name or byte is repeated.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache

from feature_store.online.layout.types import FEATURE_TIME, json_sql
from feature_store.registry.definitions import FeatureView
from feature_store.warehouse.sql import identifier, literal

#: Parses an array without losing a digit of a decimal; see ``types.json_reader``.
parse = json.JSONDecoder(parse_float=str).decode


@cache
def schema_id(view: FeatureView) -> int:
    """Return the id of a view's schema: a number below 10,000, a hash of its names and types.

    Two schemas of a view may have the same; the export refuses to write the second.
    """
    columns = [[feature.name, feature.data_type] for feature in view.features]
    return int(hashlib.sha256(json.dumps(columns).encode()).hexdigest(), 16) % 10_000


def schema_json(view: FeatureView) -> str:
    """Return a view's schema as the schema key holds it: names, SQL types and manifest hash."""
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
    """Return the SQL expression of a row's array, over the columns of the served snapshot."""
    time = "cast(feature_time as timestamp)"
    elements = [
        f"case when {time} = date_trunc('day', {time}) then "
        f"concat('\"', cast({time} as date), '\"') "
        f"else {json_sql(FEATURE_TIME, 'feature_time')} end"
    ]
    elements += [json_sql(feature, identifier(feature.name)) for feature in view.features]
    head = literal(f"[{schema_id(view)},")
    return f"concat({head}, " + ", ',', ".join(elements) + ", ']')"
