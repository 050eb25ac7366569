"""Decoding packed rows straight into values of their types, many rows at once.

Parsing JSON and then making decimals and doubles of texts takes two passes in Python; msgspec
does both in one. It decodes only what is exactly as the export writes it; anything else (a row of
another schema, an infinite number, a foreign value) is left to the general way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec

from feature_store.definitions import FeatureView
from feature_store.online.packed import schema_id
from feature_store.online.values import INTEGERS, TIMES, step_of, type_id

#: Python's types of elements that come out of the decoder as they are served.
_DECODED = dict.fromkeys(INTEGERS, int) | {
    "boolean": bool,
    "decimal": Decimal,
    "double": float,
    "float": float,
    "varchar": str,
    "enum": str,
}
#: Types whose elements are text, which is read afterwards.
_TEXT = TIMES | {"date", "uuid", "json"}

#: Takes replies, None for a row that is not there, and returns columns: schema ids, feature times
#: (text), features; or None where a row is not what the view's own schema says.
RowDecoder = Callable[[Sequence[str | None]], list[Sequence[Any]] | None]


def is_decoded(data_type: str) -> bool:
    """Return whether a decoder's column of a type holds values, not what is still to be read."""
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
        rows = ",".join([absent if reply is None else reply for reply in replies])
        found = decode(f"[{rows}]")
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

    def decoded_or_none(replies: Sequence[str | None]) -> list[Sequence[Any]] | None:
        try:
            return decoded(replies)
        except (msgspec.MsgspecError, TypeError):
            return None

    return decoded_or_none
