"""SQL for hashes of rows, the same as of the macro in macros/shared/_row_hash.sql.

``bit_xor(hash(a, b))`` does not depend on ``b`` where an even number of rows has it.
``docs/decisions/row_hashes.md`` says which combinations are sound, and which values DuckDB's
``hash()`` does not distinguish.
"""

from __future__ import annotations

from collections.abc import Sequence

#: The types that ``hash()`` reads as one number or one sequence of bytes.
_AS_THEY_ARE = (
    r"(U?(TINY|SMALL|BIG)INT|U?INTEGER|DECIMAL\((1[0-8]|[1-9]),[0-9]+\)|BOOLEAN|VARCHAR|BLOB"
    r"|DATE|TIME|TIMESTAMP.*)"
)


def row_hash_sql(values: Sequence[str]) -> str:
    """Return the SQL expression of a row's hash, as the macro ``_row_hash`` does."""
    return f"hash(hash({', '.join(map(_value_hash_sql, values))}))"


def fingerprint_sql(values: Sequence[str]) -> str:
    """Return the SQL of an aggregate that is equal for the same rows in any order.

    Equal rows count each. The aggregate is text: the number of rows and the sum of their hashes.
    """
    return f"concat(count(*), ':', coalesce(sum({row_hash_sql(values)}), 0))"


def _value_hash_sql(value: str) -> str:
    return (
        f"case when regexp_full_match(typeof({value}), '{_AS_THEY_ARE}') then hash({value}) "
        f"when typeof({value}) in ('FLOAT', 'DOUBLE') "
        f"then hash({value}, {value} = 0 and signbit(try_cast({value} as double))) "
        f"else hash(cast(to_json({value}) as varchar)) end"
    )
