"""Random numbers in SQL that depend on a column alone: the same with every version of DuckDB.

DuckDB's own ``hash()`` may change, and MD5 takes 60 times as long as multiplying and folding twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

_SPAN = 2**32
_FACTORS = 2146121005, 2221713035


def below(share: float) -> int:
    """Return the bound that this share of all random numbers is below of."""
    return round(share * _SPAN)


def random_columns(drawn: Mapping[str, str], seed: int) -> str:
    """Return columns ``random_<name>``, bigints from 0 to 2³² - 1, one a line.

    Args:
        drawn: the column of whole numbers that decides a random number, by the name of the number;
            numbers of different names are independent.
        seed: another seed gives other numbers.
    """
    columns = []
    for name, column in drawn.items():
        # A product of two 32-bit numbers fits into 64 bits.
        mixed = f"xor({column}::ubigint, {crc32(f'{seed} {name}'.encode())}::ubigint)"
        for factor in _FACTORS:
            product = f"({mixed} * {factor} & {_SPAN - 1})"
            mixed = f"xor({product}, {product} >> 16)"
        columns.append(f"{mixed}::bigint as random_{name}")
    return ",\n        ".join(columns)
