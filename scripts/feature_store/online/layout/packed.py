"""The packed layout: each row is one string, a JSON array, whose schema is stored once a view.

``[4711,"2017-12-31",4,120.5,null]``: the id of the row's schema, its feature time (ISO 8601, the
date alone at midnight), the features. The id is a hash of the features' names and types, so a row
that was written before they changed is not read with the new ones; ``fs:schema:<view>:v<n>`` keeps
each schema that rows may have. The layout is for the least memory: no name or byte is repeated.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec

from feature_store.online.layout.types import (
    FEATURE_TIME,
    INTEGERS,
    TIMES,
    json_sql,
    step_of,
    type_id,
)
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


#: The Python types of elements that need no conversion after the decoder.
_DECODED = dict.fromkeys(INTEGERS, int) | {
    "boolean": bool,
    "decimal": Decimal,
    "double": float,
    "float": float,
    "varchar": str,
    "enum": str,
}
#: Types whose elements are text that is converted after the decoder.
_TEXT = TIMES | {"date", "uuid", "json"}

#: Takes replies, None for a missing row, and returns columns: schema ids, feature times (text),
#: features; or None where a row is not of the view's own schema.
RowDecoder = Callable[[Sequence[str | None]], list[Sequence[Any]] | None]


def is_decoded(data_type: str) -> bool:
    """Return whether a decoder's column of a type holds values that need no conversion."""
    return type_id(data_type) in _DECODED


@cache
def row_decoder(view: FeatureView) -> RowDecoder | None:
    """Return the decoder of a view's rows; None where a feature's type is nested."""
    bases = [type_id(feature.data_type) for feature in view.features]
    if not all(base in _DECODED or base in _TEXT for base in bases):
        return None
    kinds = [_DECODED.get(base, str) | None for base in bases]
    decode = msgspec.json.Decoder(list[tuple[(int, str | None, *kinds)]], strict=True).decode
    own = schema_id(view)
    absent = f"[{own},{','.join(['null'] * (1 + len(bases)))}]"
    zeros = {
        2 + position: Decimal(0).quantize(step_of(feature.data_type))
        for position, feature in enumerate(view.features)
        if bases[position] == "decimal"
    }

    def decoded(replies: Sequence[str | None]) -> list[Sequence[Any]] | None:
        try:
            rows = ",".join([absent if reply is None else reply for reply in replies])
            found = decode(f"[{rows}]")
        except (msgspec.MsgspecError, TypeError):  # a bad row, or an error reply
            return None
        if not found:
            return [()] * (2 + len(bases))
        columns: list[Sequence[Any]] = [*zip(*found, strict=True)]
        if columns[0].count(own) != len(found):
            return None
        for position, zero in zeros.items():
            column = columns[position]
            # A zero is written as 0, whatever the scale; null stays null.
            columns[position] = [value or (value if value is None else zero) for value in column]
        return columns

    return decoded
