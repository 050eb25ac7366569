"""The packed layout decoded by one call for all rows, in C.

Where a row is not usual (another schema, an infinite number, an error in its place), a decoder
returns None, and ``online/read/replies.py`` reads the rows again, to read them otherwise or to name
what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from feature_store.online.layout.decode import BAD_VALUE, read_times, value_reader
from feature_store.online.layout.hash_decoder import Columns, RowsDecoder
from feature_store.online.layout.packed import schema_id
from feature_store.online.layout.types import INTEGERS, TIMES, step_of, type_id
from feature_store.registry.definitions import Feature, FeatureView

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


def packed_decoder(view: FeatureView, positions: Sequence[int]) -> RowsDecoder | None:
    """Return the decoder of replies to GET: a view's rows, of which some features are read.

    None where a feature's type is nested.

    Args:
        view: the view.
        positions: of the features to read, among all of the view's.
    """
    bases = [type_id(feature.data_type) for feature in view.features]
    if not all(base in _DECODED or base in _TEXT for base in bases):
        return None
    # What is not read is checked by no type, as decimals would take most of the time.
    kinds = [
        _DECODED.get(base, str) | None if position in positions else Any
        for position, base in enumerate(bases)
    ]
    decode = msgspec.json.Decoder(list[tuple[(int, str | None, *kinds)]], strict=True).decode
    own = schema_id(view)
    absent = f"[{own},{','.join(['null'] * (1 + len(bases)))}]".encode()
    readers = [(2 + position, _reader(view.features[position])) for position in positions]

    def decoded(rows: Sequence[Any]) -> Columns | None:
        if not rows:
            return [], [[] for _ in readers]
        try:
            text = b",".join([absent if row is None else row for row in rows])
            schemas, times, *columns = zip(*decode(f"[{text.decode()}]"), strict=True)
            if len(schemas) != len(rows) or schemas.count(own) != len(rows):
                return None
            values = [read(columns[position - 2]) for position, read in readers]
            return read_times(times), values
        except BAD_VALUE:  # TypeError for an error in the place of a row
            return None

    return decoded


def _reader(feature: Feature) -> Callable[[Sequence[Any]], list[Any]]:
    """Return the function that finishes a feature's column of decoded elements."""
    base = type_id(feature.data_type)
    if base == "decimal":
        # A zero is written as 0, whatever the scale; null stays null.
        zero = Decimal(0).quantize(step_of(feature.data_type))
        return lambda column: [value or (value if value is None else zero) for value in column]
    if base in _DECODED:
        return list
    if base in TIMES:
        return read_times
    read = value_reader(feature.data_type, "packed")
    return lambda column: [None if value is None else read(value) for value in column]
