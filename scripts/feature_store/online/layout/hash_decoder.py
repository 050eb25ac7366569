"""The hash layout decoded column by column from the bytes of replies, mostly in C.

Where a value cannot be read, or an error stands in the place of a row, a decoder returns None, and
``online/read/replies.py`` reads the rows again value by value, to find and name it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec

from feature_store.online.layout.decode import BAD_VALUE, NUMBERS, value_reader
from feature_store.online.layout.types import FEATURE_TIME, TIMES, reader, type_id
from feature_store.registry.definitions import Feature

#: Feature times (UTC), and for each feature its values; one a row, None where there is none.
Columns: TypeAlias = tuple[list[datetime | None], list[list[Any]]]
#: Reads replies as they came, None for a row that does not exist; or returns None, see above.
RowsDecoder: TypeAlias = Callable[[Sequence[Any]], Columns | None]

_read_time_text = reader(FEATURE_TIME)


@lru_cache(maxsize=4096)
def _read_time(text: bytes) -> datetime:
    """Read a time; cached, as many entities have the same feature time."""
    return _read_time_text(text.decode())


def read_raw_times(column: Sequence[bytes | None]) -> list[datetime | None]:
    """Read a column of times; a text that is none raises ``BAD_VALUE``."""
    return [None if text is None else _read_time(text) for text in column]


def hash_decoder(features: Sequence[Feature]) -> RowsDecoder:
    """Return the decoder of replies to HMGET: the texts of some features, then the feature time."""
    bases = [type_id(feature.data_type) for feature in features]
    numbers = [position for position, base in enumerate(bases) if base in NUMBERS]
    readers = [_column_reader(feature.data_type) for feature in features]
    others = [position for position in range(len(features)) if position not in numbers]
    kinds = [list[NUMBERS[bases[position]] | None] for position in numbers]
    # One call for all numbers, as a call costs as much as twenty of them.
    decode = msgspec.json.Decoder(tuple[tuple(kinds)]).decode if kinds else None

    def decoded(rows: Sequence[Any]) -> Columns | None:
        if not rows:
            return [], [[] for _ in features]
        try:
            *columns, times = zip(*rows, strict=True)
            values: list[Any] = [None] * len(features)
            positions = others
            if decode:
                texts = [_number_texts(columns[position]) for position in numbers]
                found = decode(b"[[%b]]" % b"],[".join([text or b"" for text in texts]))
                for position, column in zip(numbers, found, strict=True):
                    values[position] = column
                if None in texts:
                    odd = zip(numbers, texts, strict=True)
                    positions = others + [position for position, text in odd if text is None]
            for position in positions:
                values[position] = readers[position](columns[position])
            if {*map(len, values)} != {len(rows)}:
                return None
            return read_raw_times(times), values
        except BAD_VALUE:
            return None

    return decoded


def _number_texts(column: Sequence[bytes | None]) -> bytes | None:
    """Return a column of numbers as the elements of a JSON array.

    None where a text has an n, as ``nan``, ``inf`` and ``null`` have, which are no JSON numbers.
    """
    try:
        text, nulls = b",".join(column), 0
    except TypeError:
        text = b",".join([b"null" if one is None else one for one in column])
        nulls = column.count(None)
    return text if text.count(b"n") == nulls else None


def _column_reader(data_type: str) -> Callable[[Sequence[bytes | None]], list[Any]]:
    """Return the function that reads a column value by value."""
    base = type_id(data_type)
    if base in TIMES:
        return read_raw_times
    if base in ("varchar", "enum"):
        return lambda column: [None if text is None else text.decode() for text in column]
    read = value_reader(data_type, "hash")
    return lambda column: [None if text is None else read(text.decode()) for text in column]
